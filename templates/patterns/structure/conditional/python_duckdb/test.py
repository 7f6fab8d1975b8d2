"""Placeholder of the proofs of conditional."""
