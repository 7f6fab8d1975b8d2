"""Placeholder of the proofs of multi_hop."""
