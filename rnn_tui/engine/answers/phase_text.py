"""A phase of slow motion as a message: its numbers, and a line in plain words."""

import math
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from rnn_tui.common.glyphs import token_glyph
from rnn_tui.common.wording import quoted, step_name
from rnn_tui.data.pairs import NONE
from rnn_tui.engine.inspect.focus import floats, sampled
from rnn_tui.engine.inspect.slow_motion import PhasedTick, PhasePlace
from rnn_tui.engine.network.cells import hidden
from rnn_tui.engine.training.losses import step_losses
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.cell_kinds import CellKind
from rnn_tui.protocol.phase import Gradient, Phase

__all__ = ["describe"]

_MOST = 8  # numbers that a line may hold
_FEW = 3  # columns of a series that it names
_NAMES = {
    "update": "the update",
    "embed": "the input",
    "cell": "the cell",
    "head": "the linear head",
    "softmax": "softmax",
    "loss": "the loss",
    "backward": "backward",
}
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}

Numbers = tuple[tuple[str, float], ...]


@torch.no_grad()
def describe(motion: PhasedTick, row: int, window: tuple[int, int], units: int = 0) -> Phase:
    """Describe the phase that a tick is held at, for a row of the batch, the time steps and the units on the screen."""
    now = motion.now
    row = min(max(row, 0), motion.trainer.dataset.rows - 1)
    words, numbers = _WORDS[now.kind](motion, now, row)
    flows = now.kind == "backward"
    return Phase(
        kind=now.kind,
        time_step=now.step,
        layer=now.layer,
        direction=now.direction,
        words=words,
        next=_next(motion),
        numbers=numbers,
        moved=motion.moved if now.kind == "update" else (),
        gradients=_gradients(motion, row, window, units) if flows else (),
        largest=_largest(motion.norms, row) if flows else 0.0,
        largest_value=_largest(motion.gradients, row) if flows else 0.0,
    )


def _next(motion: PhasedTick) -> str:
    """Say which phase comes next, and at which time step if that is another one."""
    now, then = motion.now, motion.next
    if then is None:
        return "the next tick"
    if then.kind == "backward" and now.kind != "backward":
        return "backward, from the last step to the first"
    at = f" at {step_name(then.step)}" if then.step != now.step or now.kind == "update" else ""
    layer = f" of layer {then.layer + 1}" if then.layer >= 0 and motion.network.layers > 1 else ""
    return f"{_NAMES[then.kind]}{layer}{at}"


def _update(motion: PhasedTick, _now: PhasePlace, _row: int) -> tuple[str, Numbers]:
    training = motion.trainer.experiment.training
    if not motion.updated:
        words = f"No update yet: the gradients of {motion.collected} of {training.accumulate} passes are collected. "
        return f"{words}A new pass begins.", (("‖∂L/∂W‖", motion.steepness),)
    clipped = training.clip and motion.steepness > training.clip
    how = f" (gradients clipped to norm {training.clip:g})" if clipped else ", which all time steps share"
    which = _OPTIMIZERS[training.optimizer] + (f" μ={training.momentum:g}" if training.momentum else "")
    words = f"Update: {which} moves the weights{how}. A new pass begins."
    return words, (("‖∂L/∂W‖", motion.steepness),)


def _name(trainer: Trainer, index: int) -> str:
    """Return a token or a label as it is drawn."""
    return token_glyph(trainer.experiment.name_of(index))


