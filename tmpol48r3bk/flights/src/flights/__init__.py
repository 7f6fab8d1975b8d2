"""flights: 1 data pipeline."""
