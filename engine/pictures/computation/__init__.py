"""Computations as layered graphs, with what flows forward and what flows back."""
