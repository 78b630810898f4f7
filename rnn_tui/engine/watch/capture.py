"""What is captured of one pass, from one backward to the next: calls, losses and gradients, while somebody looks.

Everything is forgotten when the next pass begins. What is kept meanwhile are references: nothing is copied.
"""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

__all__ = [
    "Capture",
    "EmbeddingCall",
    "LinearCall",
    "LossCall",
    "ModuleCall",
    "RecurrentCall",
    "ToldTokens",
    "is_recurrent",
    "is_torchs",
]

Cast = Callable[[], AbstractContextManager[Any]]


def is_recurrent(module: nn.Module) -> bool:
    """Tell whether a module is one of torch's recurrent ones."""
    return isinstance(module, nn.RNNBase | nn.RNNCellBase)


def is_torchs(module: nn.Module) -> bool:
    """Tell whether torch has written a module, rather than somebody else."""
    return type(module).__module__.startswith("torch.nn.")


@dataclass(frozen=True, kw_only=True, eq=False)
class RecurrentCall:
    """A call of a recurrent module, as it was made."""

    module: nn.Module
    x: Tensor | PackedSequence
    state: Any  # before it, as given; None: zeros
    output: Any  # as returned
    cast: Cast
    random: Tensor | None = None  # the state of torch's generator before it, where it draws masks of dropout
    weights: dict[str, Tensor] = field(default_factory=dict)  # that it has used, where they are not its parameters


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddingCall:
    """A call of an nn.Embedding."""

    module: nn.Embedding
    ids: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearCall:
    """A call of an nn.Linear."""

    module: nn.Linear
    x: Tensor
    output: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class ModuleCall:
    """A call of any other module that returns tensors (N, H)."""

    module: nn.Module
    arguments: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]  # those (N, H) among what it returned, in their order; one at least


@dataclass(frozen=True, kw_only=True, eq=False)
class LossCall:
    """A call of a loss function of torch."""

    name: str
    outputs: Tensor
    targets: Tensor
    value: Tensor
    ignore_index: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ToldTokens:
    """The ids that are read, and how long the rows are, as the script tells by itself."""

    ids: Tensor  # (T,), (N, T) or (T, N)
    lengths: Tensor | None  # (N,)
    calls: int = 0  # of recurrent modules in this pass before they were told
    modules: int = 0  # of other modules


