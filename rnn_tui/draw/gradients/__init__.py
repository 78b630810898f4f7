"""The gradient through time, as a picture and in words."""
