"""Placeholder of the proofs of full_snapshot."""
