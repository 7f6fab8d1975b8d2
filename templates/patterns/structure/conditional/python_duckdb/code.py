"""Placeholder of conditional."""
