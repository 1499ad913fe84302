"""What each page lets a reader do, one folder a topic."""
