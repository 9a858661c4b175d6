"""Where papers are announced: one module a source, one shared polite client, and httpx nowhere else."""
