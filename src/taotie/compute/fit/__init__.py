"""Fits to measured runs, and how far they miss."""
