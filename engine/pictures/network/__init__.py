"""Networks as columns of neuron maps, joined by weights."""
