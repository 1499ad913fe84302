"""Training loops that yield what they see."""
