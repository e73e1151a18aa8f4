"""Reads the churn model."""
