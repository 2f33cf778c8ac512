"""What is asked: requests with their lengths and times, from a log or a fitted distribution; training runs."""
