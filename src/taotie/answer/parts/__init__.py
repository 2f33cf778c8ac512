"""What do pages and pictures take from the rooms? Types, words and drawings, handed through: a door imports nothing deeper."""
