"""bank: 2 data pipelines."""
