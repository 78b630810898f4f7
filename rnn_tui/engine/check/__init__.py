"""A cell of one's own against torch's: the same weights, then outputs, states and gradients side by side."""
