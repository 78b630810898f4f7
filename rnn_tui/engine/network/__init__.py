"""The networks: the equations of their cells, and the modules that are trained."""
