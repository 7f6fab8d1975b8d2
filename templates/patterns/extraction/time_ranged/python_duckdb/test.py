"""Placeholder of the proofs of time_ranged."""
