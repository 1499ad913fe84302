"""The McCulloch-Pitts neuron, two layers of them, and the perceptron rule."""
