"""Matrices of numbers to edit."""
