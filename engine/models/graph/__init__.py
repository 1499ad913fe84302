"""Networks that pass messages along the edges of a graph."""
