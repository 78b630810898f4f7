"""The weights that a recurrent module has computed with, where they are not its parameters but made of others.

torch.nn.utils.parametrizations makes them whenever they are read, which for spectral_norm changes its buffers: they are
read here without calling the module's own properties. torch.nn.utils.weight_norm and others put plain tensors in the
place of parameters before each call.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from rnn_tui.engine.watch.capture import RecurrentCall

__all__ = ["plain_module", "weight_of"]

_PURE = tuple(
    each
    for name in ("_WeightNorm", "_SpectralNorm", "_Orthogonal")
    if (each := getattr(parametrizations, name, None)) is not None
)  # what they return follows from their tensors alone, where they do not train


def plain_module(call: RecurrentCall) -> nn.Module:
    """Return the module that was called, or a plain one with the weights that it has used. Raises ValueError."""
    module = call.module
    names = _names(module)
    if all(name in module._parameters for name in names):
        return module
    with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
        twin = _plain(module)
    for name in names:
        setattr(twin, name, nn.Parameter(weight_of(call, name), requires_grad=False))
    return twin.train(module.training)


@torch.no_grad()
def weight_of(call: RecurrentCall, name: str) -> Tensor:
    """Return a weight that a call has used. Raises ValueError where it cannot be read without changing the module."""
    if name in call.weights:
        return call.weights[name]
    module: Any = call.module
    parameter = module._parameters.get(name)
    found = module.__dict__.get(name) if parameter is None else parameter
    if isinstance(found, Tensor):
        return found.detach()
    made = (module._modules.get("parametrizations") or {})[name]
    steps = [each for key, each in made._modules.items() if key.isdigit()]
    strange = [type(each).__name__ for each in steps if not isinstance(each, _PURE)]
    if strange:
        raise ValueError(f"{name} is made by {strange[0]} whenever it is read, and reading it could change the script")
    training = [(each, each.training) for each in steps]
    try:
        for each in steps:
            each.training = False  # no power iteration
        names = ["original"] if made.is_tensor else [f"original{at}" for at in range(made.ntensors)]
        value = steps[0].forward(*(getattr(made, each) for each in names))
        for each in steps[1:]:
            value = each.forward(value)
    finally:
        for each, was in training:
            each.training = was
    weight: Tensor = value.detach()
    return weight


def _names(module: Any) -> list[str]:
    if isinstance(module, nn.RNNBase):
        return [str(name) for name in module._flat_weights_names]
    return ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if module.bias else ())]


def _plain(module: Any) -> nn.Module:
    """Return a module of torch's with the same shapes."""
    kind: Any = next(each for each in type(module).__mro__ if each.__module__.startswith("torch.nn.modules"))
    more = {"nonlinearity": module.nonlinearity} if hasattr(module, "nonlinearity") else {}
    if isinstance(module, nn.RNNCellBase):
        cell: nn.Module = kind(module.input_size, module.hidden_size, bias=module.bias, **more)
        return cell
    made: nn.Module = kind(
        module.input_size,
        module.hidden_size,
        num_layers=module.num_layers,
        bias=module.bias,
        batch_first=module.batch_first,
        dropout=module.dropout,
        bidirectional=module.bidirectional,
        **more,
    )
    return made
