"""Neuron and perceptron."""
