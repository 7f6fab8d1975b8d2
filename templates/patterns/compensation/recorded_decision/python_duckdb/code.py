"""Placeholder of recorded_decision."""
