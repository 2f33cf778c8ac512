"""One file, one run: reads a study, walks the chain, keeps the result."""
