"""Pickles: a symbolic machine, and what surrounds a pickle in a file."""
