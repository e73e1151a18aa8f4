"""A model from code."""
