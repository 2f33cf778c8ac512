"""Steps of the kinds of workload: one file a kind, found by the chain as those of `steps` are."""
