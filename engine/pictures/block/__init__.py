"""A block of samples, channels and places."""
