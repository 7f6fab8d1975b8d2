"""Placeholder of published."""
