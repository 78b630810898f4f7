"""What a pane may ask, one module each: numbers for a picture, and no more than fit it."""
