"""The evaluation of M networks on what is held out: the pieces that a single run evaluates, all networks at once."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.engine.field.stacked_batches import own_steps, read_by_all
from rnn_tui.engine.field.stacked_model import StackedModel
from rnn_tui.engine.network.cells import State
from rnn_tui.engine.network.model import drawn_state
from rnn_tui.engine.training.batches_on_device import Dataset, LongDataset, PairsDataset
from rnn_tui.engine.training.held_out_eval import HeldOutPieces
from rnn_tui.engine.training.losses import step_losses, there
from rnn_tui.experiment.spec import Experiment

__all__ = ["StackedHeldOut"]


class StackedHeldOut:
    """Evaluates members on what is held out: the same pieces, which all share where they have one source."""

    def __init__(self, experiments: Sequence[Experiment], datasets: Sequence[Dataset]) -> None:
        self._experiments = list(experiments)
        self._pieces = [_pieces(experiments[0], each) for each in datasets]
        self._sources = [each.source for each in datasets]
        self._dataset = datasets[0]
        self._states: dict[int, State] = {}  # before a first step, by the number of rows

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these members alone, by their places."""
        self._experiments = [self._experiments[row] for row in rows]
        self._pieces = [self._pieces[row] for row in rows]
        self._sources = [self._sources[row] for row in rows]
        self._states.clear()

    def wants(self, update: int) -> bool:
        """Tell whether it is evaluated at that update."""
        return self._pieces[0].wants(update)

    @torch.no_grad()
    def evaluate(self, model: StackedModel, *, whole: bool = False) -> NDArray[np.float64]:
        """Return the loss of each member, (M,): in nats per character, or squared errors.

        `whole`: of all that is held out, as at the end of a run; else of the part that is evaluated every time.
        """
        is_shared = all(each is self._sources[0] for each in self._sources)
        members = self._pieces[:1] if is_shared else self._pieces
        nats, count = np.zeros(len(self._experiments)), np.zeros(len(members))
        state: State | None = None
        pieces = [each.all if whole else each.part for each in members]
        for number in range(len(pieces[0])):
            x, y, own = self._read([each[number]() for each in pieces], model.flat.dtype)
            if state is None or not self._pieces[0].goes_on:
                state = self._first_state(y.shape[2])
            logits, state = model.logits(x[0] if is_shared else x, state, None, own)
            losses: Tensor = step_losses(logits, y.expand(len(logits), *y.shape[1:]))
            nats += losses.sum((1, 2)).double().numpy()
            count += (there(y)).sum((1, 2)).numpy()
        return nats / count if count.all() else np.full(len(nats), math.nan)

    def _read(
        self, pieces: Sequence[tuple[Tensor, Tensor, Tensor | None]], dtype: torch.dtype
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return what is read (K, T, N, C), the targets (K, T, N) and the own steps (K, T, N, 1) of K sources."""
        embeds = self._experiments[0].network.embedding > 0
        x = torch.stack([read_by_all(each, self._dataset, dtype, embeds=embeds) for each, _, _ in pieces])
        y = torch.stack([targets for _, targets, _ in pieces])
        y = y.to(dtype) if y.is_floating_point() else y.to(torch.int64)
        if all(lengths is None for _, _, lengths in pieces):
            return x, y, None
        return x, y, torch.stack([own_steps(lengths, *targets.shape[:2]) for _, targets, lengths in pieces])

    def _first_state(self, rows: int) -> State:
        if rows not in self._states:
            each = [drawn_state(one, rows, torch.device("cpu")) for one in self._experiments]
            if self._experiments[0].network.kind.has_c:
                self._states[rows] = torch.stack([h for h, _ in each]), torch.stack([c for _, c in each])
            else:
                self._states[rows] = torch.stack([h for h in each if isinstance(h, Tensor)])
        return self._states[rows]


def _pieces(experiment: Experiment, dataset: Dataset) -> HeldOutPieces:
    assert isinstance(dataset, (LongDataset, PairsDataset))
    return HeldOutPieces(experiment, dataset, torch.device("cpu"))
