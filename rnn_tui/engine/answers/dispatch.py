"""The answers to what panes ask: each from the module of that name, found by its name."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.weights import wants_update
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.protocol.inspect import Answer, Ask, name_of

__all__ = ["answer", "answers"]


_MOST_ASKS = 32  # that are answered in one frame: a view asks once for each pane


def answers(asks: Sequence[Ask], focus: Focus, guard: Guard | None = None) -> tuple[Answer, ...]:
    """Return an answer to each of the first asks, in their order. What several of them need is computed once.

    With a guard, an ask that fails has no answer, and the others have theirs. Without, the error is raised.
    """
    asks = asks[:_MOST_ASKS]
    focus.observed.keeps_update = wants_update(asks)
    if guard is None:
        return tuple(answer(ask, focus) for ask in asks)
    found = [guard.make(name_of(ask), partial(answer, ask, focus), None) for ask in asks]
    return tuple(each for each in found if each is not None)


def answer(ask: Ask, focus: Focus) -> Answer:
    """Return the answer to one ask: `saliency_facts(focus, ask)` of the module `saliency` to a `SaliencyAsk`."""
    name = name_of(ask)
    facts: Callable[[Focus, Any], Answer] = getattr(import_module(f"rnn_tui.engine.answers.{name}"), f"{name}_facts")
    return facts(focus, ask)
