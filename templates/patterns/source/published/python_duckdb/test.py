"""Placeholder of the proofs of published."""
