"""Matrices of pixels side by side."""
