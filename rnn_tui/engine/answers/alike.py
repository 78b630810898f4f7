"""Where else the same units stay on (Strobelt et al., 2016, "LSTMVis"; arXiv:1606.07461).

A unit is on where its value is far from 0: |h| or, in a cell with c, |tanh c| of at least a half. What a stretch of
text means to the network is taken to be the units that turn on at its beginning and stay on to its end, each with its
sign; places where most of them are on are what it treats alike.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnn_tui.engine.answers.reading import HELD_OUT, most_to_read, read_text, text_to_read
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.protocol.inspect.alike import AlikeAsk, AlikeFacts, AlikePlace

__all__ = ["Alike", "alike_facts", "find_alike"]

_ON = 0.5  # |value| from which a unit is on
_MOST_OF = 0.7  # share of the units that must be on
_NUMBERS = "It reads numbers; this is about stretches of a text."
_SCRIPT = "This is about a text that can be read again, and only the script can do that."
_NONE = "No unit is on in all of this stretch: make it shorter (o), or go on (. ,)."


class Alike(NamedTuple):
    """The units of a stretch, and where else they are on."""

    above: NDArray[np.intp]
    below: NDArray[np.intp]
    begins: bool
    places: list[AlikePlace]  # best first


@torch.no_grad()
def alike_facts(focus: Focus, ask: AlikeAsk) -> AlikeFacts:
    """Return the units that are on in a stretch of the text, and the other places where most of them are."""
    trainer, experiment = focus.own, focus.observed.experiment
    layer, direction = focus.place(ask.layer, ask.direction)
    nowhere = np.zeros(0, np.int32)
    if trainer is None or experiment.is_numbers:
        note = _SCRIPT if trainer is None else _NUMBERS
        return AlikeFacts(note=note, inputs=nowhere, units=nowhere, below=nowhere)
    text = text_to_read(trainer, focus.row, max(1, ask.characters))[: most_to_read(experiment)]
    cell = read_text(trainer, text, layers=layer + 1)[layer].directions[direction].row(0)
    values = floats(cell.h if cell.c is None else cell.of_units(cell.c).tanh())
    start = min(max(ask.start, 0), len(text) - 1)
    length = min(max(ask.length, 1), len(text) - start)
    found = find_alike(values, start, length)
    notes = [HELD_OUT] if experiment.data.text and experiment.data.holdout else []
    notes += [] if len(found.above) + len(found.below) else [_NONE]
    return AlikeFacts(
        note=" ".join(notes),
        layer=layer,
        direction=direction,
        start=start,
        length=length,
        begins=found.begins,
        inputs=text.numpy().astype(np.int32),
        units=found.above.astype(np.int32),
        below=found.below.astype(np.int32),
        places=tuple(found.places[: max(0, ask.places)]),
        total=len(found.places),
    )


def find_alike(values: NDArray[np.float32], start: int, length: int) -> Alike:
    """Find the units that are on in a stretch of values (n, H), and the other stretches where most of them are.

    Units that turn on at its start count; where none does, those that are on throughout.
    """
    signs = np.where(np.abs(values) >= _ON, np.sign(values), 0)  # (n, H): −1, 0, 1; NaN is off
    inside = signs[start : start + length]
    stays = (inside == inside[0]).all(0) & (inside[0] != 0)
    turned = stays & (signs[start - 1] != inside[0]) if start else stays
    begins = bool(turned.any())
    chosen = turned if begins else stays
    units = np.flatnonzero(chosen)
    wanted = inside[0][units]
    count = (signs[:, units] == wanted).sum(1)  # (n,) how many of them are on
    places = _places(count, len(units), start, length, signs[:, units] == wanted) if len(units) else []
    return Alike(units[wanted > 0], units[wanted < 0], begins, places)


def _places(count: NDArray[np.intp], units: int, start: int, length: int, on: NDArray[np.bool_]) -> list[AlikePlace]:
    """Return the stretches where most of the units are on, without those that touch the stretch itself."""
    high = count >= max(1, int(np.ceil(_MOST_OF * units)))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8)))
    found = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if begin < start + length and end > start:
            continue
        share = float(count[begin:end].mean()) / units
        alike = min(end - begin, length) / max(end - begin, length)
        throughout = int(on[begin:end].all(0).sum())
        found.append(AlikePlace(start=begin, length=end - begin, units=throughout, score=share * alike))
    return sorted(found, key=lambda each: (-each.score, each.start))
