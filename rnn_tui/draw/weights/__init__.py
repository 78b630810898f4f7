"""The matrices of weights."""
