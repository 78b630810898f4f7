"""Observes the training of this process: its networks, how many passes and updates there were, and every loss."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnn_tui.engine.answers.guard import one_line
from rnn_tui.engine.training.gradient_norm import gradient_norm
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.watch.capture import Capture, is_recurrent
from rnn_tui.engine.watch.networks import Networks, WatchedNetwork
from rnn_tui.engine.watch.optimizers import Optimizers
from rnn_tui.engine.watch.tokens_read import told_tokens
from rnn_tui.engine.watch.watched_losses import WatchedLosses

__all__ = ["Observer"]


class Observer:
    """Listens to torch. After each backward `moment` is called: weights, gradients and losses belong together then."""

    def __init__(
        self,
        model: nn.Module | None,
        optimizer: Optimizer | None,
        *,
        moment: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.networks = Networks(model)
        self.deaf = False
        self.armed = True  # whether the pass under way is captured; the first one is, before anybody could ask
        self.wanted = False  # whether the next one is to be, because somebody waits for a picture
        self.capture: Capture | None = None  # of the pass under way, or of the one that is over in a `moment`
        self.passes = 0  # backwards so far
        self.updates = 0  # steps of optimizers so far
        self.tick = 0  # the update that the newest pass prepares, from 1; its number where nothing makes updates
        self.optimizers = Optimizers(optimizer)
        self.noted_lr: float | None = None  # as the script has said it
        self.losses = WatchedLosses()
        self._scaled: tuple[Tensor, Tensor] | None = None  # the newest loss for a scaled backward, and its factor
        self._factor: Tensor | None = None  # by which the loss of the newest backward, and so its gradients, was scaled
        self._moment = moment
        self._failed = failed
        self._called: set[int] = set()  # networks of the pass under way
        if model is not None:
            self.optimizers.find()

    # ---- called by the hooks ----------------------------------------------------------------------------------

    def calling(self, module: nn.Module) -> None:
        """Keep the state of torch's generator where a module is about to draw masks of dropout inside."""
        if self.armed and isinstance(module, nn.RNNBase) and module.dropout and module.training:
            self._capture().random = torch.get_rng_state()

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Note a call; what it read and returned only where somebody waits for a picture."""
        recurrent = is_recurrent(module)
        if not recurrent and not self.armed and self.networks.are_named:
            return
        self.networks.called(module)
        if not torch.is_grad_enabled():
            return
        if recurrent:
            self._called.add(id(module))
        if self.armed:
            self._capture().called(module, args, kwargs, output)

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Note a loss: one that nothing is learnt from is an evaluation."""
        if torch.is_grad_enabled():
            if self.armed:
                self._capture().lost(name, args, kwargs, value)
        elif isinstance(value, Tensor) and value.numel() == 1 and self.passes:
            self.losses.add_evaluation(name, args, kwargs, value.detach())

    def scaled(self, value: Tensor, scale: Tensor) -> None:
        """Note by what a loss was multiplied before its backward."""
        self._scaled = value, scale.detach().clone()

    def backward_done(self, roots: tuple[Tensor, ...]) -> None:
        """Note the loss of a pass that is over, and let pictures be made."""
        self.passes += 1
        self.tick = self.updates + 1 if self.updates or self.optimizers.any else self.passes
        self._factor = None
        root = roots[0].detach() if len(roots) == 1 and roots[0].numel() == 1 else None
        if self._scaled is not None and root is not None and self._scaled[0] is roots[0]:
            self._factor = self._scaled[1]
            root = root / self._factor.to(root.device)
            if self.capture is not None:
                self.capture.scale = float(self._scaled[1])
        self._scaled = None
        self.losses.add_pass(root, frozenset(self._called))
        self.networks.pass_over()
        self._moment()
        self._called.clear()
        self.capture = None
        self.armed, self.wanted = self.wanted, False  # never in the middle of a pass

    def optimizer_made(self, optimizer: Optimizer) -> None:
        """Note an optimizer: passes before its first step belong to one update."""
        self.optimizers.note(optimizer)

    def before_step(self, optimizer: Optimizer) -> None:
        """Note an optimizer that was made before anybody watched."""
        self.optimizers.note(optimizer)
        self.noted_lr = None

    def after_step(self, optimizer: Optimizer) -> None:
        """Count an update."""
        if self.optimizers.note(optimizer):
            self.updates += 1

    def fail(self, error: Exception) -> None:
        """Pass an error on: nothing is heard any more."""
        self.capture = None
        self._failed(error)

    # ---- what is known ----------------------------------------------------------------------------------------

    def losses_of(self, network: WatchedNetwork | None) -> LossSeries:
        """Return the losses of the passes in which a network was called, as far as they have been fetched."""
        module = None if network is None else network.module()
        return self.losses.all if module is None else self.losses.of(id(module))

    def gradient_norm(self, network: WatchedNetwork | None) -> float | None:
        """Return ‖∂L/∂W‖ over all weights of a network's model, as the newest backward has left it; waits for a GPU.

        None where there is no gradient, or where a gradient scaler will skip the update since one is not finite.
        """
        model = None if network is None else network.model()
        models = self.networks.models if model is None else [model]
        norm = gradient_norm(weight.grad for each in models for weight in each.parameters())
        if norm is None or self._factor is None:
            return None if norm is None else float(norm)
        return float(norm / self._factor.to(norm.device)) if norm.isfinite() else None

    def note(self, **values: float) -> None:
        """Take the loss and the learning rate from the script itself."""
        if "lr" in values:
            self.noted_lr = float(values["lr"])
        if "loss" in values:
            self.losses.drain()
            self.losses.add(float(values["loss"]))

    def tokens(self, ids: Any, lengths: Any) -> None:
        """Take the ids of the pass that comes from the script itself, where somebody waits for a picture of it."""
        if not self.armed or not torch.is_grad_enabled():
            return
        capture = self._capture()
        try:
            capture.tokens.append(told_tokens(ids, lengths, capture))
        except (ValueError, TypeError, RuntimeError) as error:
            capture.problem = f"What the script has told of its tokens cannot be used: {one_line(error)}."

    def _capture(self) -> Capture:
        if self.capture is None:
            self.capture = Capture()
        return self.capture
