"""One architecture a file, shapes in comments, taps inside."""
