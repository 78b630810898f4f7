"""Which outputs and targets of a script's loss belong to which time step and row, as far as their shapes say so.

T time steps, N rows, C classes or numbers; M outputs of a flattened batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.watch.capture import LinearCall, LossCall
from rnn_tui.engine.watch.sequences import CallSequence

__all__ = ["StepTargets", "step_targets"]

_CLASSES = ("cross_entropy", "nll_loss")
_CHANCES = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
_NUMBERS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")

Place = Callable[[Tensor, float], Tensor]  # puts values (..., C) at their time steps, (T, N, C), and a filler elsewhere


@dataclass(frozen=True, kw_only=True, eq=False)
class StepTargets:
    """What was predicted at each time step, and what was right."""

    logits: Tensor  # (T, N, C); of numbers the outputs
    targets: Tensor  # (T, N) indices, or the first of C numbers; NONE or NaN where there is no target

    @property
    def is_numbers(self) -> bool:
        """Whether numbers are predicted, rather than classes."""
        return self.targets.is_floating_point()

    def moved(self, by: int) -> "StepTargets":
        """Return the same with classes that begin at another index."""
        steps, rows, _ = self.logits.shape
        nowhere = self.logits.new_full((steps, rows, by), -torch.inf)
        targets = torch.where(self.targets == NONE, NONE, self.targets + by)
        return replace(self, logits=torch.cat((nowhere, self.logits), -1), targets=targets)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Outputs:
    """What a loss compares, with a last dimension of classes or numbers for the outputs alone."""

    logits: Tensor  # (..., C)
    targets: Tensor  # (...)
    nothing: float  # a target that counts as none


def step_targets(
    losses: Sequence[LossCall],
    sequence: CallSequence,
    lengths: Tensor | None = None,
    heads: Sequence[LinearCall] = (),
) -> StepTargets | None:
    """Return the outputs and targets of each time step, from one loss of all, or from one for each step.

    Classes come first, then chances of yes and no, then numbers. `lengths` (N,) are those of rows that are padded,
    where the script has told them; `heads` are the calls of nn.Linear in the pass. Return None where the shapes do not
    say which is which.
    """
    for names in (_CLASSES, _CHANCES, _NUMBERS):
        mine = [each for each in losses if each.name in names]
        for some in (mine, *([each] for each in reversed(mine))):  # one for each step, or one of all
            found = _of_all(some, sequence, heads) if len(some) != 1 else _of_one(some[0], sequence, lengths, heads)
            if found is not None:
                return found
    return None


def _of_all(losses: Sequence[LossCall], sequence: CallSequence, heads: Sequence[LinearCall]) -> StepTargets | None:
    """Return those of one loss for each step; of one loss less, the last step has none."""
    steps, rows, _ = sequence.x.shape
    each = [_outputs(loss, sequence, heads) for loss in losses]
    if not each or len(each) not in (steps, steps - 1) or any(one is None for one in each):
        return None
    found = [one for one in each if one is not None]
    first = found[0]
    if any(one.targets.shape != (rows,) or one.logits.shape != first.logits.shape for one in found):
        return None
    stacked = replace(
        first, logits=torch.stack([one.logits for one in found]), targets=torch.stack([one.targets for one in found])
    )
    return _placed(stacked, lambda values, filler: _filled(values, steps, filler))


def _of_one(
    loss: LossCall, sequence: CallSequence, lengths: Tensor | None, heads: Sequence[LinearCall]
) -> StepTargets | None:
    outputs = _outputs(loss, sequence, heads)
    if outputs is None:
        return None
    place = _place(tuple(outputs.targets.shape), sequence, lengths)
    return None if place is None else _placed(outputs, place)


def _placed(outputs: _Outputs, place: Place) -> StepTargets:
    targets = place(outputs.targets[..., None], outputs.nothing)[..., 0]
    logits = place(outputs.logits, torch.nan if targets.is_floating_point() else 0.0)
    if not targets.is_floating_point():
        targets = torch.where(targets == int(outputs.nothing), NONE, targets)
    return StepTargets(logits=logits, targets=targets)


# ---- what a loss compares -----------------------------------------------------------------------------------------


def _outputs(loss: LossCall, sequence: CallSequence, heads: Sequence[LinearCall]) -> _Outputs | None:
    """Return what a loss compares; None where that is not a class, a yes or no, or numbers for each target."""
    outputs, targets = loss.outputs, loss.targets
    if loss.name in _CLASSES:
        if targets.is_floating_point() or outputs.dim() < 2:
            return None
        logits = outputs.movedim(1, -1)  # torch wants the classes second: (N, C, T)
        if logits.shape[:-1] != targets.shape:
            return None
        return _Outputs(logits=logits, targets=targets.long(), nothing=loss.ignore_index)
    if outputs.shape != targets.shape or not targets.is_floating_point() or not outputs.dim():
        return None  # what torch has stretched may belong to any step
    if not _counts_numbers(outputs, sequence, heads):
        outputs, targets = outputs[..., None], targets[..., None]
    if loss.name in _NUMBERS:
        return _Outputs(logits=outputs, targets=targets[..., 0], nothing=torch.nan)
    if outputs.shape[-1] != 1 or not ((targets == 0) | (targets == 1)).all():
        return None
    if loss.name == "binary_cross_entropy":
        logits = torch.cat(((1 - outputs).log(), outputs.log()), -1)
    else:
        logits = torch.cat((torch.zeros_like(outputs), outputs), -1)
    return _Outputs(logits=logits, targets=targets[..., 0].long(), nothing=NONE)


def _counts_numbers(outputs: Tensor, sequence: CallSequence, heads: Sequence[LinearCall]) -> bool:
    """Tell whether the last dimension of outputs counts numbers, rather than time steps or rows."""
    if outputs.dim() == 1:
        return False
    if outputs.dim() == 3:
        return True
    steps, rows, _ = sequence.x.shape
    around = {(rows, steps), (steps, rows)} | ({(rows, steps - 1), (steps - 1, rows)} if steps > 2 else set())
    if tuple(outputs.shape) not in around:
        return True
    return any(each.output.shape == outputs.shape and each.output.data_ptr() == outputs.data_ptr() for each in heads)


# ---- where it belongs ---------------------------------------------------------------------------------------------


def _place(shape: tuple[int, ...], sequence: CallSequence, lengths: Tensor | None) -> Place | None:
    """Return what puts the outputs for targets of a shape at their time steps; None where the shape does not say."""
    steps, rows, _ = sequence.x.shape
    if len(shape) == 1:
        (count,) = shape
        if sequence.packed is not None and count == int(sequence.packed.sum()):
            return lambda values, filler: _of_packed(values, sequence, filler)
        if count == steps * rows:
            return lambda values, _: _unflattened(values, sequence, steps)
        if count == rows:  # one answer for each row, at its end
            return lambda values, filler: _at_the_end(values, sequence, lengths, filler)
        if steps > 2 and count == (steps - 1) * rows:  # the last step has none: what comes after it is not known
            return lambda values, filler: _filled(_unflattened(values, sequence, steps - 1), steps, filler)
        return None
    if len(shape) == 2:
        for some in (steps, steps - 1) if steps > 2 else (steps,):
            if shape == (rows, some) and (sequence.batch_first or some != rows):
                return lambda values, filler: _filled(values.transpose(0, 1), steps, filler)
            if shape == (some, rows):
                return lambda values, filler: _filled(values, steps, filler)
    return None


def _unflattened(values: Tensor, sequence: CallSequence, steps: int) -> Tensor:
    """Turn (M, C) into (t, N, C)."""
    rows = sequence.x.shape[1]
    if sequence.batch_first:
        return values.reshape(rows, steps, -1).transpose(0, 1)
    return values.reshape(steps, rows, -1)


def _filled(values: Tensor, steps: int, filler: float) -> Tensor:
    """Fill up values (t, N, C) to all time steps."""
    missing = steps - len(values)
    return torch.cat((values, values.new_full((missing, *values.shape[1:]), filler))) if missing else values


def _at_the_end(values: Tensor, sequence: CallSequence, lengths: Tensor | None, filler: float) -> Tensor:
    """Put values (N, C) at the last step of each row."""
    steps, rows, _ = sequence.x.shape
    lengths = lengths if sequence.lengths is None else sequence.lengths
    ends = torch.full((rows,), steps) if lengths is None else lengths
    placed = values.new_full((steps, rows, values.shape[-1]), filler)
    placed[(ends - 1).to(values.device), torch.arange(rows, device=values.device)] = values
    return placed


def _of_packed(values: Tensor, sequence: CallSequence, filler: float) -> Tensor:
    """Put values (M, C) where they were packed."""
    assert sequence.packed is not None
    back = None if sequence.order is None else sequence.order.argsort()
    packed = PackedSequence(values, sequence.packed, sequence.order, back)
    return pad_packed_sequence(packed, padding_value=filler)[0]
