"""Placeholder of the proofs of file_ledger."""
