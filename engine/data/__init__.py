"""Seeded generators and bundled real sets, one subject a file."""
