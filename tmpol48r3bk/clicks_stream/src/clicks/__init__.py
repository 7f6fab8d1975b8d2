"""clicks: 1 data pipeline."""
