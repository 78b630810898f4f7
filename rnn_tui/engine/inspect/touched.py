"""A pass in which some numbers are others: a copy that is computed for whoever touches it, and then forgotten.

The trainer that it is made of is only read. Its weights, gradients, losses and random numbers stay as they are, to the
bit.
"""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rnn_tui.engine.inspect.observed_pass import HeldState
from rnn_tui.engine.inspect.recompute import run_layers, steps_there
from rnn_tui.engine.network.cells import State, map_state, parts
from rnn_tui.engine.training.batches_on_device import Dataset
from rnn_tui.engine.training.losses import loss_of
from rnn_tui.engine.training.precision import forward_parts
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.touch import Touch, TouchFacts

__all__ = ["TouchError", "touched"]


class TouchError(ValueError):
    """A touch that is not possible; the message says why."""


def touched(trainer: Trainer, touches: Sequence[Touch]) -> tuple[Trainer, TouchFacts]:
    """Return a copy of the pass under way with other numbers, computed as far as it has been fed, and what they were.

    The copy is to be looked at only. Raises TouchError.
    """
    if not steps_there(trainer):
        raise TouchError("Nothing of this pass is there to be touched: → feeds a character.")
    if trainer.device.type != "cpu" and trainer.experiment.training.precision != "float32":
        raise TouchError("Only a network in float32 can be touched.")
    made = _copy(trainer)
    before = tuple(_touch(made, each) for each in touches)
    _compute(made)
    return made, TouchFacts(
        touches=tuple(touches), before=before, loss=_number(made.total), loss_before=_number(trainer.total)
    )


def _copy(trainer: Trainer) -> Trainer:
    made = copy.copy(trainer)
    made.model = copy.deepcopy(trainer.model)
    made.dataset = copy.copy(trainer.dataset)
    made.h_0 = map_state(trainer.h_0, Tensor.clone)
    precision = trainer.experiment.training.precision
    made._embed, made._recur, made._read_out = forward_parts(made.model, precision, made.cast)
    made.updater = copy.copy(trainer.updater)
    made.updater.scaler = None
    made.collected = min(trainer.collected, 1)  # its gradients are those of this pass alone
    return made


def _compute(made: Trainer) -> None:
    """Compute logits and loss of the steps fed, and at the end of the pass the gradients of all weights."""
    fed, dataset, whole = made.fed, made.dataset, made.at_end_of_pass
    with torch.set_grad_enabled(made.learns and whole):
        x = dataset.x(0, fed)
        x = made.model.embed(x.transpose(0, 1) if dataset.batch_first else x)
        masks = None if made.masks is None else made.masks[:, :fed]
        layers = run_layers(made, x, made.h_0, masks=masks, lengths=dataset.lengths, held=made.held)
        logits = made._read_out(layers[-1].h)
        made.logits = [logits.detach()]
        if not made.learns:
            return
        mean = made.experiment.training.reduction == "mean" and whole
        smoothing = made.experiment.training.label_smoothing
        loss = loss_of(logits, dataset.y(0, fed), "mean" if mean else "sum", smoothing, first=made.classes_from)
        loss = loss if mean else loss / dataset.all_rows
        made.total = made.loss = loss.detach()
        if whole:
            weights = list(made.model.parameters())
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights, allow_unused=True), strict=True):
                weight.grad = gradient


def _touch(made: Trainer, touch: Touch) -> float:
    """Make one number another, unless its value is None; return what it was. Raises TouchError."""
    if touch.value is not None and not math.isfinite(touch.value):
        raise TouchError("It must be a finite number.")
    if touch.value is not None and abs(touch.value) > torch.finfo(torch.float32).max:
        raise TouchError("It is too large for float32.")
    with torch.no_grad():
        match touch.kind:
            case "input":
                return _touch_input(made, touch)
            case "weight":
                return _touch_weight(made, touch)
            case "state":
                return _touch_state(made, touch)
            case _:
                return _touch_first_state(made, touch)


