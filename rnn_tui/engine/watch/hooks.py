"""Hooks into torch for a whole process: calls of modules, losses, backward passes and steps of optimizers.

Nothing that is hooked is changed: a hook looks at what goes in and what comes out, and passes it on. One dispatcher
serves all listeners, so that they can come and go in any order. What is called inside torch.compile goes unseen.
With a hook for all modules each call of a module takes a longer way in torch, so there is one only while it is needed.
"""

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from rnn_tui.common.torchrun import ranks_of
from rnn_tui.engine.watch.listener import Listener

__all__ = ["LOSSES", "add_listener", "adjust", "is_telling", "remove_listener"]

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

COLLECTIVES = (
    "all_reduce",
    "reduce",
    "broadcast",
    "barrier",
    "all_gather",
    "all_gather_into_tensor",
    "all_gather_object",
    "broadcast_object_list",
    "reduce_scatter_tensor",
)  # of torch.distributed: where a script waits for other ranks by itself


_listeners: list[Listener] = []
_undo: list[Callable[[], object]] = []
_call_hooks: list[RemovableHandle] = []  # before calls of modules, and after
_depth = 0  # of backward passes inside one another
_is_telling = False  # a listener uses torch itself: nobody hears that


def add_listener(listener: Listener) -> None:
    """Begin to call a listener; the first one installs the hooks."""
    if not _listeners:
        _install()
    _listeners.append(listener)
    adjust()


def remove_listener(listener: Listener) -> None:
    """Stop calling a listener; the last one leaves torch as it was."""
    if listener in _listeners:
        _listeners.remove(listener)
        adjust()
        if not _listeners:
            while _undo:
                _undo.pop()()


def adjust() -> None:
    """Have hooks for calls of modules where a listener hears them, and else none.

    They keep their numbers when they come again: torch.compile looks at those, and would compile everything anew.
    """
    hooks, is_heard = nn.modules.module, any(each.hears_calls for each in _listeners)
    if is_heard and not _call_hooks:
        _call_hooks.append(hooks.register_module_forward_pre_hook(_before_forward))
        _call_hooks.append(hooks.register_module_forward_hook(_forward, with_kwargs=True))
    if not _call_hooks:
        return
    before, after = _call_hooks
    if is_heard:
        hooks._global_forward_pre_hooks[before.id] = _before_forward
        hooks._global_forward_hooks[after.id] = _forward
        hooks._global_forward_hooks_with_kwargs[after.id] = True
    else:
        before.remove()
        after.remove()
        hooks._global_forward_hooks_with_kwargs.pop(after.id, None)  # a mark that the handle leaves
    if is_heard and "torch._dynamo" in sys.modules:
        _leave_uncompiled(sys.modules["torch._dynamo"])


@functools.cache
def _leave_uncompiled(compiler: Any) -> None:
    """Have torch.compile compile nothing of ours where hooks run beside compiled code."""
    for hook in (_before_forward, _forward):
        compiler.decorators.skip_code(hook.__code__)
    _heard.update({name: compiler.disable(tell) for name, tell in _heard.items()})


def is_telling() -> bool:
    """Tell whether what is computed right now is computed by a listener, and not by the script."""
    return _is_telling


def _tell(hear: Callable[[Listener], object]) -> None:
    global _is_telling
    if _is_telling:
        return
    _is_telling = True
    try:
        for listener in tuple(_listeners):
            try:
                hear(listener)
            except Exception as error:
                _end(listener, error)
    finally:
        _is_telling = False


def _end(listener: Listener, error: Exception) -> None:
    remove_listener(listener)
    listener.fail(error)


def _install() -> None:
    handles: tuple[RemovableHandle, ...] = (
        register_optimizer_step_pre_hook(lambda optimizer, *_: _tell(lambda each: each.before_step(optimizer))),
        register_optimizer_step_post_hook(lambda optimizer, *_: _tell(lambda each: each.after_step(optimizer))),
    )
    _undo.extend(handle.remove for handle in handles)
    for name in LOSSES:
        _wrap(F, name, functools.partial(_loss, name))
    _wrap(torch.autograd, "backward", _backward)
    _wrap(torch.autograd, "grad", _grad)
    _wrap(torch.amp.GradScaler, "scale", _scale)
    _wrap(Optimizer, "__init__", _make_optimizer)
    if ranks_of(os.environ) is not None and torch.distributed.is_available():
        for name in COLLECTIVES:
            _wrap(torch.distributed, name, _collective)
    for owner in (nn.RNNBase, nn.RNNCellBase):
        _wrap(owner, "__init__", _make_module)
    _wrap(nn.Module, "__setstate__", _make_module)  # of a copy, or of one that was saved


