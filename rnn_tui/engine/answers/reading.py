"""A text as one hidden unit sees it, and which units follow something in it that people have a name for."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.data.text_properties import PROPERTIES, PropertyName
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.engine.inspect.recompute import LayerPass, run_layers
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.model import initial_state
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.reading import Follower, ReadingAsk, ReadingFacts, ReadingOrder

__all__ = ["HELD_OUT", "Ranking", "most_to_read", "ranking", "read_text", "reading_facts", "text_to_read"]

_MOST = 2000  # characters of a text
_PRODUCTS = 1e9  # of weights with numbers: what one reading may take
_ROUNDING = 1e-12  # of the mean square: float32 rounds more than what varies less
HELD_OUT = "The text is from the part held out: nothing of it is learnt."
_NUMBERS = "It reads numbers, and there is no text to be seen: the states show what a unit makes of them."
_FROM_ZERO = "Read from a zero state, not from the random h₀ of the pass."

Doubles = NDArray[np.float64]


def text_to_read(trainer: Trainer, row: int, characters: int) -> Tensor:
    """Return at most so many characters (n,) for the units to read, as indices: those of the row, without its padding.

    Of a text they are the same ones in every pass: the beginning of what is held out, or of all where nothing is.
    """
    dataset = trainer.dataset
    if not isinstance(dataset, TextDataset):
        return dataset.inputs[: min(characters, dataset.steps(row)), row]
    start = dataset.plan.learnt if dataset.plan.held_out else 0
    return torch.from_numpy(dataset.corpus.indices(slice(start, start + characters)).astype(np.int64))


def most_to_read(experiment: Experiment) -> int:
    """Return how many characters one reading may take."""
    return max(1, min(_MOST, int(_PRODUCTS / experiment.weights)))


@torch.no_grad()
def reading_facts(focus: Focus, ask: ReadingAsk) -> ReadingFacts:
    """Return the unit of one rank over the text, read from a zero state with the weights of this tick.

    The whole text is read, also what the pass has not been fed yet, so that the order of the units does not hang on how
    far it has come. Of an LSTM it is c_t (Karpathy, Johnson and Fei-Fei, 2015, arXiv:1506.02078, show tanh c_t): h_t is
    what the output gate lets out of it, and a unit may remember what it does not show at every step.
    """
    observed, trainer = focus.observed, focus.own
    experiment = observed.experiment
    network = experiment.network
    layer = min(max(ask.layer, 0), network.layers - 1)
    direction = min(max(ask.direction, 0), network.directions - 1)
    if experiment.is_numbers:
        nothing = np.zeros(0, np.float32)
        return ReadingFacts(note=_NUMBERS, layer=layer, direction=direction, inputs=np.zeros(0, np.int32), h=nothing)
    if trainer is None:  # what the script has read, from the state that it began with
        wanted = text = observed.dataset.characters[: focus.fed, focus.row]
        cell = focus.cell(layer, direction)
    else:
        wanted = text_to_read(trainer, focus.row, min(max(ask.characters, 1), _MOST))
        text = wanted[: most_to_read(experiment)]
        cell = _read(trainer, text, layer, direction)
    h, c = floats(cell.h), None if cell.c is None else floats(cell.of_units(cell.c))
    found = ranking(
        h if c is None else c, "".join(observed.dataset.vocabulary[index] for index in text.tolist()), ask.order
    )
    rank = min(max(ask.rank, 0), network.hidden_size - 1)
    unit = int(found.units[rank])
    whole = len(wanted) if experiment.data.text else max(len(wanted), observed.dataset.steps(focus.row))
    notes = [HELD_OUT] if experiment.data.text and experiment.data.holdout else []
    notes += [f"The first {len(text):,} of {whole:,} characters are read."] if len(text) < whole else []
    notes += [_FROM_ZERO] if network.initial_state == "random" else []
    return ReadingFacts(
        note=" ".join(filter(None, [found.note, *notes])),
        layer=layer,
        direction=direction,
        hidden_size=network.hidden_size,
        order=found.order,
        rank=rank,
        unit=unit,
        score=float(found.scores[unit]),
        inputs=text.numpy().astype(np.int32),
        h=np.ascontiguousarray(h[:, unit]),
        c=None if c is None else np.ascontiguousarray(c[:, unit]),
        followers=tuple(_follower(name, correlations, unit) for name, correlations in found.follows.items()),
    )


def _read(trainer: Trainer, text: Tensor, layer: int, direction: int) -> UnrolledLayer:
    """Return a layer in one direction over a text (n,), n > 0."""
    return read_text(trainer, text, layers=layer + 1)[layer].directions[direction].row(0)


def read_text(trainer: Trainer, text: Tensor, layers: int | None = None) -> list[LayerPass]:
    """Read a text (n,), n > 0, from a zero state with the weights of this tick; all layers, or the lowest."""
    network, model = trainer.experiment.network, trainer.model
    indices = text.to(trainer.device)[:, None]
    if model.embedding is None:
        indices = F.one_hot(indices, len(trainer.dataset.vocabulary)).float()
    state = initial_state(replace(network, initial_state="zeros"), 1, trainer.device)
    return run_layers(trainer, model.embed(indices), state, layers=layers)


# ---- which unit comes first -------------------------------------------------------------------------------------


class Ranking(NamedTuple):
    """The units of a layer in an order, and how well each of them follows each property."""

    order: ReadingOrder  # as asked for, or by variance where the note says why
    note: str
    units: NDArray[np.int64]  # (H,) the first one first
    scores: Doubles  # (H,) by unit: variance, or Pearson's r
    follows: dict[PropertyName, Doubles | None]  # (H,) r; None: the property is the same everywhere


def ranking(states: NDArray[np.float32], text: str, order: ReadingOrder) -> Ranking:
    """Order the units of states (n, H) over a text of n characters: by variance, or by |r| with a property of the text.

    Of equals the first comes first, and what is not a number comes last: NaN, and r of a unit that does not vary.
    """
    with np.errstate(invalid="ignore"):  # states that are not finite have no variance
        centred = states - states.mean(0, dtype=np.float64)
        follows = {name: _correlations(centred, states, series) for name, series in _series(text).items()}
        scores, note = np.square(centred).mean(0), ""
    if order != "variance":
        by_property, label = follows[order], PROPERTIES[order].label
        if by_property is None:
            order, note = "variance", f"“{label}” is the same everywhere in this text: the units are put by variance."
        elif np.isnan(by_property).all():
            order, note = "variance", f"No unit varies by finite numbers, so none follows “{label}”."
        else:
            scores = by_property
    sizes = np.where(np.isnan(scores), -1.0, np.abs(scores))
    return Ranking(order, note, np.argsort(-sizes, kind="stable"), scores, follows)


@lru_cache(maxsize=4)
def _series(text: str) -> dict[PropertyName, Doubles]:
    """Return each property (n,); cached, since the same text is read again and again."""
    return {name: each.series(text) for name, each in PROPERTIES.items()}


def _correlations(centred: Doubles, states: NDArray[np.float32], series: Doubles) -> Doubles | None:
    """Return Pearson's r of each unit (n, H) with a property (n,), NaN for a unit that does not vary."""
    if not len(series) or series.min() == series.max():
        return None
    property_ = series - series.mean()
    squares = np.square(centred).sum(0)
    squares[squares <= _ROUNDING * np.square(states, dtype=np.float64).sum(0)] = np.nan
    correlations: Doubles = property_ @ centred / np.sqrt(squares * (property_ @ property_))
    return correlations


def _follower(name: PropertyName, correlations: Doubles | None, unit: int) -> Follower:
    if correlations is None:
        return Follower(property=name, varies=False)
    own = float(correlations[unit])
    if np.isnan(correlations).all():
        return Follower(property=name, score=np.nan, own=own)
    best = int(np.nanargmax(np.abs(correlations)))
    return Follower(property=name, unit=best, score=float(correlations[best]), own=own)
