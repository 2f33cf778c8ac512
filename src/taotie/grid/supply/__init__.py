"""What supplies a load, hour by hour: technologies and their costs, series, the least-cost mix, many sites."""
