"""Runs a script in this process and keeps what one of its backwards is made of."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from tests.scripts.equations import Doubles, Layer
from tests.scripts.people import run_here
from tests.scripts.stepwise import CELLS, FUSED, Form, Steps, run_stepwise

__all__ = ["Call", "LossCall", "OwnStep", "Recorder", "Truth"]

_LOSSES = (
    "cross_entropy",
    "nll_loss",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)


@dataclass
class LossCall:
    """A call of one of torch's loss functions."""

    name: str
    input: Doubles
    target: Doubles
    ignore_index: int | None
    value: float
    after: int  # backwards that had been made before it


@dataclass
class OwnStep:
    """A call of a cell of the script's own."""

    h: Doubles  # (N, H) what it returns
    children: dict[str, Doubles]  # what its children return, by their names
    dh: Doubles | None = None  # (N, H) ∂L/∂h


@dataclass
class Call:
    """A call of a recurrent module of torch's; time first, rows in the script's own order."""

    kind: str  # "rnn", "rnn-relu", "gru", "lstm"
    after: int  # backwards that had been made before it
    lengths: list[int]  # of the rows
    x: Doubles  # (T, N, E)
    h_0: Doubles  # (L*D, N, H)
    c_0: Doubles | None
    weights: dict[str, Doubles]  # of the module, at that moment, by its own names
    output: Doubles  # (T, N, D*H) what the module returned, to the bit
    layers: list[list[Layer]] = field(default_factory=list)  # of each layer, its directions


@dataclass
class Truth:
    """One backward of a script."""

    backward: int  # its number, from 1
    update: int = 0  # the number of the update that it belongs to, from 1
    loss: float = 0.0  # to the bit
    calls: dict[str, list[Call]] = field(default_factory=dict)  # with gradients, in their order
    own: dict[str, list[OwnStep]] = field(default_factory=dict)
    losses: list[LossCall] = field(default_factory=list)  # with gradients, since the backward before
    held_out: list[LossCall] = field(default_factory=list)  # all without gradients, up to the next backward
    before: dict[str, Doubles] = field(default_factory=dict)  # the weights of this pass
    gradients: dict[str, Doubles] = field(default_factory=dict)  # as they are right after the backward
    after: dict[str, Doubles] = field(default_factory=dict)  # the weights once they have been moved next
    lr: list[float] = field(default_factory=list)  # of the parameter groups of the optimiser that moves them
    curve: list[float] = field(default_factory=list)  # the losses of all backwards up to this one
    reduced: bool = False  # some of it is computed in bfloat16


