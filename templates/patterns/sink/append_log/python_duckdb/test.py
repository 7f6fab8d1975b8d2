"""Placeholder of the proofs of append_log."""
