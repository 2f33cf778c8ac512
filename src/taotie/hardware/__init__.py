"""What a machine can do and draws: datasheet facts only."""
