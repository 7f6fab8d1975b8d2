"""Placeholder of the proofs of lookback."""
