"""Pictures of every pane as text: of three sizes of network, in five sizes of terminal, in four palettes.

    python -m tests.pictures.make       # after a change that is meant; then look at the difference

A run says what there is to draw, and of what shape. Its numbers are replaced by simple ones, since the last digits of
real ones differ from one processor to another.
"""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from msgspec.structs import replace
from textual.geometry import Size
from textual.strip import Strip

from rnn_tui.draw.kit.limited_palettes import FEW
from rnn_tui.draw.kit.palette import DARK, LIGHT, Palette
from rnn_tui.draw.ranks.lines import rows_for
from rnn_tui.draw.ranks.strip import draw_ranks
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.view.model.pane_heights import BORDER, network_height
from rnn_tui.view.model.scene import AnswerAt, Scene
from rnn_tui.view.panes.network import NetworkPane, height_of
from rnn_tui.view.panes.registry import INSIDE, PANES, inside_pane
from rnn_tui.view.panes.states import StatesPane
from rnn_tui.view.terminal.ascii import in_ascii
from rnn_tui.view.widgets.pane import Pane
from tests.fake_ranks import ranks_of
from tests.in_process import Run, pane_at, run_with

__all__ = ["NETWORKS", "path_of", "pictures", "pictures_of_ranks"]

NETWORKS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "small": ("hihello", 10, {}),
    "middle": ("ohlol-lstm", 3, {}),
    "large": ("remember", 2, {"network.cell": "lstm", "network.hidden_size": 128}),
}
_TERMINALS = ((80, 24), (97, 31), (120, 36), (200, 60), (300, 100))
_OTHERS = 5  # rows of the status, the time line and the keys
_WRITTEN = 120  # cells of a terminal up to which the text is written down, and not only its digest
_PALETTES: dict[str, Palette] = {
    "dark": DARK,
    "light": LIGHT,
    "16": FEW["standard", True],
    "ascii": replace(DARK, ascii=True),
}
_NUMBERED = {"units", "rows", "features", "states", "columns"}  # arrays of places, which are in order
_CHOSEN = {"unit": 1, "keeping": 3, "dead": 2, "saturated": 1}  # which the real numbers would choose


_RANKS: dict[str, tuple[RankFigures, ...]] = {
    "two": ranks_of(2),
    "slow": ranks_of(4, r2={"computing": 0.09}),
    "many": ranks_of(64, r17={"loss": math.nan, "gpu": 0.5}, r40={"update": 1230}),
}


def path_of(network: str) -> Path:
    """Return the file of a network's pictures, or of those of the ranks."""
    return Path(__file__).with_name(f"{network}.txt")


def pictures(network: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what each picture is, with a digest of its characters and styles, and its rows; none of a large one."""
    run = run_with(*NETWORKS[network])
    kinds: list[type[Pane]] = [*PANES, *map(inside_pane, INSIDE)]
    for kind in kinds:
        for width, height in _TERMINALS:
            size = _size(kind, run.session.experiment, width, height)
            pane, scene = _simple(run, kind, size)
            for name, palette in _PALETTES.items():
                strips = pane.picture(replace(scene, palette=palette), *size)
                yield _told(kind.ID, width, height, name, strips)


def pictures_of_ranks() -> Iterator[tuple[str, list[str]]]:
    """Yield what each picture of several processes is, with a digest of its characters and styles, and its rows."""
    for ranks, figures in _RANKS.items():
        for width, height in _TERMINALS:
            rows_there = rows_for(len(figures), height)
            for name, palette in _PALETTES.items():
                strips = draw_ranks(
                    figures, width=width, height=rows_there, shown=1, palette=palette, reads="characters"
                )
                yield _told(ranks, width, height, name, strips)


def _told(what: str, width: int, height: int, palette: str, strips: list[Strip]) -> tuple[str, list[str]]:
    rows = [in_ascii(strip.text) if _PALETTES[palette].ascii else strip.text for strip in strips]
    is_written = width <= (80 if palette == "ascii" else _WRITTEN) and palette in ("dark", "ascii")
    title = f"{what} {width}×{height} {palette} {_digest(strips)}"
    return title, [row.rstrip() for row in rows] if is_written else []


def _size(kind: type[Pane], experiment: Experiment, width: int, height: int) -> Size:
    """Return the room that a pane has on such a screen, inside its border."""
    column = round(0.6 * width) if kind.HOME == "score" else width - round(0.6 * width)
    room = height - _OTHERS
    below = StatesPane().heights(experiment) if kind is NetworkPane else kind().heights(experiment)
    network = network_height(room, lambda box: height_of(experiment, box=box), below)
    rows = network if kind is NetworkPane else room - network if kind.HOME == "score" else room // 2
    return Size(column - BORDER, rows - BORDER)


def _digest(strips: list[Strip]) -> str:
    told = "\n".join("".join(f"{segment.text}{segment.style}" for segment in strip) for strip in strips)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _simple(run: Run, kind: type[Pane], size: Size) -> tuple[Any, Scene]:
    """Return a pane and its scene with simple numbers."""
    pane, scene = pane_at(run, kind, size)
    answers = {
        key: AnswerAt(answer=_with_simple_numbers(each.answer), tick=each.tick) for key, each in scene.answers.items()
    }
    frame = _with_simple_numbers(scene.frame)
    curve = None if scene.curve is None else _with_simple_numbers(scene.curve)
    scene = replace(scene, frame=frame, answers=answers, curve=curve, characters=None)
    pane._scene = scene
    return pane, scene


def _with_simple_numbers(value: Any, name: str = "", seed: int = 1) -> Any:
    """Return the same value with other numbers of the same shape and sign, which are the same everywhere."""
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return replace(
            value,
            **{each: _with_simple_numbers(getattr(value, each), each, seed + at) for at, each in enumerate(fields)},
        )
    if isinstance(value, tuple):
        return tuple(_each(value, name, seed))
    if isinstance(value, np.ndarray):
        return _array(value, name, seed)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return _CHOSEN.get(name, value)
    if isinstance(value, float) and np.isfinite(value) and value:
        return ((seed * 13) % 17 + 1) / 10
    return value


def _each(values: tuple[Any, ...], name: str, seed: int) -> Iterator[Any]:
    for at, each in enumerate(values):
        yield _with_simple_numbers(each, name, seed + 5 * at)


def _array(value: np.ndarray[Any, Any], name: str, seed: int) -> np.ndarray[Any, Any]:
    at = np.arange(value.size)
    if value.dtype.kind != "f":
        if name in _NUMBERED or not value.size:
            return np.arange(len(value)).astype(value.dtype) if value.size else value
        return np.where(value < 0, value, (7 * at).reshape(value.shape) % (int(value.max()) + 1)).astype(value.dtype)
    if name == "x":
        return (1.0 + at).astype(value.dtype)
    simple = ((37 * at + 11 * seed) % 41 - 20) / 20
    simple = np.abs(simple) if value.size and np.nanmin(value) >= 0 else simple
    return simple.reshape(value.shape).astype(value.dtype)


def main() -> None:
    """Write the pictures of all networks."""
    torch.set_num_threads(1)
    made = {network: pictures(network) for network in NETWORKS} | {"ranks": pictures_of_ranks()}
    for name, each in made.items():
        texts = ["\n".join([f"=== {title}", *rows]) for title, rows in each]
        path_of(name).write_text("\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
