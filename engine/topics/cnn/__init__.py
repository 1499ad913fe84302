"""Inside a CNN."""
