"""Measures taken on models: traces, attributions, costs."""
