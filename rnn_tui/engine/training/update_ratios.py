"""How far the last update moved each matrix, as a share of its size."""

import torch
from torch import Tensor, nn

from rnn_tui.engine.training.trainer import Trainer

__all__ = ["matrix_names", "update_ratios"]


def matrix_names(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the matrices of a model, in its order, as the pane of the weights has them: no biases."""
    return tuple(name.removeprefix("recurrent.") for name, weight in model.named_parameters() if weight.dim() > 1)


@torch.no_grad()
def update_ratios(trainer: Trainer) -> Tensor | None:
    """Return ‖ΔW‖ / ‖W‖ of each matrix W, (M,); None where the last update was not kept, or there was none.

    ΔW is W after the last update less W before it, and W is the matrix after it, as the pane of the weights has them.
    A matrix of zeros has NaN, or infinity.
    """
    if trainer.last_update is None:
        return None
    weights = list(trainer.model.parameters())
    moved = [each for each, weight in zip(trainer.last_update, weights, strict=True) if weight.dim() > 1]
    matrices = [each.detach() for each in weights if each.dim() > 1]
    return torch.stack(torch._foreach_norm(moved)) / torch.stack(torch._foreach_norm(matrices))
