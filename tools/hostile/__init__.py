"""The hostile corpus: bad model files put together from bytes, by family. None is ever loaded."""
