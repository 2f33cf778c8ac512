"""A service simulated: batching, routing, power."""
