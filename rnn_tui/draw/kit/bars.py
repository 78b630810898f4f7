"""Bars of block characters: an eighth of a cell is the smallest difference that they show."""

__all__ = ["UPWARD", "bar", "signed_bar"]

UPWARD = " ▁▂▃▄▅▆▇█"  # a cell filled from below, by eighths
_RIGHTWARD = " ▏▎▍▌▋▊▉█"


def bar(share: float, room: int) -> str:
    """Return a bar from the left that fills this share, 0 to 1, of `room` cells."""
    full, part = divmod(round(share * room * 8), 8)
    return "█" * full + (_RIGHTWARD[part] if part else "")


def signed_bar(share: float, room: int) -> str:
    """Return `room` cells with a bar for a share of -1 to 1: from the middle to the right, or if negative to the left.

    Half a cell is the smallest difference to the left.
    """
    left = room // 2
    if share >= 0:
        return f"{' ' * left}{bar(share, room - left):<{room - left}}"
    full, part = divmod(round(-share * left * 2), 2)
    return f"{'▐' * part + '█' * full:>{left}}{' ' * (room - left)}"
