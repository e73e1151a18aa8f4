"""Decoding of its own."""
