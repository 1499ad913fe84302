"""The MLP playground."""
