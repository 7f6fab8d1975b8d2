"""Placeholder of dedupe_key."""
