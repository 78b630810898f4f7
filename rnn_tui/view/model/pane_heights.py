"""How the rows of the left column are shared by the unrolled network and the panes below it.

First the choice is made that shows all units, with the network drawn as large as that allows; what is left makes
rows and boxes taller, in turns.
"""

from collections.abc import Callable, Sequence

import msgspec

from rnn_tui.draw.network.bands import TALLEST_BOX

__all__ = ["BORDER", "PaneHeights", "network_height"]

BORDER = 2  # rows of a pane's border
_SHARE = 0.6  # of the rows, which the unrolled network takes at most
_LEAST_SHARE = 0.5  # of the rows, which it keeps if others could use the room
_FRAMED, _PLAIN = 3, 1  # rows of a box with a frame, and without one
_ARROWS = 2  # rows that the network can do without


class PaneHeights(msgspec.Struct, frozen=True):
    """The rows inside its border that a pane can use, from the most to the fewest in which it shows all units."""

    forms: Sequence[int]
    per_row: int = 0  # rows by which the first form grows if each unit gets one more; 0: it does not grow
    tallest: int = 1  # rows of a unit at most


def network_height(
    room: int, network: Callable[[int], int], below: PaneHeights | None, *, natural: bool = False
) -> int:
    """Return the rows of the network's pane, in a column of `room` rows.

    `network` gives the rows that it needs, by the height of its boxes; `below` is what stands below it; None: nothing
    that is known. `natural`: it needs its natural height, whatever stands below.
    """
    framed = network(_FRAMED) + BORDER
    if natural or below is None:
        return max(3, min(framed, round(_SHARE * room)))
    plain = network(_PLAIN) + BORDER
    for form in below.forms:
        left = room - form - BORDER
        if left >= framed:
            return network(_grown(room, network, below)) + BORDER if form == below.forms[0] else framed
        if left >= plain - _ARROWS:  # without a row or two of arrows, if it must be
            return min(left, plain)
    most = max(min(round(_SHARE * room), room - below.forms[0] - BORDER), round(_LEAST_SHARE * room))
    return next((rows for rows in (framed, plain) if rows <= most), max(3, most))


def _grown(room: int, network: Callable[[int], int], below: PaneHeights) -> int:
    """Return the height of the boxes when what is left has been given away in turns, to the units below first."""
    box, tall, form = _FRAMED, 1, below.forms[0]
    free = room - network(box) - form - 2 * BORDER
    for turn in range(2 * (TALLEST_BOX + below.tallest)):
        more = network(box + 1) - network(box)
        if turn in (0, 1) or turn % 2:
            if below.per_row and tall < below.tallest and below.per_row <= free:
                tall, free = tall + 1, free - below.per_row
        elif box < TALLEST_BOX and more <= free:
            box, free = box + 1, free - more
    while box < TALLEST_BOX and 0 < network(box + 1) - network(box) <= free:
        free -= network(box + 1) - network(box)
        box += 1
    return box
