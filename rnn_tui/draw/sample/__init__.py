"""Free generation: where its parts stand, and the picture."""
