"""Placeholder of the proofs of streaming."""
