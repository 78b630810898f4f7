"""The tensors of weights, their gradients, and how the last update moved them."""

import math
from collections.abc import Iterable

import msgspec
import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.inspect.focus import Focus, floats, sampled
from rnn_tui.engine.inspect.observed_pass import ObservedPass
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightsAsk, WeightsFacts

__all__ = ["wants_update", "weights_facts"]

_MOST_BINS = 1000  # of a histogram: a screen has no more columns
_NOTHING_LEARNT = "Nothing is learnt here: there are no gradients, and no updates."
_NO_GRADIENT = "The gradients come at the end of the pass: shift+→ goes there."
_COLLECTED = "{} of {} passes are collected: this is the average of their gradients."
_NOT_KEPT = "The last update was not kept, since nobody looked at it then."
_NO_UPDATE = "The last update was made before anybody looked: the next one is kept; shift+→ makes it."


def wants_update(asks: Iterable[Ask]) -> bool:
    """Tell whether somebody looks at the last update: `Trainer.keeps_update` is set while that is so."""
    return any(isinstance(ask, WeightsAsk) and ask.kind == "update" for ask in asks)


def weights_facts(focus: Focus, ask: WeightsAsk) -> WeightsFacts:
    """Return all tensors by name, in the order of the model; `matrices` of them, from `matrix` on, with pictures.

    A gradient is ∂L/∂W of the pass, before it is clipped; where several passes make an update, the average of
    those so far. An update is W after the last step of the optimiser less W before it, whatever made it so: learning
    rate, moments, clipping. Asking for one makes the observed keep the next.
    """
    observed = focus.observed
    parameters = list(observed.model.named_parameters())
    note, tensors = _asked_for(observed, ask)
    count = min(max(ask.matrices, 0), len(parameters))
    first = min(max(ask.matrix, 0), len(parameters) - count)
    return WeightsFacts(
        note=note,
        kind=ask.kind,
        matrices=tuple(
            _fact(
                name.removeprefix("recurrent."),
                tuple(weight.shape),
                tensor,
                ask if first <= number < first + count else None,
                weight if ask.kind == "update" else None,
            )
            for number, ((name, weight), tensor) in enumerate(zip(parameters, tensors, strict=True))
        ),
    )


def _asked_for(observed: ObservedPass, ask: WeightsAsk) -> tuple[str, list[Tensor | None]]:
    """Return why it is not there, or "", and for each parameter the tensor that was asked for."""
    weights = list(observed.model.parameters())
    nothing: list[Tensor | None] = [None] * len(weights)
    if ask.kind == "value":
        return "", [*weights]
    if not observed.learns:
        return _NOTHING_LEARNT, nothing
    if ask.kind == "gradient":
        passes = observed.experiment.training.accumulate
        note = _COLLECTED.format(observed.collected, passes) if passes > 1 else ""
        return (note, observed.gradients()) if observed.has_update else (_NO_GRADIENT, nothing)
    observed.keeps_update = True
    if observed.last_update is not None:
        return "", [*observed.last_update]
    return _NOT_KEPT if observed.segments else _NO_UPDATE, nothing


def _fact(
    name: str, shape: tuple[int, ...], tensor: Tensor | None, picture: WeightsAsk | None, weight: Tensor | None
) -> MatrixFact:
    """Return one tensor in a few numbers, in double precision, and as a picture where one was asked for.

    `weight`: what it is the update of.
    """
    if tensor is None:
        return MatrixFact(name=name, shape=shape, norm=math.nan)
    whole = tensor.detach().cpu()
    is_finite = whole.isfinite()
    not_finite = whole.numel() - int(is_finite.sum())
    finite = whole[is_finite] if not_finite else whole.flatten()
    lowest, highest, mean = 0.0, 0.0, 0.0
    if len(finite):
        lowest, highest = (float(each) for each in torch.aminmax(finite))
        mean = float(finite.mean(dtype=torch.float64))
    norm = float(torch.linalg.vector_norm(whole, dtype=torch.float64))
    size = 0.0 if weight is None else float(torch.linalg.vector_norm(weight.detach().cpu(), dtype=torch.float64))
    fact = MatrixFact(
        name=name,
        shape=shape,
        norm=norm,
        relative=norm / size if size else math.nan,
        lowest=lowest,
        highest=highest,
        mean=mean,
        not_finite=not_finite,
    )
    if picture is None:
        return fact
    matrix = floats(whole).reshape(len(whole), -1)  # a vector is one column
    rows, columns = (
        sampled(size, room) for size, room in zip(matrix.shape, (picture.rows, picture.columns), strict=True)
    )
    counts, _ = np.histogram(finite.double().numpy(), min(max(1, picture.bins), _MOST_BINS), (lowest, highest))
    return msgspec.structs.replace(
        fact, rows=rows, columns=columns, values=matrix[np.ix_(rows, columns)], counts=counts.astype(np.int32)
    )
