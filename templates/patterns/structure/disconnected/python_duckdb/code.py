"""Placeholder of disconnected."""
