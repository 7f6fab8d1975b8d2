"""Placeholder of lookback."""