def _before_forward(module: nn.Module, _args: Any) -> None:
    if not torch.compiler.is_compiling():  # else this very call becomes a part of what is compiled
        _heard["calling"](module)


def _forward(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
    if not torch.compiler.is_compiling():
        _heard["called"](module, args, kwargs, output)


def _tell_calling(module: nn.Module) -> None:
    for listener in () if _is_telling else _listeners:
        if listener.hears_calls:
            try:
                listener.calling(module)
            except Exception as error:
                _end(listener, error)
                return


def _tell_called(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
    for listener in () if _is_telling else _listeners:
        if listener.hears_calls:
            try:
                listener.called(module, args, kwargs, output)
            except Exception as error:
                _end(listener, error)
                return


_heard: dict[str, Callable[..., None]] = {"calling": _tell_calling, "called": _tell_called}


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


def _collective(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    _tell(lambda each: each.collective_begins())
    try:
        return original(*args, **kwargs)
    finally:
        _tell(lambda each: each.collective_ends())


def _scale(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    value = original(*args, **kwargs)
    scale = getattr(args[0], "_scale", None)
    if isinstance(value, Tensor) and isinstance(scale, Tensor):  # else it is not enabled
        _tell(lambda each: each.scaled(value, scale))
    return value


def _make_optimizer(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    original(*args, **kwargs)
    _tell(lambda each: each.optimizer_made(args[0]))


def _make_module(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    original(*args, **kwargs)
    if isinstance(args[0], nn.RNNBase | nn.RNNCellBase):
        _tell(lambda each: each.recurrent_made(args[0]))


def _backward(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Add up gradients in the weights; that is a pass."""
    args, kwargs = _listed(args, kwargs)
    again = bool(kwargs.get("retain_graph") or kwargs.get("create_graph") or any(args[2:4]))
    return _pass(original, args, kwargs, roots=_tensors(args, kwargs, "tensors"), again=again)


def _grad(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return gradients; of a loss by weights that is a pass, unless something else is made of the gradients."""
    args, kwargs = _listed(args, kwargs)
    roots, inputs = _tensors(args, kwargs, "outputs"), _tensors(args[1:], kwargs, "inputs")
    create = kwargs.get("create_graph") or any(args[4:5])
    is_loss = len(roots) == 1 and roots[0].numel() == 1 and any(isinstance(each, nn.Parameter) for each in inputs)
    if create or not is_loss:
        return _inside(original, args, kwargs)
    again = bool(kwargs.get("retain_graph") or any(args[3:4]))
    return _pass(original, args, kwargs, roots=roots, inputs=inputs, again=again)


def _pass(
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    roots: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...] = (),
    again: bool,
) -> Any:
    """Compute gradients, and tell of it before and after; one inside another belongs to the outermost."""
    if _depth:
        return _inside(original, args, kwargs)
    _tell(lambda each: each.backward_begins())
    found = _inside(original, args, kwargs)
    _tell(lambda each: each.backward_done(roots, inputs, again=again))
    return found


def _inside(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    global _depth
    _depth += 1
    try:
        return original(*args, **kwargs)
    finally:
        _depth -= 1


def _listed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments of which each can be looked at, as torch makes them anyway: not the generators among them."""
    if any(map(_is_read_once, args)) or any(map(_is_read_once, kwargs.values())):
        args = tuple(tuple(each) if _is_read_once(each) else each for each in args)
        kwargs = {name: tuple(each) if _is_read_once(each) else each for name, each in kwargs.items()}
    return args, kwargs


def _is_read_once(value: Any) -> bool:
    return hasattr(type(value), "__next__")  # `isinstance(value, Iterator)` takes ten times as long


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> tuple[Tensor, ...]:
    """Return the tensors of the first argument, which may have been given by its name."""
    given = args[0] if args else kwargs.get(name, ())
    given = given.values() if isinstance(given, dict) else given
    return (given,) if isinstance(given, Tensor) else tuple(each for each in given if isinstance(each, Tensor))
