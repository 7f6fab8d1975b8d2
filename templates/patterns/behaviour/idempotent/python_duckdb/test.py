"""Placeholder of the proofs of idempotent."""
