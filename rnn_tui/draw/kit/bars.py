"""Bars of block characters: an eighth of a cell is the smallest difference that they show."""

__all__ = ["UPWARD", "bar"]

UPWARD = " ▁▂▃▄▅▆▇█"  # a cell filled from below, by eighths
_RIGHTWARD = " ▏▎▍▌▋▊▉█"


def bar(share: float, room: int) -> str:
    """Return a bar from the left that fills this share, 0 to 1, of `room` cells."""
    full, part = divmod(round(share * room * 8), 8)
    return "█" * full + (_RIGHTWARD[part] if part else "")
