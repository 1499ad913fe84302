"""A plane with axes: fields, contours, curves, paths, borders, points, and things to drag."""
