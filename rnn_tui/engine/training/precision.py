"""Mixed precision: the forward pass in half as many bits; weights, loss and update in float32.

See https://docs.pytorch.org/docs/stable/amp.html; torch.autocast chooses which operations run in which precision.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.network.fused import direct
from rnn_tui.engine.network.model import Model
from rnn_tui.experiment.spec import Precision

__all__ = ["Cast", "build_scaler", "casting", "forward_parts"]

Cast = Callable[[], AbstractContextManager[Any]]  # under which a pass is computed, and computed once more

_KINDS = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def casting(precision: Precision, device: torch.device) -> Cast:
    """Return the context that a pass is computed in."""
    if precision == "float32":
        return nullcontext
    return partial(torch.autocast, device.type, dtype=_KINDS[precision])


def build_scaler(precision: Precision, device: torch.device) -> torch.amp.GradScaler | None:
    """Build what keeps gradients of float16 from becoming 0: the loss is scaled. The other kinds have range enough."""
    return torch.amp.GradScaler(device.type) if precision == "float16" else None


def forward_parts(model: Model, precision: Precision, cast: Cast) -> tuple[Callable[..., Any], ...]:
    """Return embedding, recurrent layers and head, as a tick runs them; the logits are float32 in any case."""
    parts: tuple[Callable[..., Any], ...] = (model.embed, direct(model.recurrent), model.read_out)
    if precision == "float32":
        return parts

    def under(part: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            with cast():
                return part(*arguments)

        return run

    embed, recurrent, read_out = map(under, parts)

    def logits(output: Tensor) -> Tensor:
        outputs: Tensor = read_out(output)
        return outputs.float()

    return embed, recurrent, logits
