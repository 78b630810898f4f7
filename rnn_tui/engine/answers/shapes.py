"""The tensors of a forward pass by name, and the equalities that courses ask about, computed and compared."""

import copy

import torch
from torch import Tensor, nn

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.inspect.focus import floats, sampled
from rnn_tui.engine.inspect.observed_pass import ObservedPass
from rnn_tui.engine.inspect.recompute import end_of_row, recompute, some_rows, steps_there
from rnn_tui.engine.network.cells import State, hidden, parts
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.frame import Check, TensorFact

__all__ = ["checks", "tensor_facts"]

_SMALL = 6  # rows and columns of values that are sent along
_TOLERANCE = 1e-5  # what float32 rounds away over some hundred units, for numbers up to 1
_PRODUCTS = 5e7  # of weights with numbers: what running a pass again in other ways may take
_MOST_ALONE = 16  # rows that are run alone


@torch.no_grad()
def tensor_facts(observed: ObservedPass, row: int = 0) -> tuple[TensorFact, ...]:
    """Return every tensor from x to the logits, in the order in which it is computed, and then the weights.

    x, `embedded` where there is an embedding, h_0, the states of each layer below the top ("layer 1"), output, h_n (for
    an LSTM also c_0 and c_n), and `logits`, or `prediction` of numbers, where there is a head or learning. The first
    time steps and units of one row come as values, as far as they have been fed.
    """
    dataset, network = observed.dataset, observed.experiment.network
    row = min(max(row, 0), dataset.rows - 1)
    around, sequence = (dataset.length, dataset.rows), ("time", "batch")
    if dataset.batch_first:
        around, sequence = around[::-1], sequence[::-1]
    hidden = "hidden" if network.directions == 1 else "2×hidden"
    x = dataset.x(0, dataset.length)
    fed = min(steps_there(observed), dataset.steps(row))  # after it there is padding
    needed = fed if network.bidirectional else min(fed, _SMALL)  # reading from the right, it must read all
    found: list[Tensor | None] = [None] * (network.layers + 1)
    logits = None
    if fed:
        logits = torch.cat(observed.logits)[:fed, row]
        layers = recompute(observed, needed, [row])
        found = [layers[0].x[:, 0], *(each.h[:, 0] for each in layers)]
        if observed.model.head is None and not observed.segments:
            found[-1] = logits  # the very output of the pass

    def fact(name: str, size: int, counts: str, values: Tensor | None) -> TensorFact:
        return TensorFact(name=name, shape=(*around, size), dimensions=(*sequence, counts), values=_small(values))

    facts = [TensorFact(name="x", shape=tuple(x.shape), dimensions=(*sequence, "features")[: x.dim()])]
    if network.embedding:
        facts.append(fact("embedded", network.embedding, "embedding", found[0]))
    facts += _state_facts(observed, "0", observed.h_0, row)
    for number, h in enumerate(found[1:], 1):
        name = "output" if number == network.layers else f"layer {number}"
        facts.append(fact(name, network.hidden_size * network.directions, hidden, h))
    if 0 < fed == dataset.steps(row) < dataset.length:
        facts += _state_facts(observed, "n", end_of_row(observed, row), 0)
    else:
        facts += _state_facts(observed, "n", observed.state if fed == dataset.length else None, row)
    if observed.learns or observed.model.head is not None:
        are_numbers = observed.experiment.is_numbers or _are_numbers(dataset.targets)
        what = "classes" if observed.segments else "characters"
        name, counts = ("prediction", "numbers") if are_numbers else ("logits", what)
        size = observed.experiment.output_size
        if logits is not None:
            logits = logits[:, observed.classes_from :]
            size = logits.shape[-1]
        if observed.segments and _lacks_targets(dataset.targets, fed, row):
            logits = None  # of a script they are known where there is a target alone
        facts.append(fact(name, size, counts, logits))
    facts += [
        TensorFact(name=name.removeprefix("recurrent."), shape=tuple(weight.shape), dimensions=())
        for name, weight in observed.model.named_parameters()
    ]
    return tuple(facts)


