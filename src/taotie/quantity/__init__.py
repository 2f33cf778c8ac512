"""What is a number here? A `Figure`: samples, unit, boundary, kind, source, and the figures it came from."""
