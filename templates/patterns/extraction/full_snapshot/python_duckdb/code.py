"""Placeholder of full_snapshot."""
