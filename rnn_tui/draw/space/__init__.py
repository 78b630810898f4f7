"""The way of the hidden state through its space."""
