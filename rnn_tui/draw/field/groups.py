"""Groups of members: those that share a value of one varied setting, each with a colour and a mark of its own."""

import numpy as np
from rich.color import Color
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.settings import setting

__all__ = ["MOST_GROUPS", "Group", "Groups", "groups_of", "has_backgrounds"]

MOST_GROUPS = 6  # that can be told apart
_LEVEL = 5  # of the blue behind the curve of a single group
_MARKS = "●◆■▲▼○"
_TINTED, _THIN = 0.25, 0.55  # how much of its colour lies behind curves, and is in single networks


class Group(Value, frozen=True, kw_only=True):
    """How a group looks."""

    index: int  # of its value
    name: str  # its value; empty where there is one group
    mark: str
    line: Style
    thin: Style  # of the single networks
    tint: Style  # a background; empty: none


class Groups(Value, frozen=True, kw_only=True):
    """The groups that are shown."""

    shown: tuple[Group, ...]
    of: int  # how many there are
    setting: str  # by which they differ; empty: one group

    def look(self, index: int) -> Group | None:
        """Return how the group of a value looks; None: it is not shown."""
        return next((each for each in self.shown if each.index == index), None)


def groups_of(comparison: Comparison, path: str, palette: Palette) -> Groups:
    """Return the groups by the values of a varied setting; one group for a path that does not vary.

    Of more values than can be told apart an even sample is shown, with the first and the last.
    """
    varied = next((each for each in comparison.varied if each.path == path), None)
    if varied is None or len(varied.values) < 2:
        behind = palette.cell(-_LEVEL).bgcolor
        line, tint = palette.accent, Style() if behind is None else Style.from_color(None, behind)
        return Groups(
            shown=(Group(index=0, name="", mark="", line=line, thin=palette.faint, tint=tint),), of=1, setting=""
        )
    count = len(varied.values)
    chosen = np.linspace(0, count - 1, min(count, MOST_GROUPS)).round().astype(int).tolist()
    looks = _looks(palette)
    shown = tuple(
        Group(index=index, name=varied.text(index), mark=_MARKS[at], line=line, thin=thin, tint=tint)
        for at, (index, (line, thin, tint)) in enumerate(zip(chosen, looks, strict=False))
    )
    return Groups(shown=shown, of=count, setting=setting(path).label)


def has_backgrounds(palette: Palette) -> bool:
    """Return whether a background can lie behind curves."""
    return not palette.shaded and not palette.strong


def _looks(palette: Palette) -> list[tuple[Style, Style, Style]]:
    """Return the line, the thin lines and the background of each group, the most different first."""
    neutral = palette.cell(0).bgcolor
    looks = []
    for line in palette.curves:
        thin, tint = palette.faint, Style()
        if neutral is not None and line.color is not None and not palette.strong:
            thin = Style.from_color(_between(neutral, line.color, _THIN))
            tint = Style.from_color(None, _between(neutral, line.color, _TINTED))
        looks.append((line + Style(bold=True), thin, tint))
    return looks


def _between(one: Color, other: Color, part: float) -> Color:
    """Return the colour so far on the way from one to another."""
    a, b = one.get_truecolor(), other.get_truecolor()
    return Color.from_rgb(*(x + (y - x) * part for x, y in zip(a, b, strict=True)))
