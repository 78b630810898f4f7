"""What an engine says between two frames, as a line for the user."""

from typing import Literal

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.field import KeptMember

__all__ = ["notice_of"]


def notice_of(
    said: Refused | KeptMember, comparison: Comparison | None
) -> tuple[str, Literal["information", "warning"]]:
    """Return the line, and how much it matters. `comparison`: what is on the screen, if it is one."""
    if isinstance(said, Refused):
        return safe(f"{said.path.rpartition('.')[2]} {said.problem}".strip()), "warning"
    number = f"Network {said.member + 1:,}"
    words = "" if comparison is None or said.member >= comparison.members else f" ({comparison.words(said.member)})"
    if said.problem:
        return safe(f"{number}{words} is not kept: {said.problem}"), "warning"
    return safe(f"{number}{words} is kept: rnn-tui resume {said.name}"), "information"
