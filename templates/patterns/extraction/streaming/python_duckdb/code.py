"""Placeholder of streaming."""
