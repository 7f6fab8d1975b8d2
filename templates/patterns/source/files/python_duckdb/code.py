"""Placeholder of files."""
