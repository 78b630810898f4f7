"""How wide the columns of time steps must be for what stands in them, without a change from frame to frame."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace
from rich.cells import cell_len

from rnn_tui.common.glyphs import glyph
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.model.glyphs import UNREAD

__all__ = ["Columns", "columns_of", "score_width", "widened"]

_NUMBER = 6  # cells of a column with room for a number such as -12.3 and a free cell
_SHORTEST_WORD, _LONGEST_WORD = 3, 6  # cells that a column gives to words: longer ones are cut
_GAP = 1  # free cells after a word
_BORDERS = 2  # cells of a pane's border, left and right
_MOST = 0.71  # of the screen's width, which the panes over time take at most
_SIDE = 44  # cells that the panes beside them keep
_NARROW = 4  # cells of a column up to which one more is worth that


class Columns(msgspec.Struct, frozen=True):
    """The fewest cells of a column, and the longest row that the columns have been fitted to."""

    narrowest: int = 1
    longest: int = 1  # time steps


def columns_of(experiment: Experiment, *, is_script: bool = False) -> Columns:
    """Return the columns for an experiment before anything of it is on the screen.

    A character needs 1 or 2 cells, a number of a series room for its digits. What a script reads is not known yet, and
    words are as wide as they are.
    """
    if is_script or experiment.data.tokens == "word" or experiment.data.labels:
        return Columns(_SHORTEST_WORD + _GAP, experiment.length)
    if experiment.is_numbers:
        return Columns(_NUMBER, experiment.length)
    names = experiment.tokenizer.names or UNREAD
    widest = max(cell_len(glyph(name) if len(name) == 1 else name) for name in names)
    return Columns(widest, experiment.length)


def widened(columns: Columns, words: Sequence[str], length: int) -> Columns:
    """Return columns that also have room for these words and a row of this length.

    They grow for the widest word that has been in the window, up to six cells, and never shrink: so they settle
    after a few frames, whatever the longest of 50,000 words is, and no frame makes them jump back.
    """
    widest = min(_LONGEST_WORD, max(map(cell_len, words), default=0))
    return replace(columns, narrowest=max(columns.narrowest, widest + _GAP), longest=max(columns.longest, length))


def score_width(usual: int, screen: int, length: int, columns: Columns) -> int:
    """Return the cells of the panes over time, which are usually `usual` of the `screen`.

    They get more where that makes narrow columns one cell wider, and all time steps are shown.
    """
    longest = max(length, columns.longest)
    axis = TimeAxis.fit(usual - _BORDERS, length, narrowest=columns.narrowest, longest=longest)
    more = axis.gutter + (axis.column + 1) * longest + _BORDERS
    is_worth_it = axis.column <= _NARROW and axis.count == length
    return more if is_worth_it and usual < more <= min(round(_MOST * screen), screen - _SIDE) else usual