@dataclass(eq=False)
class Capture:
    """One pass."""

    calls: list[RecurrentCall] = field(default_factory=list)
    embeddings: list[EmbeddingCall] = field(default_factory=list)
    linears: list[LinearCall] = field(default_factory=list)
    modules: list[ModuleCall] = field(default_factory=list)  # in the order in which they returned
    losses: list[LossCall] = field(default_factory=list)
    tokens: list[ToldTokens] = field(default_factory=list)
    problem: str = ""  # with what the script has told, a sentence
    age: int = 0  # backwards since it began
    random: Tensor | None = None  # of the call under way
    scale: float = 1.0  # by which a gradient scaler has multiplied the loss, and so all gradients
    gradients: dict[int, Tensor] = field(default_factory=dict)  # by the id of a tensor that a call returned
    learnt: set[int] = field(default_factory=set)  # ids of the losses that the backward has gone through
    hooked: set[int] = field(default_factory=set)  # of those that a backward can go through

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Note a call."""
        if isinstance(module, nn.RNNBase | nn.RNNCellBase):
            x = args[0] if args else kwargs["input"]
            state = args[1] if len(args) > 1 else kwargs.get("hx")
            call = RecurrentCall(
                module=module,
                x=x,
                state=state,
                output=output,
                cast=_cast_of(x),
                random=self.random,
                weights=_made_weights(module),
            )
            self.calls.append(call)
            self.random = None
            for tensor in _tensors(output):
                if tensor.requires_grad:
                    tensor.register_hook(self._hook(tensor))  # type: ignore[no-untyped-call]
        elif isinstance(module, nn.Embedding) and args:
            self.embeddings.append(EmbeddingCall(module=module, ids=args[0].detach()))
        elif isinstance(module, nn.Linear) and args and isinstance(output, Tensor):
            self.linears.append(LinearCall(module=module, x=args[0].detach(), output=output.detach()))
        if not is_recurrent(module):
            self._called_otherwise(module, args, output)

    def _called_otherwise(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        """Note a call that may be a step of a cell written by hand."""
        outputs = tuple(each for each in _tensors(output) if each.dim() == 2 and each.is_floating_point())
        if not outputs:
            return
        self.modules.append(ModuleCall(module=module, arguments=tuple(_tensors(args)), outputs=outputs))
        for tensor in () if is_torchs(module) else outputs:
            if tensor.requires_grad:
                tensor.register_hook(self._hook(tensor))  # type: ignore[no-untyped-call]

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Note a loss."""
        outputs = args[0] if args else kwargs.get("input")
        targets = args[1] if len(args) > 1 else kwargs.get("target")
        if not (isinstance(outputs, Tensor) and isinstance(targets, Tensor) and isinstance(value, Tensor)):
            return
        ignore = kwargs.get("ignore_index", -100)
        call = LossCall(
            name=name,
            outputs=outputs.detach(),
            targets=targets.detach(),
            value=value.detach(),
            ignore_index=ignore if isinstance(ignore, int) else -100,
        )
        self.losses.append(call)
        if value.requires_grad:
            self.hooked.add(id(call))
            value.register_hook(partial(_note_loss, weakref.ref(self), id(call)))  # type: ignore[no-untyped-call]

    def begin_backward(self) -> None:
        """Forget what an earlier backward has gone through."""
        self.gradients.clear()
        self.learnt.clear()

    def reaches(self, module: nn.Module) -> bool:
        """Tell whether the backward has gone through a call of a module."""
        return any(id(tensor) in self.gradients for tensor in self._returned(module))

    def is_reached(self, call: RecurrentCall | ModuleCall) -> bool:
        """Tell whether the backward has gone through a call."""
        returned = call.outputs if isinstance(call, ModuleCall) else _tensors(call.output)
        return any(id(tensor) in self.gradients for tensor in returned)

    def awaits(self, module: nn.Module) -> bool:
        """Tell whether a module was called, and another backward could go through that."""
        return any(tensor.requires_grad for tensor in self._returned(module))

    def keep(self, modules: Sequence[nn.Module]) -> None:
        """Forget all calls but those of some modules, and what belongs to them."""
        inside = {id(part) for module in modules for part in module.modules()}
        self.calls = [each for each in self.calls if id(each.module) in inside]
        self.modules = [each for each in self.modules if id(each.module) in inside]
        read = {tensor.data_ptr() for each in self.calls for tensor in _tensors(each.output)}
        self.linears = [each for each in self.linears if each.x.data_ptr() in read]
        self.gradients = {}

    def forget(self, modules: Sequence[nn.Module]) -> None:
        """Forget the calls of some modules."""
        gone = {id(each) for each in modules}
        self.calls = [each for each in self.calls if id(each.module) not in gone]
        self.modules = [each for each in self.modules if id(each.module) not in gone]

    def _returned(self, module: nn.Module) -> Iterator[Tensor]:
        for call in self.calls:
            if call.module is module:
                yield from _tensors(call.output)
        for other in self.modules:
            if other.module is module:
                yield from other.outputs

    def gradient(self, tensor: Tensor) -> Tensor | None:
        """Return the gradient that has reached a tensor that a call returned, without the factor of a scaler."""
        found = self.gradients.get(id(tensor))
        return found if found is None or self.scale == 1 else found / self.scale

    def _hook(self, tensor: Tensor) -> Callable[[Tensor | None], None]:
        """Return what notes the gradient that reaches a tensor. It keeps nothing: the tensor keeps it."""
        return partial(_note_gradient, weakref.ref(self), id(tensor))


def _made_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return the weights that a fused module has just used, where something has made them of its parameters."""
    if not isinstance(module, nn.RNNBase) or all(name in module._parameters for name in module._flat_weights_names):
        return {}
    weights = zip(module._flat_weights_names, module._flat_weights, strict=True)
    return {name: weight.detach() for name, weight in weights if isinstance(weight, Tensor)}


def _note_gradient(capture: "weakref.ref[Capture]", tensor: int, gradient: Tensor | None) -> None:
    found = capture()
    if found is not None and gradient is not None:  # cuDNN passes on that there is none
        found.gradients[tensor] = gradient.detach()


def _note_loss(capture: "weakref.ref[Capture]", call: int, _: Tensor | None) -> None:
    found = capture()
    if found is not None:
        found.learnt.add(call)


def _tensors(output: Any) -> list[Tensor]:
    """Return the tensors in what a module is given, or returns."""
    if isinstance(output, PackedSequence):
        return [output.data]
    if isinstance(output, Tensor):
        return [output]
    return [tensor for part in output for tensor in _tensors(part)] if isinstance(output, tuple | list) else []


def _cast_of(x: Tensor | PackedSequence) -> Cast:
    """Return the context that a call is computed in."""
    device = (x.data if isinstance(x, PackedSequence) else x).device.type
    if not torch.is_autocast_enabled(device):
        return nullcontext
    return partial(torch.autocast, device, dtype=torch.get_autocast_dtype(device))
