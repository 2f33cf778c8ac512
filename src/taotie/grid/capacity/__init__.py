"""How much new load each bus takes."""
