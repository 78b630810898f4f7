"""How a field shares the screen: the pictures of all networks on the left, the panes of the chosen one beside them."""

from collections.abc import Sequence
from typing import Literal

from textual.geometry import Size

from rnn_tui.common.value import Value

__all__ = ["FieldLayout", "field_layout", "map_height"]

_NARROW, _WIDE = 100, 160  # columns below which the field is alone, and from which the other panes have two columns
_SHARES = {"middle": 0.46, "wide": 0.36}  # of the columns, for the field
_ROOM_FOR_TWO, _ROOM_FOR_THREE = 16, 28  # rows from which the field has so many pictures
_ROOM_FOR_LOSS, _ROOM_FOR_STATES = 30, 44  # rows from which these stand among the panes of one column
_LEAST_CHART = 9  # rows that each chart keeps
_LEAST_MAP = 8
_SHARE_OF_MAP = 0.52  # of the rows, which the map may take so that all networks have a place


class FieldLayout(Value, frozen=True, kw_only=True):
    """Which panes are shown, and how wide the field is."""

    shape: Literal["narrow", "middle", "wide"]
    width: int  # of the field's column
    field: tuple[str, ...]  # its panes
    member: tuple[str, ...]  # the panes of the chosen network


def field_layout(size: Size, *, has_right: bool) -> FieldLayout:
    """Return the layout of a screen with so much room for panes; `has_right`: whether there is something to learn."""
    charts = ["learnt", "bundle"] if has_right else ["bundle"]
    pictures = 1 if size.height < _ROOM_FOR_TWO else 2 if size.height < _ROOM_FOR_THREE else 3
    field = ("map", *charts[: pictures - 1])
    if size.width < _NARROW:
        return FieldLayout(shape="narrow", width=size.width, field=field, member=())
    shape: Literal["middle", "wide"] = "middle" if size.width < _WIDE else "wide"
    member: tuple[str, ...] = ("network", "states", "loss", "prediction")
    if shape == "middle":
        member = tuple(
            each
            for each in member
            if (each != "states" or size.height >= _ROOM_FOR_STATES)
            and (each != "loss" or size.height >= _ROOM_FOR_LOSS)
        )
    return FieldLayout(shape=shape, width=round(_SHARES[shape] * size.width), field=field, member=member)


def map_height(room: int, wanted: Sequence[int], charts: int) -> int:
    """Return the rows of the map above so many charts in a column of `room` rows.

    `wanted` has the rows that it can use, its border with them, from the most to the fewest.
    """
    if not charts:
        return room
    most = max(_LEAST_MAP, room - _LEAST_CHART * charts)
    if min(wanted) > most and min(wanted) <= _SHARE_OF_MAP * room:
        return min(wanted)  # rather all networks than another row for each chart
    return next((rows for rows in wanted if rows <= most), most)
