"""What pictures are made of: canvas, palette, time axis, numbers, charts."""
