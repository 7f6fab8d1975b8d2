"""Placeholder of self_healing."""
