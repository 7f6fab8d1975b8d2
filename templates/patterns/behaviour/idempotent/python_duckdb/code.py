"""Placeholder of idempotent."""
