"""product_catalogue: 1 data pipeline."""
