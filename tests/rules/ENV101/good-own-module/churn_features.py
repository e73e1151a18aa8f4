class LogTransformer:
    """The logarithm of a column."""
