"""Placeholder of the proofs of duckdb."""