class Recorder:
    """Keeps the truth of one backward; `intervals`: since how many backwards the calls are kept that it may go through.

    `stepwise`: recurrent modules are written out in these calls, and their gradients kept.
    """

    def __init__(self, own_cells: tuple[str, ...], backward: int, intervals: int, *, stepwise: bool) -> None:
        self.truth = Truth(backward=backward)
        self._own_cells, self._intervals, self._stepwise = own_cells, intervals, stepwise
        self._backwards = 0
        self._has_optimizer = False
        self._updates = 0  # that optimisers have made
        self._roots: dict[str, nn.Module] = {}
        self._running: list[nn.Module] = []
        self._children: dict[str, Doubles] = {}
        self._steps: list[tuple[Call, Form, list[list[Steps]]]] = []
        self._own: list[tuple[OwnStep, Tensor]] = []
        self._in_loss = False

    def run(self, name: str, *options: object) -> None:
        """Run the script from its beginning to its end."""
        with ExitStack() as stack:
            stack.callback(register_module_forward_pre_hook(self._enter).remove)
            stack.callback(register_module_forward_hook(self._leave, always_call=True).remove)
            stack.enter_context(patch.object(Tensor, "backward", self._backward(Tensor.backward)))
            for loss in _LOSSES:
                stack.enter_context(patch.object(functional, loss, self._loss(loss, getattr(functional, loss))))
            stack.callback(register_optimizer_step_post_hook(self._stepped).remove)
            stack.enter_context(patch.object(Optimizer, "__init__", self._optimizer(Optimizer.__init__)))
            for module in (*FUSED, *CELLS):
                stack.enter_context(patch.object(module, "forward", self._forward(module.forward)))
            run_here(name, *options)
        if not self.truth.after:
            self._moved()

    @property
    def _is_due(self) -> bool:
        last = self.truth.backward - 1
        return last - self._intervals < self._backwards <= last and torch.is_grad_enabled()

    def _enter(self, module: nn.Module, _: object) -> None:
        if not self._running and module not in self._roots.values() and any(True for _ in module.parameters()):
            name = type(module).__name__
            self._roots[name if name not in self._roots else f"{name}{len(self._roots)}"] = module
        self._running.append(module)

    def _leave(self, module: nn.Module, _: object, output: Any) -> None:
        self._running.pop()
        if not self._is_due:
            return
        if type(module).__name__ in self._own_cells:
            step, self._children = OwnStep(h=array(output), children=self._children), {}
            self.truth.own.setdefault(self._name(module), []).append(step)
            if self._stepwise:
                output.retain_grad()
                self._own.append((step, output))
        elif self._running and type(self._running[-1]).__name__ in self._own_cells:
            names = {id(child): name for name, child in self._running[-1].named_children()}
            self._children[names[id(module)]] = array(output)

    def _name(self, module: nn.Module) -> str:
        found = [
            f"{root}.{name}" if name else root
            for root, model in self._roots.items()
            for name, each in model.named_modules()
            if each is module
        ]
        return found[0]

    def _parameters(self) -> list[tuple[str, nn.Parameter]]:
        models = self._roots.items()
        return [(f"{root}.{name}", each) for root, model in models for name, each in model.named_parameters()]

    def _weights(self) -> dict[str, Doubles]:
        return {name: array(value) for name, value in self._parameters()}

    def _loss(self, name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def called(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            outer, self._in_loss = not self._in_loss, True
            try:
                value = function(input, target, *args, **kwargs)
            finally:
                self._in_loss = not outer
            if outer:
                ignored = kwargs.get("ignore_index")
                call = LossCall(name, array(input), array(target), ignored, value.item(), self._backwards)
                if self._is_due and self._backwards == self.truth.backward - 1:
                    self.truth.losses.append(call)
                elif not torch.is_grad_enabled() and self._backwards <= self.truth.backward:
                    self.truth.held_out.append(call)
            return value

        return called

    def _backward(self, function: Callable[..., None]) -> Callable[..., None]:
        def backward(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            truth = self.truth
            due = self._backwards + 1 == truth.backward
            if self._backwards == truth.backward and not truth.after and not self._has_optimizer:
                self._moved()
            if due:
                truth.before, truth.loss = self._weights(), loss.item()
            function(loss, *args, **kwargs)
            self._backwards += 1
            if self._backwards <= truth.backward:
                truth.curve.append(loss.item())
            if due:
                self._keep_gradients()

        return backward

    def _keep_gradients(self) -> None:
        found = ((name, each.grad) for name, each in self._parameters())
        self.truth.gradients = {name: array(each) for name, each in found if each is not None}
        for call, form, layers in self._steps:
            for both, steps_of_both in zip(call.layers, layers, strict=True):
                for layer, steps in zip(both, steps_of_both, strict=True):
                    layer.dh = _gradients(form, steps.h)
                    layer.dc = _gradients(form, steps.c) if steps.c else None
        for step, output in self._own:
            step.dh = None if output.grad is None else array(output.grad)

    def _optimizer(self, function: Callable[..., None]) -> Callable[..., None]:
        def __init__(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            self._has_optimizer = True
            function(optimizer, *args, **kwargs)

        return __init__

    def _stepped(self, optimizer: Optimizer, *_: object) -> None:
        self._updates += 1
        if self._backwards >= self.truth.backward and not self.truth.after:
            self._moved([group["lr"] for group in optimizer.param_groups])

    def _moved(self, lr: list[float] | None = None) -> None:
        """Keep the weights after the update, which is an optimiser's, or without one is made by hand."""
        self.truth.after, self.truth.lr = self._weights(), lr or []
        self.truth.update = self._updates or self.truth.backward

    def _forward(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def forward(module: Any, input: Any, hx: Any = None) -> Any:
            if not self._is_due:
                return function(module, input, hx)
            if not self._stepwise:
                real = function(module, input, hx)
                self._call(Form(module, input, hx), module, real)
                return real
            generator = torch.get_rng_state()
            with torch.no_grad():
                real = function(module, input, hx)
            torch.set_rng_state(generator)  # masks of dropout are drawn once more
            form = Form(module, input, hx)
            returned, layers = run_stepwise(form, real)
            call = self._call(form, module, real)
            call.layers = [
                [self._layer(form, steps, layer * form.directions + way) for way, steps in enumerate(both)]
                for layer, both in enumerate(layers)
            ]
            self._steps.append((call, form, layers))
            return returned

        return forward

    def _call(self, form: Form, module: nn.Module, real: Any) -> Call:
        self.truth.reduced |= torch.is_autocast_enabled("cpu")
        output = real if not form.is_cell else real[0] if form.kind == "lstm" else real
        output = output if form.is_cell else output[0]
        call = Call(
            kind=form.kind,
            after=self._backwards,
            lengths=form.lengths,
            x=array(form.padded(form.data)),
            h_0=array(form.in_order(form.h_0)),
            c_0=None if form.c_0 is None else array(form.in_order(form.c_0)),
            weights={name: array(value) for name, value in module.named_parameters()},
            output=array(form.padded(form.data_of(output))),
        )
        self.truth.calls.setdefault(self._name(module), []).append(call)
        return call

    @staticmethod
    def _layer(form: Form, steps: Steps, number: int) -> Layer:
        return Layer(
            x=array(form.padded(steps.read)),
            h_0=array(form.in_order(form.h_0)[number]),
            c_0=None if form.c_0 is None else array(form.in_order(form.c_0)[number]),
            h=array(form.padded(steps.h)),
            c=array(form.padded(steps.c)) if steps.c else None,
        )


def array(tensor: Tensor) -> Doubles:
    """Return a copy in float64."""
    return np.array(tensor.detach().double().cpu().numpy())


def _gradients(form: Form, states: list[Tensor]) -> Doubles:
    parts = [torch.zeros_like(each) if each.grad is None else each.grad for each in states]
    return array(form.padded(parts))
