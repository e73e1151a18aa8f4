"""The pages that make_docs.py writes."""
