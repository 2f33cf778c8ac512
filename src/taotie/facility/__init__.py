"""The building: PUE from publications or weather, water, and the load at the meter by hour."""
