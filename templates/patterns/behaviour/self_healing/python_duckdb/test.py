"""Placeholder of the proofs of self_healing."""
