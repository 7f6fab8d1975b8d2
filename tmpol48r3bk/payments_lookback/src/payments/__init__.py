"""payments: 1 data pipeline."""
