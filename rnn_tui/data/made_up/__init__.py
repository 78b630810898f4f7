"""Data that need no file, made from a seed: `experiment/built_in.py` names them, and what stands beside this does so.

NumPy keeps the numbers of `RandomState` the same from version to version, so that a seed stands for the same data for
ever.
"""
