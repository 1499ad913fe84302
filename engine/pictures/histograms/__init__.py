"""Many distributions side by side."""
