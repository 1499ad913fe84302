"""Shares as horizontal bars."""
