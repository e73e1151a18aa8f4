"""artifact-lint: a linter for machine-learning model artifacts."""

__version__ = "0.1.0"
