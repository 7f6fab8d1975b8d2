"""Placeholder of the proofs of recorded_decision."""
