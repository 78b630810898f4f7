"""The strip of ranks: how far each of several processes is, what it finds, and how long it computes and waits."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import median

from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, count, nice_above, percent
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.ranks.lines import Line, line_of, lines_of
from rnn_tui.draw.ranks.odd import Odd, Oddness, find_odd, milliseconds, odd_ranks, told
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["draw_ranks", "rank_at"]

_COMPUTING, _WAITING = "▆", "▂"  # a gap between lines
_MARKS = 2  # cells for the marks of a line: shown, and odd
_GAP = 2
_MAIN = 2  # columns beside the names that matter most
_LEAST_BAR, _LONGEST_BAR = 6, 60
_BAR_BEFORE = (6, 6, 6, 6, 12, 20, 20)  # the cells that the bar has at least before a column comes
_LONG = 2.0  # seconds of a phase from which on they are told
_A_NODE = 7  # a name of a machine takes such a part of a line at most
_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)  # where the scale of the bars may end, times a power of ten


class _Column(Value, frozen=True, kw_only=True):
    """A column of the strip: a text in each line."""

    texts: Sequence[str]
    tells: tuple[Oddness, ...] = ()  # the ways of standing out that it shows


def draw_ranks(
    figures: Sequence[RankFigures],
    *,
    width: int,
    height: int,
    shown: int | None,
    palette: Palette,
    reads: str,
    is_script: bool = False,
) -> list[Strip]:
    """Draw `height` strips: a sentence and the legend, and a line for each rank, or for several together.

    `shown`: the rank whose row of the batch is on the screen; `reads`: what is read at each time step, in the plural;
    `is_script`: each rank has written down its own figures, and its rows are its own batch.
    """
    canvas = Canvas(width, height)
    found = find_odd(figures, is_script=is_script)
    odd = odd_ranks(found)
    lines = lines_of(figures, height - 1, odd=odd, shown=shown)
    scale = _scale(figures)
    _draw_head(canvas, figures, found, scale, palette)
    columns = _columns(
        figures, lines, reads, is_late="late" in found, shares=not is_script, longest_node=width // _A_NODE
    )
    widths = [max((len(text) for text in column.texts), default=0) for column in columns]
    names, rest = columns[0], columns[1:]
    left = _MARKS + widths[0]
    there, bar = _that_fit(widths[1:], width - left)
    marked = line_of(lines, shown)
    for at, line in enumerate(lines):
        y, kinds = at + 1, {kind for each in line for kind in odd.get(each.rank, ())}
        canvas.put(0, y, "▸" if at == marked else " ", palette.accent)
        canvas.put(1, y, "!" if kinds else " ", palette.wrong)
        canvas.put(_MARKS, y, names.texts[at], palette.accent if at == marked else palette.text)
        x = left
        for number, column in enumerate(rest):
            if number in there:
                usual = palette.text if number < _MAIN else palette.dim
                style = usual if kinds.isdisjoint(column.tells) else palette.wrong
                canvas.put(x + _GAP, y, f"{column.texts[at]:>{widths[number + 1]}}", style)
                x += _GAP + widths[number + 1]
        if bar:
            _draw_bar(canvas, x + _GAP, y, bar, line, scale, palette)
    return canvas.strips()


def rank_at(
    figures: Sequence[RankFigures], *, height: int, y: int, shown: int | None, is_script: bool = False
) -> int | None:
    """Return the first rank of the line at a row of the strip; None: there is no line."""
    lines = lines_of(figures, height - 1, odd=odd_ranks(find_odd(figures, is_script=is_script)), shown=shown)
    return lines[y - 1][0].rank if 0 < y <= len(lines) else None


def _draw_head(canvas: Canvas, figures: Sequence[RankFigures], odd: Odd, scale: float, palette: Palette) -> None:
    """Write how many ranks there are and what stands out, and on the right what the bars are."""
    x = canvas.put(_MARKS, 0, f"{len(figures):,} ranks", palette.text)
    room = canvas.width - x - 3 - 1
    ends = f" 0–{scale:,.4g} ms"
    legends = [(" computing ", f" waiting{ends}"), (" computing ", " waiting"), ()]
    for legend in legends:
        size = sum(1 + len(part) for part in legend)
        sentence = told(figures, odd, room - (size + _GAP if legend else 0))
        if sentence or not legend:
            break
    style = palette.wrong if odd else palette.dim
    if sentence:
        canvas.put(x, 0, " · ", palette.faint)
        canvas.put(x + 3, 0, sentence, style)
    x = canvas.width - 1 - size
    for part, sign, colour in zip(legend, (_COMPUTING, _WAITING), _bar_styles(palette), strict=False):
        canvas.put(x, 0, sign, colour)
        x = canvas.put(x + 1, 0, part, palette.dim)


def _bar_styles(palette: Palette) -> tuple[Style, Style]:
    return palette.curves[1], palette.faint


def _draw_bar(canvas: Canvas, x: int, y: int, room: int, line: Line, scale: float, palette: Palette) -> None:
    """Draw the computing time and after it the waiting time, on one scale for all lines."""
    computing, waiting = (1000 * _middle(line, pick) / scale for pick in (_computing, _waiting))
    computed = round(min(1.0, computing) * room)  # a time beside a scale that is all but 0 is more than any room
    end = round(min(1.0, computing + waiting) * room)
    styles = _bar_styles(palette)
    canvas.fill(x, y, computed, styles[0], _COMPUTING)
    canvas.fill(x + computed, y, end - computed, styles[1], _WAITING)


def _that_fit(widths: Sequence[int], room: int) -> tuple[set[int], int]:
    """Return which columns fit beside a bar, the first ones first, and the cells of the bar; 0: it does not fit."""
    room -= 1  # a margin
    bar_fits = room >= _GAP + _LEAST_BAR + sum(_GAP + each for each in widths[:_MAIN])
    left = room - (_GAP + _LEAST_BAR if bar_fits else 0)
    there = set()
    for number, size in enumerate(widths):
        spare = _BAR_BEFORE[number] - _LEAST_BAR if bar_fits else 0
        if size and _GAP + size + spare <= left:
            there.add(number)
            left -= _GAP + size
    return there, min(_LEAST_BAR + left, _LONGEST_BAR) if bar_fits else 0


# ---- numbers -------------------------------------------------------------------------------------------------------


def _computing(figure: RankFigures) -> float:
    return figure.computing


def _waiting(figure: RankFigures) -> float:
    return figure.waiting


def _middle(line: Line, pick: Callable[[RankFigures], float]) -> float:
    """Return the median of a time over the ranks of a line; 0 where none is a time."""
    times = [pick(each) for each in line if math.isfinite(pick(each)) and pick(each) >= 0]
    return median(times) if times else 0.0


def _scale(figures: Sequence[RankFigures]) -> float:
    """Return the milliseconds at the end of all bars: a round number not below the longest."""
    most = max((_middle((each,), _computing) + _middle((each,), _waiting) for each in figures), default=0.0)
    return nice_above(1000 * most, _ROUND)


def _rate(line: Line) -> float:
    """Return how many time steps a second the ranks of a line read together while they compute and wait."""
    times = [(each, each.computing + (0.0 if math.isnan(each.waiting) else each.waiting)) for each in line]
    return sum(each.characters / time for each, time in times if math.isfinite(time) and time > 0)


def _columns(
    figures: Sequence[RankFigures], lines: Sequence[Line], reads: str, *, is_late: bool, shares: bool, longest_node: int
) -> list[_Column]:
    """Return the columns: the names, then the others, the most important first."""
    names = _Column(texts=_left([_name(line, longest_node) for line in lines]))
    loss = _Column(texts=[_loss(line) for line in lines], tells=("not a number", "far"))
    times = _Column(texts=_times(lines), tells=("slow",))
    update = _Column(texts=[_update(line) for line in lines], tells=("late",))
    rate = _Column(texts=[f"{count(_rate(line)):>7} {reads}/s" for line in lines] if any(map(_rate, lines)) else [])
    phase = _Column(texts=_left([_phase(line) for line in lines]), tells=("gone",))
    has_gpu = any(each.gpu is not None for each in figures)
    gpu = _Column(texts=[_gpu(line) for line in lines] if has_gpu else [])
    rows = _Column(texts=_left(_rows(figures, lines)) if shares else [])
    middle = [update, rate] if is_late else [rate, update]
    return [names, loss, times, phase, *middle, gpu, rows]


def _left(texts: Sequence[str]) -> list[str]:
    size = max(map(len, texts), default=0)
    return [f"{text:<{size}}" for text in texts]


def _name(line: Line, longest_node: int) -> str:
    first, last = line[0].rank, line[-1].rank
    nodes = {each.node for each in line}
    node = f"{cut_cells(safe(line[0].node), longest_node)}: " if len(nodes) == 1 and line[0].node else ""
    if first == last:
        return f"{node}rank {first}"
    some = f" ({len(line)})" if last - first + 1 > len(line) else ""  # the others have lines of their own
    return f"{node}ranks {first}–{last}{some}"


def _phase(line: Line) -> str:
    """Return what the ranks of a line do now, and for how long where that is long; of several what most of them do."""
    if len(line) == 1:
        (only,) = line
        return f"{only.phase} {only.since:,.0f} s" if only.since >= _LONG else only.phase
    phases = Counter(each.phase for each in line if each.phase)
    if not phases:
        return ""
    ((most, many),) = phases.most_common(1)
    return most if many == len(line) else f"{many} {most}"


def _update(line: Line) -> str:
    first, last = min(each.update for each in line), max(each.update for each in line)
    return f"update {first:,}" if first == last else f"updates {first:,}–{last:,}"


def _loss(line: Line) -> str:
    losses = [each.loss for each in line if each.rows]
    bad = [loss for loss in losses if not math.isfinite(loss)]
    if not losses or bad:
        return f"loss {compact(bad[0] if bad else None)}"
    low, high = compact(min(losses)), compact(max(losses))
    return f"loss {low}" if low == high else f"loss {low}–{high}"


def _times(lines: Sequence[Line]) -> list[str]:
    pairs = [[_time(line, pick) for pick in (_computing, _waiting)] for line in lines]
    sizes = [max((len(pair[at]) for pair in pairs), default=0) for at in range(2)]
    return [f"{computing:>{max(4, sizes[0])}} + {waiting:>{sizes[1]}} ms" for computing, waiting in pairs]


def _time(line: Line, pick: Callable[[RankFigures], float]) -> str:
    is_known = any(math.isfinite(pick(each)) for each in line)
    return milliseconds(_middle(line, pick) if is_known else math.nan)


def _gpu(line: Line) -> str:
    busy = [each.gpu for each in line if each.gpu is not None]
    return f"GPU {percent(sum(busy) / len(busy))}" if busy else "GPU –"


def _rows(figures: Sequence[RankFigures], lines: Sequence[Line]) -> list[str]:
    """Return which rows of the batch each line has, counted from 1; nothing where they do not follow one another."""
    ordered = sorted(figures, key=lambda each: each.rank)
    ends = dict(zip((each.rank for each in ordered), accumulate(each.rows for each in ordered), strict=True))
    found = []
    for line in lines:
        first, last = ends[line[0].rank] - line[0].rows + 1, ends[line[-1].rank]
        follow = last - first + 1 == sum(each.rows for each in line)
        told_rows = f"row {first:,}" if first == last else f"rows {first:,}–{last:,}"
        found.append(told_rows if first <= last and follow else "")
    return found
