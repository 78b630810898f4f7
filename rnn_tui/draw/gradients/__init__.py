"""The gradient through time, and what is to be said of it."""
