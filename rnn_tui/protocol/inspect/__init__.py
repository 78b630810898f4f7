"""What the panes that look inside a network ask, and what the engine answers: a module for each pane.

An ask travels in a request for a frame, its answer in the frame. An answer whose `note` is not empty shows something
else than was asked for, or nothing, and the note says why, in words that are safe to print. Values that are NaN or
infinite travel as such. `layer` and `direction` count from 0; direction 1 reads from the right.

A new pane has a module here with its `...Ask(Ask)` and `...Facts(Answer)`, which have `tag=True`. Nothing lists it: the
messages take every ask and every answer of the modules here.
"""

from functools import reduce
from importlib import import_module
from operator import or_
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["ANSWERS", "ASKS", "Answer", "Ask", "name_of", "name_of_answer"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

ASKS: tuple[type[Ask], ...] = tuple(Ask.__subclasses__())
ANSWERS: tuple[type[Answer], ...] = tuple(Answer.__subclasses__())

if not TYPE_CHECKING:  # a message is read as one of these, by its tag
    Ask, Answer = reduce(or_, ASKS), reduce(or_, ANSWERS)


def name_of(ask: Ask) -> str:
    """Return the name of an ask: "cell", "gates", ...; it is also the ID of the pane that asks."""
    return type(ask).__name__.removesuffix("Ask").lower()


def name_of_answer(kind: type[Answer]) -> str:
    """Return the name of an answer: the name of its ask."""
    return kind.__name__.removesuffix("Facts").lower()
