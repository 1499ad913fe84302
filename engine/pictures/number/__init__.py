"""One number to edit."""
