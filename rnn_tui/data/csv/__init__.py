"""CSV files as other programs write them: what separates their cells, their numbers, their columns."""
