"""Power flow and outages."""
