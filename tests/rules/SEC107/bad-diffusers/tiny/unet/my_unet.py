"""A network of its own."""
