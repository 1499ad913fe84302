"""Backpropagation: a computation forward and backward, one node at a time."""
