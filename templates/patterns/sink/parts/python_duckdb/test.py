"""Placeholder of the proofs of parts."""