def _state_facts(observed: ObservedPass, end: str, state: State | None, row: int) -> list[TensorFact]:
    """Return h, and for an LSTM c, before the first step or after the last; None where it is not there yet."""
    network = observed.experiment.network
    names = "hc" if network.kind.has_c else "h"
    sizes = (network.hidden_size, network.kind.c_size(network.hidden_size))
    values = (None,) * len(names) if state is None else parts(state)
    return [
        TensorFact(
            name=f"{name}_{end}",
            shape=(network.layers * network.directions, observed.dataset.rows, size),
            dimensions=("layers" if network.directions == 1 else "layers×2", "batch", "hidden"),
            values=None if part is None else _small(part[:, row]),
        )
        for name, part, size in zip(names, values, sizes, strict=False)
    ]


def _lacks_targets(targets: Tensor | None, fed: int, row: int) -> bool:
    """Tell whether some of the first time steps of a row have no target."""
    if targets is None:
        return True
    part = targets[:fed, row]
    return bool((part.isnan() if part.is_floating_point() else part == NONE).any())


def _are_numbers(targets: Tensor | None) -> bool:
    return targets is not None and targets.is_floating_point()


def _small(values: Tensor | None) -> Floats | None:
    return None if values is None else floats(values[:_SMALL, :_SMALL])


@torch.no_grad()
def checks(observed: ObservedPass) -> tuple[Check, ...]:
    """Compare what must agree after a whole pass; empty before the pass is over, and once its update has been made.

    The whole pass is computed once more, layer by layer. What needs further runs is done with as many of the first time
    steps as take little time, and with some of the rows; the claim says how many. In mixed precision nothing agrees so
    closely, and nothing is compared.
    """
    mixed = observed.experiment.training.precision != "float32"
    if mixed or not observed.at_end_of_pass or not steps_there(observed):
        return ()
    layers = recompute(observed, observed.length)
    x, top = layers[0].x, layers[-1].h  # (T, N, E), (T, N, D*H)
    logits, head = torch.cat(observed.logits), observed.model.head  # (T, N, C)
    output = logits if head is None else top
    found = _ends(observed, output)
    if head is None:
        found.append(_check("output is h_t of the top layer at every step", output, top))
    else:
        claim = "prediction is head(output)" if observed.experiment.is_numbers else "logits are head(output)"
        found.append(_check(claim, logits, observed.model.read_out(top)))
    way, module = observed.experiment.network.implementation, observed.experiment.network.kind.module
    if module and (way != "fused" or observed.unit == "character"):
        name = f"nn.{module}"
        by_step = {
            "fused": f"{name} step by step is",
            "cell": f"{name}Cell step by step is",
            "written-out": "the equations, written out, step by step equal",
        }[way]
        found.append(_check(f"{by_step} {name} in one go", logits, observed.model.read_out(top)))
    return (*found, *_other_ways(observed, x, output))


def _ends(observed: ObservedPass, output: Tensor) -> list[Check]:
    """Compare h_n with its place in the output (T, N, D*H), named as the tensor lies in this run."""
    network = observed.experiment.network
    shorter = [row for row in range(observed.dataset.rows) if observed.dataset.steps(row) < observed.length]
    if shorter:
        rows = [shorter[place] for place in sampled(len(shorter), _MOST_ALONE)]
        own = torch.stack([output[observed.dataset.steps(row) - 1, row] for row in rows])
        alone = [hidden(end_of_row(observed, row))[:, 0] for row in rows]  # (L*D, H) each
        if network.bidirectional:
            left, right = (torch.stack([h[way] for h in alone]) for way in (-2, -1))
            begin = torch.stack([output[0, row] for row in rows])
            size = network.hidden_size
            return [
                _check("output[:H] at a row's own end is h_n from the left of that row alone", own[:, :size], left),
                _check(
                    "output[H:] at its first step is h_n from the right, its padding not read", begin[:, size:], right
                ),
            ]
        top = torch.stack([h[-1] for h in alone])
        return [_check("output at a row's own end is h_n of that row, read alone and without padding", own, top)]
    h_n = hidden(observed.state)  # (L*D, N, H)
    first, last = (":, 0", ":, -1") if network.batch_first else ("0, :", "-1, :")
    size = network.hidden_size
    if network.bidirectional:
        return [
            _check(f"output[{last}, :H] is h_n from the left", output[-1, :, :size], h_n[-2]),
            _check(f"output[{first}, H:] is h_n from the right", output[0, :, size:], h_n[-1]),
        ]
    end = "h_n" if network.layers == 1 else "h_n[-1]"
    return [_check(f"output[{last.removesuffix(', :')}] is {end}", output[-1], h_n[-1])]


