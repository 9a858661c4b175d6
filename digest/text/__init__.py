"""What listings are written in: markup and LaTeX to clean text, clean text to sentences and tokens."""
