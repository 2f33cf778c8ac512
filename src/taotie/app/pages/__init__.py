"""Pages: what a person reads."""
