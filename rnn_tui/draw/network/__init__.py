"""The unrolled network, and slow motion in it."""
