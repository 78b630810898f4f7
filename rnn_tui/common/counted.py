"""A number of things, in words."""

__all__ = ["counted"]


def counted(number: int, what: str) -> str:
    """`1 update`, `1,200 updates`, `3 passes`."""
    many = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"
