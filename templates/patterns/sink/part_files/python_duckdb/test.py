"""Placeholder of the proofs of part_files."""
