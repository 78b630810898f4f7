"""The base of everything that crosses the seam or lies on the disk: frozen, made by keywords only."""

import msgspec

__all__ = ["Value"]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value: it never changes, and two of the same fields are equal."""
