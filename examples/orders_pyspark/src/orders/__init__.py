"""orders: 1 data pipeline."""
