"""Training dynamics."""
