"""One module per kind of example, each with `write(root)`; `tools/make_examples.py` runs them all."""
