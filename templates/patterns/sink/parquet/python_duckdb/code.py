"""Placeholder of parquet."""
