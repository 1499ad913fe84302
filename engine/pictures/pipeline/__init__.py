"""All layers of a network, from its input to its answer."""
