"""Placeholder of the proofs of dedupe_key."""
