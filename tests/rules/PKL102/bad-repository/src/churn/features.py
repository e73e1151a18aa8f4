class LogTransformer:
    offset = 1
