"""A way in for Python programs: train an experiment tick by tick, and look at it in the terminal."""
