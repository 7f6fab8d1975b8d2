"""Placeholder of duckdb."""
