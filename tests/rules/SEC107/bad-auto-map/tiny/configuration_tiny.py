"""The configuration of a tiny model."""
