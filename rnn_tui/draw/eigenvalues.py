"""Eigenvalues in the complex plane, with the unit circle: what shrinks lies inside, what grows outside."""

import math

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, put_note
from rnn_tui.draw.space.dots import draw_dots
from rnn_tui.draw.space.plane import DOT_COLUMNS, DOT_ROWS, Plane, Points, Window
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesFacts, Spectrum

__all__ = ["draw_eigenvalues", "eigenvalue_at", "lay_out", "points_of"]

_MARGIN = 1.15  # of the unit circle, or of the largest |λ|
_FURTHEST = 4.0  # what is further out stands at the edge
_ON_CIRCLE = 0.02  # | |λ| − 1 | up to which something neither shrinks nor grows
_LASTING = 0.5 ** (1 / 10)  # |λ| from which a half is left after ten steps
_AT_0 = 1e-3
_TURNS = 0.05  # radians a step from which it is worth a word
_NEAR = 2.0  # cells within which an eigenvalue is meant


def points_of(spectrum: Spectrum) -> Points:
    """Return the eigenvalues as points (S, 2) of the plane."""
    return np.stack([spectrum.real, spectrum.imaginary], -1)


def lay_out(facts: EigenvaluesFacts, *, width: int, height: int) -> Plane:
    """Return the plane: square in the eye, from −1.15 to 1.15 at least, two lines of words left free below it."""
    size = 1.0
    if facts.spectrum is not None:
        away = np.hypot(facts.spectrum.real, facts.spectrum.imaginary)
        finite = away[np.isfinite(away)]
        size = min(_FURTHEST, max(1.0, float(finite.max(initial=1.0))))
    rows = max(1, height - (2 if height > 6 else 0))
    reach = _MARGIN * size
    unit = min(DOT_COLUMNS * width - 1, DOT_ROWS * rows - 1) / (2 * reach)
    return Plane(
        left=0, top=0, width=width, height=rows, window=Window(-reach, reach, -reach, reach), x_unit=unit, y_unit=unit
    )  # fmt: skip


def draw_eigenvalues(
    facts: EigenvaluesFacts, *, width: int, height: int, palette: Palette, trail: Points | None = None
) -> list[Strip]:
    """Draw the unit circle, the eigenvalues, where they were before (`trail`, (n, 2)), and what they say."""
    canvas = Canvas(width, height)
    spectrum = facts.spectrum
    if spectrum is None:
        put_note(canvas, facts.note, palette, alone=True)
        return canvas.strips()
    points = points_of(spectrum)
    finite = np.isfinite(points).all(-1)
    if not finite.all():
        put_note(canvas, f"{spectrum.name} has numbers that are not finite.", palette, alone=True)
        return canvas.strips()
    plane = lay_out(facts, width=width, height=height)
    _draw_axes(canvas, plane, palette)
    draw_dots(canvas, plane, _circle(), palette.dim)
    if trail is not None and len(trail):
        draw_dots(canvas, plane, trail, palette.faint)
    for point in points[::-1]:  # the largest last, over the others
        x, y = plane.cells(point).tolist()
        size = math.hypot(*point)
        if size > 1 + _ON_CIRCLE:
            canvas.put(x, y, "▲", palette.wrong)
        else:
            canvas.put(x, y, "●", palette.accent if size >= 1 - _ON_CIRCLE else palette.text)
    if plane.height < height:
        words = _words(spectrum)
        canvas.put(1, height - 2, first_that_fits(_forms(spectrum, points), width - 2), palette.text)
        canvas.put(1, height - 1, first_that_fits(words, width - 2), palette.dim)
    return canvas.strips()


