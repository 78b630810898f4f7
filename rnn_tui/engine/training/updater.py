"""How the weights move: gradients averaged and clipped, the optimiser's step, and what is kept of it to be seen."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.optimizers import build_optimizer, reconfigure
from rnn_tui.engine.training.precision import build_scaler
from rnn_tui.experiment.spec import Training

__all__ = ["Updater"]


class Updater:
    """Makes the updates of some weights; makes none where nothing is learnt."""

    def __init__(self, weights: Iterable[nn.Parameter], training: Training, device: torch.device) -> None:
        self._weights = list(weights)
        self._clipping = Clipping(self._weights)
        self.optimizer = build_optimizer(training, self._weights) if training.learn else None
        self.scaler = build_scaler(training.precision, device) if training.learn else None
        self.keeps = False  # set while somebody looks at the updates
        self.measures = False  # set where the size of the next one is taken
        self.last: list[Tensor] | None = None  # how far it moved each of the weights, where it was kept

    @property
    def scale(self) -> float:
        """What the gradients on the weights are multiplied by, so that none of them becomes 0."""
        return 1.0 if self.scaler is None else self.scaler.get_scale()

    def loss_to_derive(self, loss: Tensor) -> Tensor:
        """Return the loss whose gradients are wanted on the weights: scaled, where they are."""
        scaled: Tensor = loss if self.scaler is None else self.scaler.scale(loss)
        return scaled

    def norm_to_clip(self, passes: int) -> Tensor | None:
        """Return ‖∂L/∂W‖ of the next update, (); None where gradients of passes are averaged, or scaled, before."""
        return None if passes > 1 or self.scaler is not None else self._clipping.norm()

    def make(self, training: Training, *, passes: int, lr: float | None) -> None:
        """Make an update with the gradients of so many passes. `lr` is the rate from here on; None: as it is."""
        optimizer, scaler = self.optimizer, self.scaler
        assert optimizer is not None
        if scaler is not None:
            scaler.unscale_(optimizer)
        if passes > 1:
            for weight in self._weights:
                if weight.grad is not None:
                    weight.grad /= passes
        if training.clip:
            self._clipping.clip(training.clip)
        if lr is not None:
            self.set_rate(lr)
        weights = [weight.detach() for weight in self._weights] if self.keeps or self.measures else None
        before = [weight.clone() for weight in weights or ()]
        if scaler is None:
            optimizer.step()
        else:
            scaler.step(optimizer)
            scaler.update()
        self.last = None if weights is None else [new - old for new, old in zip(weights, before, strict=True)]
        optimizer.zero_grad()
        self._clipping.forget()

    def set_rate(self, lr: float) -> None:
        """Set the learning rate from here on."""
        assert self.optimizer is not None
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def reconfigure(self, old: Training, new: Training) -> None:
        """Go by other settings from here on. Another kind of optimiser begins without a history."""
        if self.optimizer is None:
            return
        if new.optimizer == old.optimizer:
            reconfigure(self.optimizer, new)
        else:
            self.optimizer = build_optimizer(new, self._weights)

    def forget(self) -> None:
        """Forget the last update and its gradients, because the weights become others."""
        self.last = None
        self._clipping.forget()
