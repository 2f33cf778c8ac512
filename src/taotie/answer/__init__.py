"""One question, one answer, any door: settings in, one frozen `Answer` out."""
