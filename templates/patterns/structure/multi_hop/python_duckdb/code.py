"""Placeholder of multi_hop."""
