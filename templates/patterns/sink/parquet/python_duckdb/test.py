"""Placeholder of the proofs of parquet."""