def _embed(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    trainer = motion.trainer
    x = motion.made("embed")[now.step - motion.start, row]
    if isinstance(trainer.dataset, SeriesDataset):
        return f"{step_name(now.step)}: the input {_values_read(trainer.dataset, now.step, row)}.", _vector("x", x)
    index = int(trainer.dataset.inputs[now.step, row])
    if index == NONE:
        return _ended(now), ()
    character = _name(trainer, index)
    if motion.network.embedding:
        words = f"the input {quoted(character)} is looked up in the embedding: {motion.network.embedding} numbers."
    else:
        place = f"place {index + 1} of {len(trainer.dataset.vocabulary)}"
        words = f"the input {quoted(character)} becomes one-hot: 1 at {place}, 0 elsewhere."
    return f"{step_name(now.step)}: {words}", _vector("x", x)


def _ended(now: PhasePlace) -> str:
    return f"{step_name(now.step)}: this row has ended. Longer ones go on; what is computed here does not count."


def _cell(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    network, trainer = motion.network, motion.trainer
    kind, t = network.kind, now.step
    if t >= trainer.dataset.steps(row):
        return _ended(now), ()
    before = t + 1 if now.direction else t - 1
    first = before in (-1, trainer.dataset.steps(row))
    if motion.stop - motion.start == 1:  # what the tick itself has computed
        h = hidden(trainer.state)[now.layer * network.directions + now.direction, row]
    else:
        h = motion.layers[now.layer].directions[now.direction].h[t, row]
    reads = "input" if now.layer == 0 else f"layer {now.layer}"
    name = f"layer {now.layer + 1}" if network.layers > 1 else "the cell"
    way = ("→←"[now.direction]) if network.bidirectional else ""
    with_what = "h₀" if first else "state" if now.layer == 0 else "its state"
    words = f"{step_name(t)}: {name}{way} mixes {reads} and {with_what}"
    note = _in_one_call(motion) if t == motion.start and now.layer == 0 and not now.direction else ""
    before_h = "h₀" if first else "hₜ₊₁" if now.direction else "hₜ₋₁"
    made = kind.about or _equation(kind, before_h)
    return f"{words}. {note}" if note else f"{words}: {made}", _vector("hₜ", h)


def _equation(kind: CellKind, before: str) -> str:
    """Return the equation of a plain RNN; `before` names the state that the step begins with."""
    return f"hₜ = {kind.gates[0].squash}(W_ih xₜ + b_ih + W_hh {before} + b_hh)"


def _in_one_call(motion: PhasedTick) -> str:
    """Say what the library does at once, though it is shown in order."""
    steps = motion.stop - motion.start
    if not isinstance(motion.trainer.model.recurrent, nn.RNNBase):
        return ""
    name = f"nn.{motion.network.kind.module}"
    if steps > 1:
        return f"({name} does all {steps} steps in one call.)"
    return f"({name} does all {motion.network.layers} layers in one call.)" if motion.network.layers > 1 else ""


def _head(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    logits = motion.made("head")[now.step - motion.start, row]
    if motion.trainer.experiment.is_numbers:
        many = "one number" if len(logits) == 1 else f"{len(logits)} numbers"
        words = f"{step_name(now.step)}: the linear head makes {many} of the state: W h + b."
        return words, _vector("output", logits)
    experiment = motion.trainer.experiment
    first, what = experiment.classes_from, "label" if experiment.data.labels else experiment.data.unit
    words = f"{step_name(now.step)}: the linear head makes a score for each {what}: W h + b."
    shown = range(first, min(len(logits), first + _MOST))
    return words, tuple((_name(motion.trainer, index), float(logits[index])) for index in shown)


def _values_read(dataset: SeriesDataset, step: int, row: int) -> str:
    """Write what is read at a time step, in its units."""
    numbers = dataset.inputs[step, row]
    texts = [
        dataset.value_text(float(dataset.inputs_in_units(numbers, column)), dataset.reads[column])
        for column in range(min(len(numbers), _FEW))
    ]
    more = ", …" if len(numbers) > _FEW else ""
    how = ", standardised" if dataset.series.standardise else ""
    many = "one number" if len(numbers) == 1 else f"{len(numbers)} numbers"
    return f"{', '.join(texts)}{more} is read as {many}{how}"


def _squared(dataset: SeriesDataset, step: int, output: Tensor, target: Tensor) -> tuple[str, list[tuple[str, float]]]:
    """Say what the targets (K,) of a time step are, beside the outputs (K,)."""
    how = ", standardised" if dataset.series.standardise else ""
    if len(target) == 1:
        true = dataset.value_text(float(dataset.in_units(target)), dataset.series.says[0])
        words = f"{step_name(step)}: the target is {true}. Loss = (output − target)²{how}."
        return words, [("output", float(output[0])), ("target", float(target[0]))]
    words = f"{step_name(step)}: {len(target)} targets. Loss = the mean of (output − target)²{how}."
    pairs = zip(output.tolist(), target.tolist(), strict=True)
    return words, [each for said, true in islice(pairs, _FEW) for each in (("output", said), ("target", true))]


def _softmax(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    p = motion.made("head")[now.step - motion.start, row].softmax(-1)
    scores = "the scores" if motion.network.head == "linear" else "the state itself"
    words = f"{step_name(now.step)}: softmax turns {scores} into probabilities; the largest is the answer."
    best = p.argsort(descending=True, stable=True)[:_MOST].tolist()
    return words, tuple((_name(motion.trainer, index), float(p[index])) for index in best if p[index] > 0)


def _loss(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    trainer = motion.trainer
    targets = trainer.dataset.targets
    assert targets is not None
    target = targets[now.step, row]
    output = motion.made("head")[now.step - motion.start, row]
    loss = float(step_losses(output[None].cpu(), target[None]))
    if isinstance(trainer.dataset, SeriesDataset):
        if bool(target.isnan().any()):
            return f"{step_name(now.step)}: this step has no target, so nothing is added to the loss.", ()
        words, numbers = _squared(trainer.dataset, now.step, output, target)
        numbers.append(("loss", loss))
    elif int(target) == NONE:
        return f"{step_name(now.step)}: this step has no target, so nothing is added to the loss.", ()
    else:
        smoothing = trainer.experiment.training.label_smoothing
        first = trainer.classes_from
        smoothed = float(step_losses(output[None].cpu(), target[None], smoothing, first=first))
        best = int(output.argmax())  # of equals the first, as in the prediction
        character, answer = _name(trainer, int(target)), _name(trainer, best)
        right = best == int(target)
        verdict = f"it predicts {quoted(answer)}, the target"
        if not right:
            verdict = f"it predicts {quoted(answer)}; the target is {quoted(character)}"
        formula, name = f"−log p({quoted(character)}): 0 if it were certain", f"loss −log p({character})"
        if smoothing:
            formula = f"−{1 - smoothing:g} log p({quoted(character)}) − {smoothing:g} mean log p"
            name = "loss, smoothed"
        words = f"{step_name(now.step)}: {verdict}. Loss = {formula}."
        numbers = [(f"target: p({character})", math.exp(-loss)), (name, smoothed)]
        numbers += [] if right else [(f"predicted: p({answer})", float(output.softmax(-1)[best]))]
    if motion.stop - motion.start == 1 and trainer.dataset.rows == 1:  # the tick's own numbers
        assert trainer.loss is not None
        assert trainer.total is not None
        numbers = [(name, trainer.loss.item() if name.startswith("loss") else value) for name, value in numbers]
        whole = motion.stop == trainer.length and trainer.experiment.training.reduction == "mean"
        numbers.append(("mean" if whole else "added up", trainer.total.item()))
    elif now.step == trainer.length - 1 and trainer.total is not None:
        numbers.append(("of the whole pass", trainer.total.item()))
    return words, tuple(numbers)


def _backward(motion: PhasedTick, now: PhasePlace, row: int) -> tuple[str, Numbers]:
    network, t, steps = motion.network, now.step, motion.trainer.dataset.steps(row)
    if t >= steps:
        return _ended(now), ()
    layers = range(network.layers) if now.layer < 0 else (now.layer,)
    after = t - 1 if now.direction else t + 1
    top = now.layer in (-1, network.layers - 1)
    out = "its output" if top else f"layer {now.layer + 2}"
    if after in (-1, motion.stop, steps):
        where = "at the last step" if not now.direction else f"for ← at {step_name(t)}"
        words = f"Backward starts {where}: the loss reaches h at {step_name(t)} through {out} only."
    else:
        through = f"{out} and through the next h, at {step_name(after)}"
        words = f"Backward to {step_name(t)}: the loss reaches h through {through}."
    norms = [float(motion.norms[layer][now.direction][t, row]) for layer in reversed(layers)]
    names = [f"layer {layer + 1}" for layer in reversed(layers)] if network.layers > 1 else [""]
    names[0] = f"‖∂L/∂h‖ {names[0]}".strip()
    return words, tuple(zip(names, norms, strict=True))


_WORDS = {
    "update": _update,
    "embed": _embed,
    "cell": _cell,
    "head": _head,
    "softmax": _softmax,
    "loss": _loss,
    "backward": _backward,
}


def _gradients(motion: PhasedTick, row: int, window: tuple[int, int], units: int) -> tuple[Gradient, ...]:
    """Return the norms that backward has come to, inside the window, and the gradients of as many units as fit."""
    chosen = sampled(motion.network.hidden_size, units)[: max(0, units)]
    found = []
    for layer, both in enumerate(motion.norms):
        for direction, norms in enumerate(both):
            start, stop = motion.visited(layer, direction)
            start, stop = max(start, window[0]), min(stop, window[1])
            if start < stop:
                values = motion.gradients[layer][direction][start:stop, row][:, chosen.tolist()]
                found.append(
                    Gradient(
                        layer=layer,
                        direction=direction,
                        first=start,
                        norms=floats(norms[start:stop, row]),
                        units=chosen,
                        values=floats(values.T),
                    )
                )
    return tuple(found)


def _largest(layers: list[list[torch.Tensor]], row: int) -> float:
    """Return the largest finite size of all numbers of a row; each tensor is (T, N, ...)."""
    sizes = [each[:, row].float().abs().numpy() for both in layers for each in both]
    return max((float(np.max(each, initial=0.0, where=np.isfinite(each))) for each in sizes), default=0.0)


def _vector(name: str, values: torch.Tensor) -> Numbers:
    """Return the first numbers of a vector: only the first of them has a name."""
    return tuple((f"{name} =" if number == 0 else "", value) for number, value in enumerate(values[:_MOST].tolist()))