def _touch_input(made: Trainer, touch: Touch) -> float:
    dataset = made.dataset
    _check("row", touch.row, dataset.rows)
    _check("time step", touch.step, dataset.steps(touch.row))
    before = dataset.inputs[touch.step, touch.row].clone()
    place = (touch.row, touch.step) if dataset.batch_first else (touch.step, touch.row)
    dataset.inputs, dataset._x = dataset.inputs.clone(), dataset._x.clone()
    if isinstance(dataset, SeriesDataset):
        _check("column", touch.unit, len(dataset.reads))
        if touch.value is not None:
            scale = dataset.scales[dataset.reads[touch.unit]]
            value = (touch.value - scale.mean) / scale.deviation
            dataset.inputs[touch.step, touch.row, touch.unit] = value
            dataset._x[(*place, touch.unit)] = value
        return float(dataset.inputs_in_units(before, touch.unit))
    if touch.value is not None:
        _write_character(dataset, touch, place)
    return float(before)


def _write_character(dataset: Dataset, touch: Touch, place: tuple[int, ...]) -> None:
    assert touch.value is not None
    index = int(touch.value) if abs(touch.value) < 2**31 else -1
    if index != touch.value:
        raise TouchError("A character is chosen by its number in the vocabulary.")
    _check("character", index, len(dataset.vocabulary))
    dataset.inputs[touch.step, touch.row] = index
    if dataset._x.is_floating_point():  # one-hot
        dataset._x[place] = 0
        dataset._x[(*place, index)] = 1
    else:
        dataset._x[place] = index


def _touch_weight(made: Trainer, touch: Touch) -> float:
    weights = {name.removeprefix("recurrent."): weight for name, weight in made.model.named_parameters()}
    if touch.name not in weights:
        raise TouchError("There is no such weight tensor.")
    weight = weights[touch.name]
    if len(touch.at) != weight.dim():
        raise TouchError(f"One of its numbers is named by {weight.dim()}.")
    for what, at, size in zip(("row", "column"), touch.at, weight.shape, strict=False):
        _check(what, at, size)
    old = float(weight[touch.at])
    if touch.value is not None:
        weight[touch.at] = touch.value
    return old


def _touch_first_state(made: Trainer, touch: Touch) -> float:
    network, all_parts = made.experiment.network, parts(made.h_0)
    if touch.kind == "c0" and len(all_parts) < 2:
        raise TouchError("Only an LSTM has a c₀.")
    _check("row", touch.row, made.dataset.rows)
    _check_unit(made, touch)
    part = all_parts[touch.kind == "c0"]
    at = (touch.layer * network.directions + touch.direction, touch.row, touch.unit)
    old = float(part[at])
    if touch.value is not None:
        part[at] = touch.value
    return old


def _touch_state(made: Trainer, touch: Touch) -> float:
    network = made.experiment.network
    if network.bidirectional:
        raise TouchError("States cannot be touched in a network that reads both ways.")
    _check("row", touch.row, made.dataset.rows)
    _check("time step", touch.step, min(made.fed, made.dataset.steps(touch.row)))
    _check_unit(made, touch)
    before = _state_now(made, touch)
    if touch.value is not None:
        held = HeldState(step=touch.step, layer=touch.layer, row=touch.row, unit=touch.unit, value=touch.value)
        made.held = (*made.held, held)
    return before


def _state_now(made: Trainer, touch: Touch) -> float:
    """Return a state as it is with the touches before."""
    dataset, stop = made.dataset, touch.step + 1
    x = dataset.x(0, made.fed)
    x = made.model.embed(x.transpose(0, 1) if dataset.batch_first else x)[:stop]
    masks = None if made.masks is None else made.masks[:, :stop]
    state: State = made.h_0
    layers = run_layers(made, x, state, masks=masks, layers=touch.layer + 1, held=made.held)
    return float(layers[touch.layer].h[touch.step, touch.row, touch.unit])


def _check_unit(made: Trainer, touch: Touch) -> None:
    network = made.experiment.network
    _check("layer", touch.layer, network.layers)
    _check("direction", touch.direction, network.directions)
    _check("unit", touch.unit, network.hidden_size)


def _check(what: str, at: int, size: int) -> None:
    if not 0 <= at < size:
        raise TouchError(f"There is no {what} {at + 1:,}: there are {size:,}.")


def _number(loss: Tensor | None) -> float | None:
    return None if loss is None else loss.item()
