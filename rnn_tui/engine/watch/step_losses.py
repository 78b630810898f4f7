"""Which logits and targets of a script's loss belong to which time step and row, as far as their shapes say so.

T time steps, N rows, C classes; M numbers of a flattened batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.watch.capture import LossCall
from rnn_tui.engine.watch.sequences import CallSequence

__all__ = ["StepTargets", "step_targets"]

_CLASSES = ("cross_entropy", "nll_loss")


@dataclass(frozen=True, kw_only=True, eq=False)
class StepTargets:
    """What was predicted at each time step, and what was right."""

    logits: Tensor  # (T, N, C)
    indices: Tensor  # (T, N); NONE where there is no target

    def moved(self, by: int) -> "StepTargets":
        """Return the same with classes that begin at another index."""
        steps, rows, _ = self.logits.shape
        nowhere = self.logits.new_full((steps, rows, by), -torch.inf)
        indices = torch.where(self.indices == NONE, NONE, self.indices + by)
        return replace(self, logits=torch.cat((nowhere, self.logits), -1), indices=indices)


def step_targets(
    losses: Sequence[LossCall], sequence: CallSequence, lengths: Tensor | None = None
) -> StepTargets | None:
    """Return the logits and targets of each time step, from one loss of all, or from one for each step.

    `lengths` (N,) are those of rows that are padded, where the script has told them. Return None where the shapes do
    not say which is which, or no classes are predicted.
    """
    losses = [each for each in losses if each.name in _CLASSES and each.outputs.dim() >= 2]
    steps, rows, _ = sequence.x.shape
    if len(losses) == 1:
        return _of_one(losses[0], sequence, lengths)
    by_step = all(each.outputs.shape[:-1] == each.targets.shape == (rows,) for each in losses)
    if losses and by_step and len(losses) == steps:
        logits = torch.stack([each.outputs for each in losses])
        return _with(logits, torch.stack([each.targets for each in losses]), losses[0].ignore_index)
    return None


def _of_one(loss: LossCall, sequence: CallSequence, lengths: Tensor | None) -> StepTargets | None:
    steps, rows, _ = sequence.x.shape
    logits, targets = loss.outputs, loss.targets
    if targets.is_floating_point():
        return None
    if logits.dim() == 3:  # torch wants the classes second: (N, C, T)
        logits = logits.transpose(1, 2)
        if targets.shape != logits.shape[:2]:
            return None
        if targets.shape == (rows, steps) and (sequence.batch_first or steps != rows):
            return _with(logits.transpose(0, 1), targets.T, loss.ignore_index)
        return _with(logits, targets, loss.ignore_index) if targets.shape == (steps, rows) else None
    if logits.dim() != 2 or targets.shape != logits.shape[:1]:
        return None
    count, classes = logits.shape
    if sequence.packed is not None and count == int(sequence.packed.sum()):
        return _of_packed(logits, targets, sequence, loss.ignore_index)
    if count == steps * rows:
        if sequence.batch_first:
            logits, targets = logits.view(rows, steps, classes).transpose(0, 1), targets.view(rows, steps).T
        else:
            logits, targets = logits.view(steps, rows, classes), targets.view(steps, rows)
        return _with(logits, targets, loss.ignore_index)
    if count == rows:  # one answer for each row, at its end
        return _at_the_end(logits, targets, sequence, lengths, loss.ignore_index)
    return None


def _at_the_end(
    logits: Tensor, targets: Tensor, sequence: CallSequence, lengths: Tensor | None, ignore: int
) -> StepTargets:
    steps, rows, _ = sequence.x.shape
    lengths = lengths if sequence.lengths is None else sequence.lengths
    ends = torch.full((rows,), steps) if lengths is None else lengths
    last, every = (ends - 1).to(logits.device), torch.arange(rows, device=logits.device)
    placed = logits.new_zeros(steps, rows, logits.shape[-1])
    placed[last, every] = logits
    indices = targets.new_full((steps, rows), ignore)
    indices[last, every] = targets
    return _with(placed, indices, ignore)


def _of_packed(logits: Tensor, targets: Tensor, sequence: CallSequence, ignore: int) -> StepTargets:
    assert sequence.packed is not None
    back = None if sequence.order is None else sequence.order.argsort()

    def padded(values: Tensor, fill: float) -> Tensor:
        packed = PackedSequence(values, sequence.packed, sequence.order, back)
        return pad_packed_sequence(packed, padding_value=fill)[0]

    return _with(padded(logits, 0), padded(targets, ignore), ignore)


def _with(logits: Tensor, targets: Tensor, ignore: int) -> StepTargets:
    return StepTargets(logits=logits, indices=torch.where(targets == ignore, NONE, targets))
