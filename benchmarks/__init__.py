"""What the figures in docs/decisions.md are measured with. `python -m benchmarks [NAME ...]` runs them."""
