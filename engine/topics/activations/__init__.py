"""Activations: what a bend in every unit does to signals and gradients on their way through many layers."""
