"""The path of h_t through its space, and the embedding vectors, in two dimensions."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.engine.answers.fixed_points import FixedPointWatch, states_of_layer, why_none
from rnn_tui.engine.inspect.fixed_points import FixedPoints
from rnn_tui.engine.inspect.focus import Focus, sampled
from rnn_tui.engine.inspect.pca import Axes, principal
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.protocol.arrays import Integers
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts, SpaceKind

__all__ = ["Spaces", "space_facts"]

_MOST_POINTS = 4096  # that principal components are computed from
_MOST_STEPS = 1024  # of a row that are sent, where there are more points than that
_ROWS = 64  # that the axes are computed from at least, where there are more points than that
_MOST_CHARACTERS = 512


def space_facts(focus: Focus, ask: SpaceAsk) -> SpaceFacts:
    """Return the points on the axes of the frame before, as far as the data allow it; see `Spaces`."""
    spaces: Spaces = focus.memory.setdefault("space", Spaces())
    return spaces.facts(focus, ask)


class Spaces:
    """Points on two principal components, which stay still from frame to frame as far as the data allow it.

    Components come with an arbitrary sign, and two of nearly equal variance may swap their places;
    `inspect/pca.py` has what is done about both. The axes of the last frame are remembered for each kind, layer
    and direction.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[SpaceKind, int, int], Tensor] = {}

    @torch.no_grad()
    def facts(self, focus: Focus, ask: SpaceAsk) -> SpaceFacts:
        """Return the states of some rows as far as they have been fed, or the embedding.

        All rows of the batch make one cloud, each to its own end, whichever of them is looked at or shown; its centre
        is the origin. h_0 is shown where it lies, but moves no axis: it may be far from every state.
        """
        network = focus.observed.experiment.network
        if ask.kind == "embedding" and network.embedding:
            return self._embedding(focus)
        layer, direction = focus.place(ask.layer, ask.direction)
        read = "a number" if focus.observed.experiment.is_numbers else "one-hot"
        note = (
            f"The input is {read}, so there is no embedding: these are the states." if ask.kind == "embedding" else ""
        )
        if not focus.fed:
            return _nothing(focus.nothing, "states", layer, direction)
        dataset, steps = focus.observed.dataset, focus.whole_reached
        rows = sampled(dataset.rows, ask.rows, focus.row)
        shown = sampled(steps, _MOST_STEPS if len(rows) * steps > _MOST_POINTS else steps)
        fit_rows, fit_steps = _fit(dataset.rows, steps)
        every = np.union1d(rows, fit_rows).astype(np.int32)
        states, h_0 = _states(focus, layer, direction, every)
        ends = torch.tensor([min(dataset.steps(row), steps) for row in every.tolist()])[:, None]  # (n, 1)
        there = (torch.arange(steps) < ends).to(states.device)  # (n, T): none of them padding
        if not states[there].isfinite().all():
            return _nothing("The states are not finite.", "states", layer, direction)

        mine, fit = _index(np.searchsorted(every, rows)), _index(np.searchsorted(every, fit_rows))
        chosen = fit[:, None], _index(fit_steps)
        cloud = _doubles(states[chosen][there[chosen]])  # (points, H)
        axes = self._axes(("states", layer, direction), cloud)
        last = torch.arange(steps).clamp(max=ends[mine] - 1)  # (n, T): a row that has ended stays where it is
        states = states[mine.to(states.device)[:, None], last.to(states.device)]
        characters = dataset.characters[:steps].T[torch.from_numpy(rows).long()].gather(1, last)
        fixed, why = _fixed(focus, layer) if ask.kind == "fixed" else (None, "")
        projected = axes.project(cloud)
        furthest, lowest, highest = np.abs(projected).max(0), projected.min(0), projected.max(0)
        return SpaceFacts(
            note=" ".join(
                filter(None, (note, why, _thinned(steps, len(shown), dataset.rows, len(fit_rows), len(fit_steps))))
            ),
            kind="states" if fixed is None else "fixed",
            layer=layer,
            direction=direction,
            rows=rows,
            characters=characters.numpy().astype(np.int32)[:, shown],
            points=axes.project(_doubles(states[:, _index(shown)])),
            start=axes.project(_doubles(h_0[mine])),
            shares=axes.shares,
            furthest=(float(furthest[0]), float(furthest[1])),
            lowest=(float(lowest[0]), float(lowest[1])),
            highest=(float(highest[0]), float(highest[1])),
            fixed=None if fixed is None else axes.project(_doubles(fixed[0])),
            unstable=None if fixed is None else fixed[1].unstable.numpy().astype(np.int32),
            largest=None if fixed is None else fixed[1].largest.float().numpy(),
        )

    def _embedding(self, focus: Focus) -> SpaceFacts:
        embedding = focus.observed.model.embedding
        assert embedding is not None
        size = embedding.num_embeddings
        characters = sampled(size, _MOST_CHARACTERS)
        vectors = _doubles(embedding.weight[_index(characters).to(embedding.weight.device)])
        if not vectors.isfinite().all():
            return _nothing("The embedding is not finite.", "embedding")
        axes = self._axes(("embedding", 0, 0), vectors)
        return SpaceFacts(
            note=f"{_MOST_CHARACTERS} of {size:,} characters are shown." if size > _MOST_CHARACTERS else "",
            kind="embedding",
            rows=np.array([focus.row], np.int32),
            characters=characters[None],
            points=axes.project(vectors[None]),
            start=np.zeros((0, 2), np.float32),
            shares=axes.shares,
        )

    def _axes(self, key: tuple[SpaceKind, int, int], cloud: Tensor) -> Axes:
        """Return the axes of a cloud (..., H), steady since the last frame."""
        last = self._last.get(key)
        size = cloud.shape[-1]
        axes = principal(cloud.reshape(-1, size), last if last is not None and last.shape[1] == size else None)
        self._last[key] = axes.remembered
        return axes


