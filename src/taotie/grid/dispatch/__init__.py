"""Which units run, and at what price."""
