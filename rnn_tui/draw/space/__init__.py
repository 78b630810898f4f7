"""The path of the hidden state through its space."""
