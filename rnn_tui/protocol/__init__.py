"""The seam: everything that the engine and its clients say to each other, as values and as bytes."""
