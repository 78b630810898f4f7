"""Hooks into torch for a whole process: calls of modules, losses, backward passes and steps of optimizers.

Nothing that is hooked is changed: a hook looks at what goes in and what comes out, and passes it on. One dispatcher
serves all listeners, so that they can come and go in any order. What is called inside torch.compile goes unseen.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

__all__ = ["LOSSES", "Listener", "add_listener", "remove_listener"]

LOSSES = (
    "cross_entropy",
    "nll_loss",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "ctc_loss",
)  # of torch.nn.functional; the modules of torch.nn call these


class Listener(Protocol):
    """Is called in the thread that computes. An error of its own never reaches the caller: it ends the listening."""

    deaf: bool  # set while the listener itself uses torch

    def calling(self, module: nn.Module) -> None:
        """Hear of a module that is about to be called."""

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Hear of a module's call that has returned."""

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Hear of the value of a loss function."""

    def scaled(self, value: Tensor, scale: Tensor) -> None:
        """Hear that a gradient scaler has multiplied a loss."""

    def backward_done(self, roots: tuple[Tensor, ...]) -> None:
        """Hear that gradients of these have been computed; no weight has moved since."""

    def optimizer_made(self, optimizer: Optimizer) -> None:
        """Hear that there is a new optimizer."""

    def before_step(self, optimizer: Optimizer) -> None:
        """Hear that an optimizer is about to move its weights."""

    def after_step(self, optimizer: Optimizer) -> None:
        """Hear that an optimizer has moved its weights."""

    def fail(self, error: Exception) -> None:
        """Hear of an error of its own: it hears nothing any more after that."""


_listeners: list[Listener] = []
_undo: list[Callable[[], object]] = []
_depth = 0  # of backward passes inside one another


def add_listener(listener: Listener) -> None:
    """Begin to call a listener; the first one installs the hooks."""
    if not _listeners:
        _install()
    _listeners.append(listener)


def remove_listener(listener: Listener) -> None:
    """Stop calling a listener; the last one leaves torch as it was."""
    if listener in _listeners:
        _listeners.remove(listener)
        if not _listeners:
            while _undo:
                _undo.pop()()


def _tell(hear: Callable[[Listener], object]) -> None:
    for listener in tuple(_listeners):
        if listener.deaf:
            continue
        listener.deaf = True
        try:
            hear(listener)
        except Exception as error:
            _end(listener, error)
        finally:
            listener.deaf = False


def _end(listener: Listener, error: Exception) -> None:
    remove_listener(listener)
    listener.fail(error)


def _install() -> None:
    handles: tuple[RemovableHandle, ...] = (
        nn.modules.module.register_module_forward_pre_hook(_before_forward),
        nn.modules.module.register_module_forward_hook(_forward, with_kwargs=True),
        register_optimizer_step_pre_hook(lambda optimizer, *_: _tell(lambda each: each.before_step(optimizer))),
        register_optimizer_step_post_hook(lambda optimizer, *_: _tell(lambda each: each.after_step(optimizer))),
    )
    _undo.extend(handle.remove for handle in handles)
    for name in LOSSES:
        _wrap(F, name, functools.partial(_loss, name))
    for name in ("backward", "grad"):
        _wrap(torch.autograd, name, _backward)
    _wrap(torch.amp.GradScaler, "scale", _scale)
    _wrap(Optimizer, "__init__", _make_optimizer)


def _before_forward(module: nn.Module, _args: Any) -> None:
    for listener in _listeners:
        if not listener.deaf:
            try:
                listener.calling(module)
            except Exception as error:
                _end(listener, error)
                return


def _forward(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
    for listener in _listeners:  # the hot path: nothing is made here for a call that nobody looks at
        if not listener.deaf:
            try:
                listener.called(module, args, kwargs, output)
            except Exception as error:
                _end(listener, error)
                return


def _wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Put a function around another one, until the hooks are removed."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or not _listeners:
            return original(*args, **kwargs)
        return around(original, args, kwargs)

    def undo() -> None:
        if getattr(owner, name) is wrapped:  # else somebody has put another one around ours, which still calls it
            setattr(owner, name, original)

    setattr(owner, name, wrapped)
    _undo.append(undo)


def _loss(name: str, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    value = original(*args, **kwargs)
    _tell(lambda each: each.lost(name, args, kwargs, value))
    return value


def _scale(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    value = original(*args, **kwargs)
    scale = getattr(args[0], "_scale", None)
    if isinstance(value, Tensor) and isinstance(scale, Tensor):  # else it is not enabled
        _tell(lambda each: each.scaled(value, scale))
    return value


def _make_optimizer(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    original(*args, **kwargs)
    _tell(lambda each: each.optimizer_made(args[0]))


def _backward(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Compute gradients, and tell of it once they are there; those inside others belong to the outermost."""
    global _depth
    _depth += 1
    try:
        found = original(*args, **kwargs)
    finally:
        _depth -= 1
    if not _depth and not kwargs.get("create_graph"):  # else another one goes through these gradients
        roots = args[0] if args else kwargs.get("tensors", kwargs.get("outputs", ()))
        tensors = (roots,) if isinstance(roots, Tensor) else tuple(roots)
        _tell(lambda each: each.backward_done(tensors))
    return found
