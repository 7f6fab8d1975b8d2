"""Placeholder of time_ranged."""
