"""Is a published number right? Claims, their recomputation, and a verdict found by rules."""
