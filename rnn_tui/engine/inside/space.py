"""The way of h_t through its space, and the embedding vectors, in two dimensions."""

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.inside.axes import Axes, principal
from rnn_tui.engine.inside.sight import Sight, sampled
from rnn_tui.engine.outputs import layer_outputs
from rnn_tui.inside import Integers, SpaceAsk, SpaceFacts, SpaceKind

__all__ = ["Spaces"]

_MOST_POINTS = 4096  # that principal components are computed from
_MOST_STEPS = 1024  # of a row that are sent, where there are more points than that
_MOST_CHARACTERS = 512


class Spaces:
    """Points on two principal components, which stay where they are from frame to frame as far as the data allow it.

    Components come with an arbitrary sign, and two of nearly equal variance may swap their places; `axes.py` has what
    is done about both. The axes of the last frame are remembered for each kind, layer and direction.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[SpaceKind, int, int], Tensor] = {}

    @torch.no_grad()
    def facts(self, sight: Sight, ask: SpaceAsk) -> SpaceFacts:
        """The states of some rows as far as they have been fed, or the embedding; a layer that is not is the nearest.

        All rows make one cloud, and its centre is the origin. h_0 is shown where it lies, but moves no axis: it may be
        far from every state.
        """
        network = sight.trainer.experiment.network
        if ask.kind == "embedding" and network.embedding:
            return self._embedding(sight)
        layer, direction = sight.place(ask.layer, ask.direction)
        read = "a number" if sight.trainer.experiment.is_numbers else "one-hot"
        note = (
            f"The input is {read}, so there is no embedding: these are the states." if ask.kind == "embedding" else ""
        )
        if not sight.fed:
            return _nothing(sight.nothing, "states", layer, direction)
        rows = sampled(sight.trainer.task.rows, ask.rows, sight.row)
        states, h_0 = _states(sight, layer, direction, rows)
        if not states.isfinite().all():
            return _nothing("The states are not finite.", "states", layer, direction)

        count, steps, _ = states.shape
        shown = fit = sampled(steps, steps)
        if count * steps > _MOST_POINTS:
            shown, fit = sampled(steps, _MOST_STEPS), sampled(steps, max(1, _MOST_POINTS // count))
            thinned = f"{len(shown):,} of {steps:,} steps are shown, and the axes come from {len(fit):,} of them."
            note = f"{note} {thinned}".lstrip()
        ends = torch.tensor([min(sight.trainer.task.steps(row), steps) for row in rows.tolist()])[:, None]  # (n, 1)
        cloud = states[:, _index(fit, states)][torch.from_numpy(fit) < ends]  # (points, H): none of them padding
        axes = self._axes(("states", layer, direction), _doubles(cloud))
        last = torch.arange(steps).clamp(max=ends - 1)  # (n, T): a row that has ended stays where it is
        states = states[torch.arange(count)[:, None], last]
        characters = sight.trainer.task.characters[: sight.reached].T[torch.from_numpy(rows).long()].gather(1, last)
        return SpaceFacts(
            note=note,
            kind="states",
            layer=layer,
            direction=direction,
            rows=rows,
            characters=characters.numpy().astype(np.int32)[:, shown],
            points=axes.project(_doubles(states[:, _index(shown, states)])),
            start=axes.project(_doubles(h_0)),
            shares=axes.shares,
        )

    def _embedding(self, sight: Sight) -> SpaceFacts:
        embedding = sight.trainer.model.embedding
        assert embedding is not None
        size = embedding.num_embeddings
        characters = sampled(size, _MOST_CHARACTERS)
        vectors = _doubles(embedding.weight[_index(characters, embedding.weight)])
        if not vectors.isfinite().all():
            return _nothing("The embedding is not finite.", "embedding")
        axes = self._axes(("embedding", 0, 0), vectors)
        return SpaceFacts(
            note=f"{_MOST_CHARACTERS} of {size:,} characters are shown." if size > _MOST_CHARACTERS else "",
            kind="embedding",
            rows=np.array([sight.row], np.int32),
            characters=characters[None],
            points=axes.project(vectors[None]),
            start=np.zeros((0, 2), np.float32),
            shares=axes.shares,
        )

    def _axes(self, key: tuple[SpaceKind, int, int], cloud: Tensor) -> Axes:
        """Those of a cloud (..., H), steady since the last frame."""
        last = self._last.get(key)
        size = cloud.shape[-1]
        axes = principal(cloud.reshape(-1, size), last if last is not None and last.shape[1] == size else None)
        self._last[key] = axes.remembered
        return axes


def _states(sight: Sight, layer: int, direction: int, rows: Integers) -> tuple[Tensor, Tensor]:
    """h_t (n, T, H) of some rows of the batch, all at once, and their h_0 (n, H)."""
    if len(rows) == 1:  # that of the other panes
        cell = sight.cell(layer, direction)
        return cell.h[None, : sight.reached], cell.h_0[None]
    trainer, network = sight.trainer, sight.trainer.experiment.network
    h_0 = trainer.h_0[0] if isinstance(trainer.h_0, tuple) else trainer.h_0  # (L*D, N, H)
    chosen = _index(rows, h_0)
    h = layer_outputs(trainer, sight.read, chosen, layer + 1)[-1][: sight.reached]  # (T, n, D*H)
    mine = slice(direction * network.hidden_size, (direction + 1) * network.hidden_size)
    return h[..., mine].transpose(0, 1), h_0[layer * network.directions + direction, chosen]


def _doubles(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().double()  # in this order: not every device has doubles


def _index(chosen: Integers, tensor: Tensor) -> Tensor:
    return torch.from_numpy(chosen).long().to(tensor.device)


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
