"""Regularisation: what keeps a network from learning by heart."""
