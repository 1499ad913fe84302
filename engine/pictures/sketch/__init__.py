"""Empty pictures on which a reader draws what they expect."""
