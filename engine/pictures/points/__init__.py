"""Points in the plane, to look at or to edit."""
