"""Placeholder of the proofs of files."""
