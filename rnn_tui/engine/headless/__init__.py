"""Training without a view: what is printed, as lines or as JSON."""
