"""What readers bring: pictures, digits, graphs, weights."""
