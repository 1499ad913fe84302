"""Points in space, to turn."""
