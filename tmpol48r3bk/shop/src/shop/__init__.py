"""shop: 4 data pipelines."""