def _other_ways(observed: ObservedPass, x: Tensor, output: Tensor) -> list[Check]:
    """Compare with the dimensions in the other order, and with every row alone; x (T, N, E), output (T, N, D*H)."""
    dataset, recurrent, state, masks = observed.dataset, observed.model.recurrent, observed.state, observed.masks
    alone = sampled(dataset.rows, _MOST_ALONE).tolist() if dataset.rows > 1 else []
    steps = max(1, int(_PRODUCTS / (observed.experiment.weights * (2 * dataset.rows + len(alone)))))
    part, lengths = "", dataset.lengths
    if steps < dataset.length:
        x, part = x[:steps], f" (the first {steps} steps)" if steps > 1 else " (the first step)"
        masks = None if masks is None else masks[:, :steps]
        lengths = None if lengths is None else lengths.clamp(max=steps)
        output, state = _run(recurrent, x, observed.h_0, masks, lengths)
    other = copy.copy(recurrent)  # on the same weights
    setattr(other, "batch_first", not dataset.batch_first)  # noqa: B010 (to mypy it may be any module)
    swapped, end = _run(other, x, observed.h_0, masks, lengths)
    claim = f"batch_first={other.batch_first} swaps two dimensions of x and output, and none of h_0 and h_n{part}"
    found = [_check(claim, _flat(output, state), _flat(swapped, end))]
    if alone:
        rows = [torch.tensor([row], device=observed.device) for row in alone]
        parts = [None if masks is None else masks[:, :, row] for row in rows]
        outputs = torch.cat(
            [
                _alone(
                    recurrent, x[:, row], some_rows(observed.h_0, row), part, None if lengths is None else lengths[row]
                )
                for row, part in zip(rows, parts, strict=True)
            ],
            1,
        )
        which = "every row" if len(alone) == dataset.rows else f"each of {len(alone)} of the {dataset.rows:,} rows"
        found.append(_check(f"{which} alone gives the same{part}", output[:, alone], outputs))
    return found


def _alone(recurrent: nn.Module, x: Tensor, state: State, masks: Tensor | None, length: Tensor | None) -> Tensor:
    """Return the output (T, 1, D*H) of one row x (T, 1, E), cut to its own `length` first; 0 at its padding."""
    if length is None:
        return _run(recurrent, x, state, masks)[0]
    own = int(length)
    output, _ = _run(recurrent, x[:own], state, None if masks is None else masks[:, :own])
    return torch.cat((output, output.new_zeros(len(x) - own, *output.shape[1:])))


def _run(
    recurrent: nn.Module, x: Tensor, state: State, masks: Tensor | None, lengths: Tensor | None = None
) -> tuple[Tensor, State]:
    """Run x (T, N, E), in the order that the module wants: output (T, N, D*H), and the state after it."""
    more = {name: value for name, value in (("masks", masks), ("lengths", lengths)) if value is not None}
    output, state = recurrent(x.transpose(0, 1) if recurrent.batch_first else x, state, **more)
    return output.transpose(0, 1) if recurrent.batch_first else output, state


def _flat(output: Tensor, state: State) -> Tensor:
    return torch.cat([part.flatten() for part in (output, *parts(state))])


def _check(claim: str, one: Tensor, other: Tensor) -> Check:
    """Compare two tensors: the same NaN or infinity on both sides agrees; the difference is taken over all the rest."""
    alike = (one == other) | (one.isnan() & other.isnan())
    difference = float(torch.where(alike, 0, (one - other).abs()).max())
    size = float(torch.where(one.isfinite(), one.abs(), 0).max())
    return Check(claim=claim, holds=difference <= _TOLERANCE * max(1.0, size), difference=difference)
