"""One-stage detectors."""
