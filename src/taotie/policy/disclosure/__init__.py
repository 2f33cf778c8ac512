"""What must be filed: forms computed from results and meters; what is missing is listed, never invented."""