def _fixed(focus: Focus, layer: int) -> tuple[tuple[Tensor, FixedPoints] | None, str]:
    """Return the h of a layer (m, H) at the fixed points, and these; or None and why there are none."""
    why = why_none(focus.own)
    if why or focus.own is None:
        return None, why
    watch: FixedPointWatch = focus.memory.setdefault("fixed", FixedPointWatch())
    with torch.enable_grad():
        found = watch.look(focus)
    return (states_of_layer(found, focus.own, layer), found), ""


def _fit(rows: int, steps: int) -> tuple[Integers, Integers]:
    """Choose the rows and time steps that the axes are computed from: all, or an evenly spread part that is quick."""
    if rows * steps <= _MOST_POINTS:
        return sampled(rows, rows), sampled(steps, steps)
    some = sampled(rows, max(_ROWS, _MOST_POINTS // steps))
    return some, sampled(steps, max(1, _MOST_POINTS // len(some)))


def _thinned(steps: int, shown: int, rows: int, fit_rows: int, fit_steps: int) -> str:
    """Say what is left out of the picture, and of the cloud that gives it its axes."""
    of_steps = f"{fit_steps:,} of " + ("them" if shown < steps else f"{steps:,} steps") if fit_steps < steps else ""
    of_rows = f"{fit_rows:,} of {rows:,} rows" if fit_rows < rows else ""
    axes = "the axes come from " + " in ".join(filter(None, (of_steps, of_rows))) if of_steps or of_rows else ""
    parts = [f"{shown:,} of {steps:,} steps are shown" if shown < steps else "", axes]
    text = ", and ".join(filter(None, parts))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _states(focus: Focus, layer: int, direction: int, rows: Integers) -> tuple[Tensor, Tensor]:
    """Return h_t (n, T, H) of some rows of the batch, all at once, and their h_0 (n, H)."""
    observed = focus.observed
    if observed.dataset.rows == 1:  # as the other panes have it
        cell = focus.cell(layer, direction)
        return cell.h[None, : focus.reached], cell.h_0[None]
    states = recompute(observed, focus.whole_read, rows.tolist(), layer + 1)[layer].directions[direction]
    return states.h[: focus.whole_reached].transpose(0, 1), states.h_0


def _doubles(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().double()  # in this order: not every device has doubles


def _index(chosen: Integers | NDArray[np.intp]) -> Tensor:
    return torch.from_numpy(chosen.astype(np.int64))


def _nothing(note: str, kind: SpaceKind, layer: int = 0, direction: int = 0) -> SpaceFacts:
    return SpaceFacts(
        note=note,
        kind=kind,
        layer=layer,
        direction=direction,
        rows=np.zeros(0, np.int32),
        characters=np.zeros((0, 0), np.int32),
        points=np.zeros((0, 0, 2), np.float32),
        start=np.zeros((0, 2), np.float32),
    )
