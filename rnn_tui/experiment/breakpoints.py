"""Breakpoints as texts: what a run pauses at. `learnt`, `loss<2.7`, `jump>0.5`, `epoch=50`, `tick=300`."""

import math
import re
from typing import Literal

import msgspec

from rnn_tui.experiment.spec import ExperimentError

__all__ = ["NEVER", "Breakpoint", "Kind", "needs_learning", "parse", "parse_all"]

Kind = Literal["learnt", "loss", "jump", "epoch", "tick"]

NEVER = "never"  # the word for no breakpoint at all

_PATH = "run.until"
_OPERATORS: dict[str, str] = {"loss": "<", "jump": ">", "epoch": "=", "tick": "="}
_EXAMPLES: dict[str, str] = {"loss": "loss<2.7", "jump": "jump>0.5", "epoch": "epoch=50", "tick": "tick=300"}
_MOST = 10**15  # ticks, and epochs
_FORM = re.compile(r"(loss|jump|epoch|tick)\s*([<>=])\s*(.*)")
_LONGEST = 24  # characters of a text that are repeated in a message


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a run pauses at. `learnt` has no number; epochs and ticks are whole ones."""

    kind: Kind
    value: float = 0

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        operator = _OPERATORS.get(self.kind)
        if operator is None:
            return self.kind
        number = int(self.value) if operator == "=" else repr(float(self.value)).removesuffix(".0")
        return f"{self.kind}{operator}{number}"


def parse(text: str) -> Breakpoint:
    """Read the breakpoint that a text names. Raises ExperimentError, whose `value` is the text."""
    word = text.strip()
    if word == "learnt":
        return Breakpoint(kind="learnt")
    found = _FORM.fullmatch(word)
    if found is None:
        raise _error(text, f"is no breakpoint: it must be learnt, {', '.join(_EXAMPLES.values())} or {NEVER}")
    name, operator, number = found.groups()
    kind: Kind = name  # type: ignore[assignment]  # the pattern allows no other
    if operator != _OPERATORS[kind]:
        raise _error(text, f"is no breakpoint: it must be {kind}{_OPERATORS[kind]}NUMBER, as in {_EXAMPLES[kind]}")
    return Breakpoint(kind=kind, value=_whole(text, kind, number) if operator == "=" else _real(text, kind, number))


def parse_all(texts: tuple[str, ...]) -> tuple[Breakpoint, ...]:
    """Read the breakpoints that texts name, each once, in their order; `never` names none. Raises ExperimentError."""
    return tuple(dict.fromkeys(parse(text) for text in texts if text.strip() != NEVER))


def needs_learning(text: str) -> bool:
    """Tell whether this would never come in a run that learns nothing."""
    return text.strip().startswith(("learnt", "loss", "jump"))


def _whole(text: str, kind: str, number: str) -> int:
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        raise _error(text, f"needs a whole number, as in {_EXAMPLES[kind]}")
    if not 1 <= int(number) <= _MOST:
        raise _error(text, f"is out of reach: the {kind} must be 1 or more, and at most {_MOST:,}")
    return int(number)


def _real(text: str, kind: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _error(text, f"needs a number, as in {_EXAMPLES[kind]}")
    if value < 0 or (kind == "loss" and not value):
        raise _error(
            text, "can never be: no loss is below 0" if kind == "loss" else "is too small: it must be at least 0"
        )
    return abs(value)  # -0.0 is 0


def _error(text: str, problem: str) -> ExperimentError:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return ExperimentError(_PATH, f"{short!r} {problem}", value=text)
