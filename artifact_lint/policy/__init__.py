"""Policy: what pickles may import and what registries accept as names, as reviewable data and its loader."""
