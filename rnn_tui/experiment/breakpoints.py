"""Breakpoints as texts: what a run pauses at. `learnt`, `loss<2.7`, `grad>10`, `dead>0.5`, `nan`, `epoch=50`."""

import math
import re
from collections.abc import Collection
from typing import Literal, NamedTuple

import msgspec

from rnn_tui.experiment.spec import ExperimentError

__all__ = ["KINDS", "NEVER", "OF_SCRIPTS", "Breakpoint", "Kind", "KindFacts", "needs_learning", "parse", "parse_all"]

Kind = Literal["learnt", "loss", "jump", "grad", "ratio", "dead", "saturated", "nan", "epoch", "tick"]

NEVER = "never"  # the word for no breakpoint at all


class KindFacts(NamedTuple):
    """What is true of all breakpoints of a kind."""

    operator: str  # between its name and its number; empty: it has no number
    example: str  # a number
    about: str  # when a run pauses there
    learning: bool  # whether it comes only in a run that learns

    def form(self, kind: str) -> str:
        """Return an example of a whole breakpoint: `loss<2.7`."""
        return f"{kind}{self.operator}{self.example}"


KINDS: dict[Kind, KindFacts] = {
    "learnt": KindFacts("", "", "first right prediction", True),
    "loss": KindFacts("<", "2.7", "the loss falls below this", True),
    "jump": KindFacts(">", "0.5", "it rises by more at once", True),
    "grad": KindFacts(">", "10", "gradients' norm is larger", True),
    "ratio": KindFacts(">", "0.1", "update:weight is larger", True),
    "dead": KindFacts(">", "0.5", "more units stay near 0", True),
    "saturated": KindFacts(">", "0.9", "more units stay near ±1", True),
    "nan": KindFacts("", "", "NaN or infinite numbers", True),
    "epoch": KindFacts("=", "50", "this epoch is done", False),
    "tick": KindFacts("=", "300", "this tick is done", False),
}

OF_SCRIPTS: tuple[Kind, ...] = ("loss", "jump", "grad", "nan", "tick")  # what a script that is watched can come to

_PATH = "run.until"
_MOST = 10**15  # ticks, and epochs
_FORM = re.compile(rf"({'|'.join(kind for kind, facts in KINDS.items() if facts.operator)})\s*([<>=])\s*(.*)")
_LONGEST = 24  # characters of a text that are repeated in a message


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a run pauses at. `learnt` and `nan` have no number; epochs and ticks are whole ones."""

    kind: Kind
    value: float = 0

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        operator = KINDS[self.kind].operator
        if not operator:
            return self.kind
        number = int(self.value) if operator == "=" else repr(float(self.value)).removesuffix(".0")
        return f"{self.kind}{operator}{number}"


def parse(text: str, kinds: Collection[Kind] = tuple(KINDS)) -> Breakpoint:
    """Read the breakpoint that a text names, of one of these kinds.

    Raises ExperimentError, whose `value` is the text.
    """
    word = text.strip()
    for alone in kinds:
        if word == alone and not KINDS[alone].operator:
            return Breakpoint(kind=alone)
    found = _FORM.fullmatch(word)
    if found is None or found[1] not in kinds:
        forms = [KINDS[each].form(each) for each in kinds] + ([NEVER] if len(kinds) == len(KINDS) else [])
        raise _error(text, f"is no breakpoint: it must be {', '.join(forms[:-1])} or {forms[-1]}")
    name, operator, number = found.groups()
    kind: Kind = name  # type: ignore[assignment]  # the pattern allows no other
    if operator != KINDS[kind].operator:
        form = KINDS[kind].form(kind)
        raise _error(text, f"is no breakpoint: it must be {kind}{KINDS[kind].operator}NUMBER, as in {form}")
    return Breakpoint(kind=kind, value=_whole(text, kind, number) if operator == "=" else _real(text, kind, number))


def parse_all(texts: tuple[str, ...]) -> tuple[Breakpoint, ...]:
    """Read the breakpoints that texts name, each once, in their order; `never` names none. Raises ExperimentError."""
    return tuple(dict.fromkeys(parse(text) for text in texts if text.strip() != NEVER))


def needs_learning(text: str) -> bool:
    """Tell whether this would never come in a run that learns nothing."""
    return text.strip().startswith(tuple(kind for kind, facts in KINDS.items() if facts.learning))


def _whole(text: str, kind: Kind, number: str) -> int:
    if not (number.isascii() and number.isdecimal() and len(number) <= 20):
        raise _error(text, f"needs a whole number, as in {KINDS[kind].form(kind)}")
    if not 1 <= int(number) <= _MOST:
        raise _error(text, f"is out of reach: the {kind} must be 1 or more, and at most {_MOST:,}")
    return int(number)


def _real(text: str, kind: Kind, number: str) -> float:
    try:
        value = float(number) if number.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _error(text, f"needs a number, as in {KINDS[kind].form(kind)}")
    if kind == "loss" and value <= 0:
        raise _error(text, "can never be: no loss is below 0")
    if kind in ("dead", "saturated") and value >= 1:
        raise _error(text, "can never be: it is a share of the units, below 1")
    if value < 0:
        raise _error(text, "is too small: it must be at least 0")
    return abs(value)  # -0.0 is 0


def _error(text: str, problem: str) -> ExperimentError:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return ExperimentError(_PATH, f"{short!r} {problem}", value=text)
