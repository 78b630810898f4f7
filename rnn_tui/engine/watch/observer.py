"""Observes the training of this process: its networks, how many passes and updates there were, and every loss."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnn_tui.engine.answers.guard import one_line
from rnn_tui.engine.training.gradient_norm import gradient_norm
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.watch.capture import Capture
from rnn_tui.engine.watch.gradient_reach import GradientReach
from rnn_tui.engine.watch.hooks import adjust
from rnn_tui.engine.watch.last_update import LastUpdate
from rnn_tui.engine.watch.networks import Networks, WatchedNetwork
from rnn_tui.engine.watch.optimizers import Optimizers
from rnn_tui.engine.watch.own_cells import own_cells
from rnn_tui.engine.watch.rank_clock import RankClock
from rnn_tui.engine.watch.tokens_read import told_tokens
from rnn_tui.engine.watch.watched_losses import WatchedLosses

__all__ = ["Observer"]

_EARLIER = 3  # backwards after which nothing is kept any more of what none of them went through


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
        self.hears_calls = True
        self._armed = True
        self.wanted = False  # whether the next one is to be, because somebody waits for a picture
        self.capture: Capture | None = None  # of the pass under way, or of the one that is over in a `moment`
        self._earlier: list[Capture] = []  # of passes before it, with calls that no backward has gone through yet
        self.passes = 0  # backwards so far
        self.updates = 0  # steps of optimizers so far
        self.tick = 0  # the update that the newest pass prepares, from 1; its number where nothing makes updates
        self.optimizers = Optimizers(optimizer)
        self.noted_lr: float | None = None  # as the script has said it
        self.last_update = LastUpdate()
        self.losses = WatchedLosses()
        self.clock: RankClock | None = None  # where this is one of several ranks
        self._scaled: tuple[Tensor, Tensor] | None = None  # the newest loss for a scaled backward, and its factor
        self._factor: Tensor | None = None  # by which the loss of the newest backward, and so its gradients, was scaled
        self._moment = moment
        self._failed = failed
        self._reach = GradientReach()
        if model is not None:
            self.optimizers.find(model)

    @property
    def armed(self) -> bool:
        """Whether the pass under way is captured; the first one is, before anybody could ask."""
        return self._armed

    @armed.setter
    def armed(self, on: bool) -> None:
        self._armed = on
        self._hear()

    def _hear(self) -> None:
        """Hear of calls only while that is needed: each takes longer then."""
        hears = self._armed or not self.networks.are_named
        if hears != self.hears_calls:
            self.hears_calls = hears
            adjust()

    # ---- called by the hooks ----------------------------------------------------------------------------------

    def recurrent_made(self, module: nn.Module) -> None:
        """Look for the name of a module that has been made."""
        self.networks.expect()
        self._hear()

    def calling(self, module: nn.Module) -> None:
        """Keep the state of torch's generator where a module is about to draw masks of dropout inside."""
        if self._armed and isinstance(module, nn.RNNBase) and module.dropout and module.training:
            self._capture().random = torch.get_rng_state()

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Note a call; what it read and returned only where somebody waits for a picture."""
        self.networks.called(module)
        if self._armed and torch.is_grad_enabled():
            if self._earlier:
                self._forget_earlier([module])
            self._capture().called(module, args, kwargs, output)

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Note a loss: one that nothing is learnt from is an evaluation."""
        if torch.is_grad_enabled():
            if self._armed:
                self._capture().lost(name, args, kwargs, value)
        elif isinstance(value, Tensor) and value.numel() == 1 and self.passes:
            if self.clock is not None:
                self.clock.enter("evaluating")
            self.losses.add_evaluation(name, args, kwargs, value.detach())

    def scaled(self, value: Tensor, scale: Tensor) -> None:
        """Note by what a loss was multiplied before its backward."""
        self._scaled = value, scale.detach().clone()

    def backward_begins(self) -> None:
        """Note the gradients before a backward."""
        if self.clock is not None:
            self.clock.enter("computing")
        self._reach.begin(self.networks.known)
        for each in self._captures:
            each.begin_backward()

    def backward_done(self, roots: tuple[Tensor, ...], inputs: tuple[Tensor, ...], *, again: bool) -> None:
        """Note the loss of a pass that is over, and let pictures be made."""
        if self.clock is not None:
            self.clock.backward_done(self.networks.models)
        self.passes += 1
        self.tick = self.updates + 1 if self.updates or self.optimizers.any else self.passes
        self._factor = None
        root = roots[0] if len(roots) == 1 and roots[0].numel() == 1 else None
        if self._scaled is not None and root is not None and self._scaled[0] is roots[0]:
            self._factor = self._scaled[1]
            root = root.detach() / self._factor.to(root.device)
            for each in self._captures:
                each.scale = float(self._factor)
        self._scaled = None
        self.networks.pass_over()
        if self.capture is not None:
            self.networks.add_own(own_cells(self.capture))
        self.losses.add_pass(root, self._reach.end(self.networks.known, inputs))
        self.last_update.after_hand()
        self._moment()
        self._armed, self.wanted = self.wanted, False  # never in the middle of a pass
        if not self.optimizers.any:
            self.last_update.before_hand(is_shown=self._armed)
        self._earlier = self._not_reached(again=again) if self._armed else []
        self.capture = None
        self._hear()

    def collective_begins(self) -> None:
        """Note that the script begins to wait for other ranks."""
        if self.clock is not None:
            self.clock.collective_begins()

    def collective_ends(self) -> None:
        """Note that it goes on."""
        if self.clock is not None:
            self.clock.collective_ends()

    def optimizer_made(self, optimizer: Optimizer) -> None:
        """Note an optimizer: passes before its first step belong to one update."""
        self.optimizers.note(optimizer)

    def before_step(self, optimizer: Optimizer) -> None:
        """Note an optimizer that was made before anybody watched."""
        self.optimizers.note(optimizer)
        self.noted_lr = None
        self.last_update.before_step(optimizer, is_shown=self._armed)

    def after_step(self, optimizer: Optimizer) -> None:
        """Count an update."""
        self.last_update.after_step(optimizer)
        if self.optimizers.note(optimizer):
            self.updates += 1
        if self._earlier:
            moved = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
            every = [module for each in self.networks.all if (module := each.module()) is not None]
            self._forget_earlier([each for each in every if any(id(weight) in moved for weight in each.parameters())])

    def fail(self, error: Exception) -> None:
        """Pass an error on: nothing is heard any more."""
        self.capture, self._earlier = None, []
        self._failed(error)

    # ---- what is known ----------------------------------------------------------------------------------------

    def losses_of(self, network: WatchedNetwork | None) -> LossSeries:
        """Return the losses that reached a network, as far as they have been fetched."""
        return self.losses.all if network is None else self.losses.of(network.key)

    def reaches(self, network: WatchedNetwork) -> bool:
        """Tell whether the backward that is over went through what was captured of a network."""
        module = network.module()
        return module is not None and any(each.reaches(module) for each in self._captures)

    def capture_of(self, network: WatchedNetwork | None) -> Capture | None:
        """Return what was captured of a network: of the pass that the backward went through, and its losses."""
        module, captures = None if network is None else network.module(), self._captures
        if module is None or not captures:
            return self.capture
        found = next((each for each in reversed(captures) if each.reaches(module)), captures[-1])
        learnt = [loss for each in captures for loss in each.losses if id(loss) in each.learnt]
        return replace(found, losses=learnt or [each for each in found.losses if id(each) not in found.hooked])

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
        if not self._armed or not torch.is_grad_enabled():
            return
        capture = self._capture()
        try:
            capture.tokens.append(told_tokens(ids, lengths, capture))
        except (ValueError, TypeError, RuntimeError) as error:
            capture.problem = f"What the script has told of its tokens cannot be used: {one_line(error)}."

    @property
    def _captures(self) -> list[Capture]:
        return self._earlier if self.capture is None else [*self._earlier, self.capture]

    def _not_reached(self, *, again: bool) -> list[Capture]:
        """Return what was captured of networks that the backward has not gone through, or can go through again."""
        kept = []
        for capture in self._captures:
            capture.age += 1
            modules = [module for each in self.networks.all if (module := each.module()) is not None]
            left = [each for each in modules if capture.awaits(each) and (again or not capture.reaches(each))]
            if left and capture.age <= _EARLIER:
                capture.keep(left)
                kept.append(capture)
        return kept

    def _forget_earlier(self, modules: Sequence[nn.Module]) -> None:
        """Forget what modules have done in earlier passes: they are called anew, or their weights have moved."""
        for capture in self._earlier:
            capture.forget(modules)
        self._earlier = [each for each in self._earlier if each.calls or each.modules]

    def _capture(self) -> Capture:
        if self.capture is None:
            self.capture = Capture()
        return self.capture
