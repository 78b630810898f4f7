"""The tensors of a forward pass by name, and the equalities that courses ask about, computed and compared."""

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.layers import layer_modules, layer_states
from rnn_tui.engine.model import State
from rnn_tui.engine.trainer import Trainer
from rnn_tui.protocol import Check, TensorFact

__all__ = ["checks", "tensor_facts"]

_SMALL = 6  # rows and columns of values that are sent along
_TOLERANCE = 1e-5  # what float32 rounds away over some hundred units, for numbers up to 1


def tensor_facts(trainer: Trainer, row: int = 0) -> tuple[TensorFact, ...]:
    """x, h_0, output and h_n (c_0 and c_n for an LSTM) and the weights: shapes, and small values of one row."""
    task, network = trainer.task, trainer.experiment.network
    row = min(row, task.rows - 1)
    sequence = ("batch", "time") if task.batch_first else ("time", "batch")
    directions = network.layers * network.directions
    states = ("layers" if network.directions == 1 else "layers×2", "batch", "hidden")
    x = task.x(0, task.length)
    facts = [TensorFact(name="x", shape=tuple(x.shape), dimensions=(*sequence, "features")[: x.dim()])]
    facts += _state_facts(trainer.h_0, "0", states, row)
    shape = (task.rows, task.length) if task.batch_first else (task.length, task.rows)
    output = torch.cat(trainer.logits) if trainer.logits else None
    features = "characters" if network.head == "linear" else "hidden" if network.directions == 1 else "2×hidden"
    facts.append(
        TensorFact(
            name="output",
            shape=(*shape, trainer.experiment.output_size),
            dimensions=(*sequence, features),
            values=None if output is None else _values(output[:, row]),
        )
    )
    if trainer.at_end_of_pass:
        facts += _state_facts(trainer.state, "n", states, row)
    else:
        facts.append(TensorFact(name="h_n", shape=(directions, task.rows, network.hidden_size), dimensions=states))
    facts += [
        TensorFact(name=name.removeprefix("recurrent."), shape=tuple(weight.shape), dimensions=())
        for name, weight in trainer.model.named_parameters()
    ]
    return tuple(facts)


def _state_facts(state: State, end: str, dimensions: tuple[str, ...], row: int) -> list[TensorFact]:
    parts = zip("hc", state if isinstance(state, tuple) else (state,), strict=False)
    return [
        TensorFact(name=f"{name}_{end}", shape=tuple(part.shape), dimensions=dimensions, values=_values(part[:, row]))
        for name, part in parts
    ]


def _values(tensor: Tensor) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return tensor[:_SMALL, :_SMALL].detach().float().cpu().numpy()


@torch.no_grad()
def checks(trainer: Trainer) -> tuple[Check, ...]:
    """What must agree after a whole pass, compared: empty before the pass is over, or where a head is in between."""
    if not trainer.at_end_of_pass or trainer.model.head is not None:
        return ()
    network, task = trainer.experiment.network, trainer.task
    output = torch.cat(trainer.logits)  # (T, N, D*H)
    h_n = trainer.state[0] if isinstance(trainer.state, tuple) else trainer.state  # (L*D, N, H)
    size = network.hidden_size
    found = []
    first, last = (":, 0", ":, -1") if task.batch_first else ("0, :", "-1, :")  # as the tensor lies in this run
    if network.bidirectional:
        found.append(_check(f"output[{last}, :H] is h_n from the left", output[-1, :, :size], h_n[-2]))
        found.append(_check(f"output[{first}, H:] is h_n from the right", output[0, :, size:], h_n[-1]))
    else:
        found.append(_check(f"output[{last.removesuffix(', :')}] is h_n", output[-1], h_n[-1]))
    x = task.x(0, task.length)
    if network.implementation != "fused" or trainer.unit == "character":
        x_time_first = x.transpose(0, 1) if task.batch_first else x
        if trainer.model.embedding is not None:
            x_time_first = trainer.model.embedding(x_time_first)
        modules = layer_modules(trainer.model, network)
        whole = layer_states(modules, x_time_first, trainer.h_0)[-1][0]
        name = f"nn.{type(modules[0]).__name__}"
        by_step = {
            "fused": f"{name} step by step is",
            "cell": f"{name}Cell step by step is",
            "written-out": "the equations, written out, step by step equal",
        }[network.implementation]
        found.append(_check(f"{by_step} {name} in one go", output, whole))
    if task.rows > 1:
        alone = [
            trainer.model(x[row : row + 1] if task.batch_first else x[:, row : row + 1], _row(trainer.h_0, row))[0]
            for row in range(task.rows)
        ]
        together = torch.cat(alone, 0).transpose(0, 1) if task.batch_first else torch.cat(alone, 1)
        found.append(_check("every row alone gives the same", output, together))
    return tuple(found)


def _row(state: State, row: int) -> State:
    if isinstance(state, tuple):
        return state[0][:, row : row + 1].contiguous(), state[1][:, row : row + 1].contiguous()
    return state[:, row : row + 1].contiguous()


def _check(claim: str, one: Tensor, other: Tensor) -> Check:
    difference = float((one - other).abs().max())
    return Check(claim=claim, holds=difference <= _TOLERANCE * max(1.0, float(one.abs().max())), difference=difference)
