"""Energy of training runs."""
