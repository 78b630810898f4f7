"""Slow motion: one tick taken apart into phases, and held at each of them for as long as a view likes.

The trainer's own operations are run one by one, as far as the phase on the screen needs them. Where one computes
several steps or layers in one call, its results are shown in the order in which the equations need them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from rnn_tui.engine.inspect.bptt import state_gradients
from rnn_tui.engine.inspect.recompute import LayerPass, recompute
from rnn_tui.engine.training.trainer import Operation, Trainer
from rnn_tui.experiment.spec import Network
from rnn_tui.protocol.phase import Moved, PhaseKind

__all__ = ["PhasePlace", "PhasedTick", "plan"]

_OPERATIONS: dict[PhaseKind, Operation] = {  # what a phase needs
    "update": "update",
    "embed": "embed",
    "cell": "cells",
    "head": "head",
    "softmax": "head",
    "loss": "loss",
    "backward": "backward",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PhasePlace:
    """A phase by its kind and place."""

    kind: PhaseKind
    step: int = 0
    layer: int = -1  # of a cell, and of backward where it goes layer by layer; -1: all
    direction: int = 0


def plan(
    network: Network,
    start: int,
    stop: int,
    *,
    update: bool = False,
    learns: bool = True,
    numbers: bool = False,
    backward: bool = False,
) -> Iterator[PhasePlace]:
    """Yield the phases of a tick that feeds start..stop-1, in their order.

    A network that reads both ways goes layer by layer: a step of the second needs all steps of the first.
    Numbers are not turned into probabilities.
    """
    if update:
        yield PhasePlace(kind="update")
    after: list[PhaseKind] = ["head"] if network.head == "linear" else []
    after += ["softmax"] if learns and not numbers else []
    after += ["loss"] if learns else []
    if network.bidirectional:
        yield from (PhasePlace(kind="embed", step=step) for step in range(start, stop))
        for layer in range(network.layers):
            yield from _sweeps("cell", layer, range(start, stop))
    for step in range(start, stop):
        if not network.bidirectional:
            yield PhasePlace(kind="embed", step=step)
            yield from (PhasePlace(kind="cell", step=step, layer=layer) for layer in range(network.layers))
        yield from (PhasePlace(kind=kind, step=step) for kind in after)
    if not backward:
        return
    if network.bidirectional:
        for layer in reversed(range(network.layers)):
            yield from _sweeps("backward", layer, range(stop)[::-1])
    else:
        yield from (PhasePlace(kind="backward", step=step) for step in reversed(range(stop)))


def _sweeps(kind: PhaseKind, layer: int, steps: range) -> Iterator[PhasePlace]:
    for direction, order in enumerate((steps, steps[::-1])):
        yield from (PhasePlace(kind=kind, step=step, layer=layer, direction=direction) for step in order)


class PhasedTick:
    """One tick of a trainer, phase by phase; it has happened once it is `complete`."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.network = trainer.experiment.network
        self.start = 0 if trainer.at_end_of_pass else trainer.fed
        self.stop = self.start + 1 if trainer.unit == "character" else trainer.length
        self.running = trainer.total if self.start > 0 else None  # of the pass, before this tick
        self.complete = False  # the trainer has done the tick; phases that are left only show it
        self.moved: tuple[Moved, ...] = ()  # by the update
        self.steepness = 0.0  # ‖∂L/∂W‖ over all weights, before the update
        self.collected = 0  # passes whose gradients that is the average of
        self.updated = True  # whether the weights moved, or gradients are still being collected
        ends = trainer.learns and self.stop == trainer.length
        self._plan = list(
            plan(
                self.network,
                self.start,
                self.stop,
                update=trainer.has_update,
                learns=trainer.learns,
                numbers=trainer.experiment.is_numbers,
                backward=ends,
            )
        )
        self.before = trainer.ticks  # ticks that were done when this one began
        self.at = -1  # of the plan: the phase that is shown
        self._operations = trainer.operations()
        self._made: dict[Operation, Tensor | None] = {}

    @property
    def now(self) -> PhasePlace:
        """The phase that it is held at."""
        return self._plan[max(self.at, 0)]

    @property
    def next(self) -> PhasePlace | None:
        """The phase that comes next; None: the tick is over."""
        return None if self.is_last else self._plan[max(self.at, 0) + 1]

    @property
    def is_last(self) -> bool:
        """Whether no phase is left."""
        return self.at == len(self._plan) - 1

    def step(self) -> None:
        """Go on to the next phase: do what it needs, unless it has been done before a way back."""
        self.at += 1
        if self.now.kind == "update":
            if "update" not in self._made:
                self._update()
        else:
            self._run_to(_OPERATIONS[self.now.kind])
            if self.now.kind == "cell" and self.network.head == "direct":
                self._run_to("head")  # which does nothing: the state is the output
        if self._completes(self.at):
            self.finish()

    def step_back(self) -> bool:
        """Show the phase before again. Return whether that was possible.

        What has been counted cannot be undone here: a complete tick, and the beginning of a pass after the update.
        """
        possible = self.at > 0 and self._completes(self.at - 1) == self.complete
        possible = possible and self._plan[self.at - 1].kind != "update"
        self.at -= possible
        return possible

    def _completes(self, at: int) -> bool:
        """Return whether the tick is complete at a phase: in the backward pass, or where no phase is left."""
        return at == len(self._plan) - 1 or self._plan[at].kind == "backward"

    def finish(self) -> None:
        """Do the rest of the tick."""
        for operation, value in self._operations:
            self._made[operation] = value
        self.complete = True

    @property
    def part(self) -> str:
        """The part of training that the phase belongs to: forward, backward, or the update."""
        return self.now.kind if self.now.kind in ("update", "backward") else "forward"

    def made(self, operation: Operation) -> Tensor:
        """Return the result of an operation, (t, N, ...) for the steps of this tick, time first."""
        value = self._made[operation]
        assert value is not None
        return value.transpose(0, 1) if operation == "embed" and self.trainer.dataset.batch_first else value

    # ---- what has been computed by now ------------------------------------------------------------------------

    def known(self, layer: int, direction: int) -> tuple[int, int]:
        """Return from which time step to which (exclusive) the states of a layer are there."""
        now = self.now
        if now.kind == "update":
            return 0, 0
        if self.complete:
            return 0, self.stop
        if not self.network.bidirectional:
            return 0, now.step + (now.kind != "embed" and (now.kind != "cell" or layer <= now.layer))
        if now.kind != "cell" or (layer, direction) != (now.layer, now.direction):
            there = now.kind != "embed" and (now.kind != "cell" or (layer, direction) < (now.layer, now.direction))
            return 0, self.stop if there else 0
        return (now.step, self.stop) if direction else (0, now.step + 1)

    @property
    def answered(self) -> int:
        """Time steps whose output is there."""
        now = self.now
        if self.complete:
            return self.stop
        if now.kind == "update" or (self.network.bidirectional and now.kind in ("embed", "cell")):
            return 0
        if self.trainer.learns:
            output: PhaseKind = "head" if self.trainer.experiment.is_numbers else "softmax"
            return now.step + (now.kind in (output, "loss"))
        return now.step + (
            now.kind == "head" or (self.network.head == "direct" and now.layer == self.network.layers - 1)
        )

    def visited(self, layer: int, direction: int) -> tuple[int, int]:
        """Return from which time step to which (exclusive) backward has come to the states of a layer."""
        now = self.now
        if now.kind != "backward":
            return 0, 0
        if now.layer < 0:
            return now.step, self.stop
        if (layer, direction) == (now.layer, now.direction):
            return (0, now.step + 1) if direction else (now.step, self.stop)
        return 0, self.stop if (-layer, direction) < (-now.layer, now.direction) else 0

    @cached_property
    def layers(self) -> list[LayerPass]:
        """The states of every layer and row, from the first time step of the pass to the last of this tick."""
        return recompute(self.trainer, self.stop)

    @cached_property
    def gradients(self) -> list[list[Tensor]]:
        """∂L/∂h_t (T, N, H) of every layer and direction."""
        return [[each.cpu() for each in layer] for layer in state_gradients(self.trainer)]

    @cached_property
    def norms(self) -> list[list[Tensor]]:
        """‖∂L/∂h_t‖ (T, N) of every layer and direction."""
        return [[each.norm(dim=-1) for each in layer] for layer in self.gradients]

    # ---- what is done -----------------------------------------------------------------------------------------

    def _run_to(self, operation: Operation) -> None:
        while operation not in self._made:
            name, value = next(self._operations)
            self._made[name] = value

    @torch.no_grad()
    def _update(self) -> None:
        """Make the update that the last pass has prepared, and measure how far it moves the weights."""
        named = [(name.removeprefix("recurrent."), weight) for name, weight in self.trainer.model.named_parameters()]
        before = [weight.clone() for _, weight in named]
        gradients = [gradient.norm() for gradient in self.trainer.gradients() if gradient is not None]
        self.collected = self.trainer.collected
        self.updated = self.trainer.is_due
        self.steepness = torch.stack(gradients).norm().item() if gradients else 0.0
        self._run_to("update")
        self.moved = tuple(
            Moved(name=name, distance=distance, relative=distance / size if size else 0.0)
            for (name, weight), old in zip(named, before, strict=True)
            for distance, size in (((weight - old).norm().item(), old.norm().item()),)
        )
