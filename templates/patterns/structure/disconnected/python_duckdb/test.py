"""Placeholder of the proofs of disconnected."""