def eigenvalue_at(facts: EigenvaluesFacts, x: int, y: int, *, width: int, height: int) -> str:
    """Return the eigenvalue nearest to a cell in words, if one is near."""
    if facts.spectrum is None or not len(facts.spectrum.real):
        return ""
    points = points_of(facts.spectrum)
    if not np.isfinite(points).all():
        return ""
    cells = lay_out(facts, width=width, height=height).cells(points)
    away = np.hypot((cells[:, 0] - x) / 2, cells[:, 1] - y)
    at = int(away.argmin())
    if away[at] > _NEAR:
        return ""
    real, imaginary = points[at].tolist()
    sign = "−" if imaginary < 0 else "+"
    value = f"λ = {real:.6g} {sign} {abs(imaginary):.6g}i".replace("-", "−")
    return (
        f"{value} · |λ| = {math.hypot(real, imaginary):.6g} · turns by {math.degrees(math.atan2(imaginary, real)):.3g}°"
    )


def _circle() -> Points:
    angles = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], -1).astype(np.float32)


def _draw_axes(canvas: Canvas, plane: Plane, palette: Palette) -> None:
    column, line = plane.cells(np.zeros(2, np.float32)).tolist()
    canvas.fill(0, line, plane.width, palette.faint, "┄")
    for y in range(plane.height):
        canvas.put(column, y, "┆", palette.faint)
    canvas.put(column, line, "┼", palette.faint)
    for value, name in ((1.0, "1"), (-1.0, "−1")):
        x, _ = plane.cells(np.array([value, 0], np.float32)).tolist()
        if 0 <= x + 1 < plane.width and line + 1 < plane.height:
            canvas.put(x + (1 if value > 0 else -len(name)), line + 1, name, palette.dim)
    x, y = plane.cells(np.array([0, 1], np.float32)).tolist()
    if x + 2 < plane.width and y >= 0:
        canvas.put(x + 1, y, "i", palette.dim)


def _forms(spectrum: Spectrum, points: Points) -> tuple[str, ...]:
    """Say what the largest eigenvalue does, in forms from long to short."""
    sizes: NDArray[np.float32] = np.hypot(points[:, 0], points[:, 1])
    largest = float(sizes.max(initial=0.0))
    name = safe(spectrum.name)
    if largest > 1 + _ON_CIRCLE:
        grown = f"grows by {compact(100 * (largest - 1), 2)} % a step"
        how = (f"the largest |λ| is {compact(largest, 3)}: in its direction a state {grown}", f"it {grown}")
    elif largest >= 1 - _ON_CIRCLE:
        how = (f"the largest |λ| is {compact(largest, 3)}: in its direction a state stays", "it stays")
    elif largest < _AT_0:
        how = ("all of it is forgotten in one step", "all is forgotten in one step")
    else:
        steps = math.log(0.5) / math.log(largest)
        half = f"half is left after {counted(max(1, round(steps)), 'step')}"
        how = (f"the largest |λ| is {compact(largest, 3)}: in its direction {half}", half)
    turn = abs(math.atan2(float(points[0, 1]), float(points[0, 0]))) if len(points) else 0.0
    turning = f", and it turns once in {compact(2 * math.pi / turn, 2)} steps" if _TURNS < turn < math.pi - 1e-3 else ""
    flips = ", and it changes its sign at each" if turn >= math.pi - 1e-3 and largest > _AT_0 else ""
    brief = f"largest |λ| {compact(largest, 3)}: {how[1]}"
    return (
        f"{name}: {how[0]}{turning}{flips}",
        f"{name}: {how[0]}",
        f"{how[0]}",
        f"{brief}{turning}{flips}",
        brief,
        how[1],
    )


def _words(spectrum: Spectrum) -> tuple[str, ...]:
    """Count the eigenvalues by what they do."""
    sizes = np.hypot(spectrum.real, spectrum.imaginary)
    out = int((sizes > 1 + _ON_CIRCLE).sum())
    lasting = int((sizes >= _LASTING).sum()) - out
    none = int((sizes < _AT_0).sum())
    parts = [f"{lasting} of {len(sizes)} keep half for 10 steps or more"]
    parts += [f"{out} grow ▲"] if out else []
    parts += [f"{none} at 0"] if none else []
    return (" · ".join(parts), parts[0], f"{lasting} of {len(sizes)} last")
