"""Energy of a request: bytes, operations, seconds and joules."""
