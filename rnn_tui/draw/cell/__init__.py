"""One cell at one time step, in numbers."""
