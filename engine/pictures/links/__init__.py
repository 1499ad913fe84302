"""Lines between tokens."""
