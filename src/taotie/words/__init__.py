"""What is said to a person, in two languages."""
