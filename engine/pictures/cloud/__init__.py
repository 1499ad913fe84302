"""Points that move."""
