"""Placeholder of append_log."""
