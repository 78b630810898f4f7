"""Slow motion in the unrolled network: which parts are being computed, which are done, and which way things flow."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.phase import PhaseKind

__all__ = ["Norms", "Part", "PhaseFlow"]

Part = Literal["input", "embedding", "cell", "head", "output", "target"]
Norms = tuple[int, tuple[float, ...]]  # the time step of the first, and the norms from there on
_RANKS: dict[str, int] = {  # of kinds and of parts: what is computed first
    "update": 0, "embed": 1, "input": 1, "embedding": 1, "cell": 2, "head": 3, "softmax": 4, "output": 4,
    "loss": 5, "target": 5, "backward": 6,
}  # fmt: skip
_WEIGHTS = ("embedding", "cell", "head")


class PhaseFlow(Value, frozen=True, kw_only=True):
    """The phase at which a tick is held."""

    kind: PhaseKind
    step: int
    layer: int  # -1: all
    direction: int
    layers: int
    both: bool  # the network reads both ways: it is computed layer by layer
    norms: Mapping[tuple[int, int], Norms] = msgspec.field(default_factory=dict)  # ‖∂L/∂h_t‖ by layer and direction
    largest: float = 0.0

    @property
    def is_backward(self) -> bool:
        """Whether gradients flow."""
        return self.kind == "backward"

    def lit(self, part: Part, step: int, layer: int = -1, direction: int = 0) -> bool:
        """Return whether a part is being computed."""
        if self.kind == "update":
            return part in _WEIGHTS  # the same weights stand in every column
        if step != self.step:
            return False
        if part == "cell":
            mine = self.layer < 0 or (layer, direction) == (self.layer, self.direction)
            return self.kind in ("cell", "backward") and mine
        if self.kind == "loss":
            return part in ("output", "target")
        if self.is_backward:
            return part in ("head", "output") and self.layer in (-1, self.layers - 1)
        return _RANKS[self.kind] == _RANKS[part]

    def done(self, part: Part, step: int, layer: int = -1, direction: int = 0) -> bool:
        """Return whether a part has been computed in this pass."""
        now, rank = _RANKS[self.kind], _RANKS[part]
        if self.is_backward or self.kind == "update":
            return self.is_backward
        if not self.both or (rank > 2 and now > 2):
            return step < self.step or (step == self.step and (rank, layer) < (now, max(self.layer, -1)))
        if rank != now:
            return rank < now
        if part != "cell" or (layer, direction) == (self.layer, self.direction):
            return step > self.step if self.direction and part == "cell" else step < self.step
        return (layer, direction) < (self.layer, self.direction)

    def style(self, palette: Palette, part: Part, step: int, layer: int = -1, direction: int = 0) -> Style:
        """Return the style of a part."""
        if self.lit(part, step, layer, direction):
            return palette.back if self.is_backward else palette.accent
        return palette.dim if self.done(part, step, layer, direction) else palette.faint

    def norm(self, step: int, layer: int, direction: int) -> float | None:
        """Return ‖∂L/∂h_t‖, if backward has come that far."""
        first, norms = self.norms.get((layer, direction), (0, ()))
        return norms[step - first] if 0 <= step - first < len(norms) else None

    def descended(self, step: int, layer: int) -> bool:
        """Return whether gradients have come down to a layer at a time step."""
        return any(self.norm(step, layer, direction) is not None for direction in (0, 1))

    def back_style(self, palette: Palette, *, now: bool) -> Style:
        """Return the style of an arrow of the backward pass."""
        return palette.back if now else palette.went_back
