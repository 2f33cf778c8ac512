"""What was really drawn: meters and logs of meters, read as energy windows. Joules at a stated boundary."""
