"""Which runs of a list are wanted, and in which order: `loss<0.5`, `cell=lstm`, `tag=good`; `-held-out`.

A condition is a name, an operator and a value. A name is one of `FACTS`, or a setting by any name that it has: `lr`,
`hidden`, `hidden_size`, `network.hidden_size`. What is not known of a run fits no condition but `!=`, and stands last.
"""

import difflib
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from rnn_tui.common.wording import shown
from rnn_tui.experiment.setting import Setting, either
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.runs.facts import RunFacts

__all__ = ["FACTS", "Condition", "Order", "QueryError", "parse_condition", "parse_order"]

_LONGEST = 1_000  # characters of a condition
_CONDITION = re.compile(r"\s*([^\s=!<>~]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_MOMENT = re.compile(r"\d{4}-\d{2}(-\d{2}( \d{2}:\d{2})?)?", re.ASCII)
_IN_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


_Item = TypeVar("_Item")


class QueryError(ValueError):
    """A text that is no condition, or no order; the message is one line that begins with it."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"{shown(text)}: {problem}")


@dataclass(frozen=True)
class _Fact:
    """Something that is known of runs: numbers and moments have an order, texts can hold others."""

    name: str
    kind: Literal["number", "moment", "text", "texts", "choice"]
    of: Callable[[RunFacts], Any]
    parse: Callable[[str], Any] = str  # raises ValueError
    wanted: str = "a text"


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _moment(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        raise ValueError
    return text


def _written(moment: float | None) -> str | None:
    return None if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _fact(name: str, of: Callable[[RunFacts], Any]) -> _Fact:
    return _Fact(name, "number", of, _number, "a number")


_ALL = (
    _Fact("name", "text", lambda run: run.name),
    _Fact("experiment", "text", lambda run: run.experiment and run.experiment.name),
    _fact("epoch", lambda run: run.epoch),
    _fact("updates", lambda run: run.updates),
    _fact("ticks", lambda run: run.tick),
    _fact("loss", lambda run: run.loss),
    _fact("best", lambda run: run.best),
    _fact("held-out", lambda run: run.held_out),
    _fact("accuracy", lambda run: run.accuracy),
    _fact("learnt", lambda run: run.learnt),
    _fact("weights", lambda run: run.weights),
    _fact("networks", lambda run: run.networks),
    _fact("size", lambda run: run.size),
    _fact("time", lambda run: run.seconds),
    _Fact(
        "when", "moment", lambda run: _written(run.changed), _moment, "a date, as in 2026-01-31 or '2026-01-31 14:00'"
    ),
    _Fact("state", "text", lambda run: run.state),
    _Fact("note", "text", lambda run: run.annotations.note),
    _Fact("tag", "texts", lambda run: run.annotations.tags),
)
FACTS = tuple(each.name for each in _ALL)
_OTHER_NAMES = {"run": "name", "update": "updates", "seconds": "time", "date": "when", "tags": "tag"}


def _of_setting(setting: Setting) -> _Fact:
    kind: Literal["number", "text", "texts", "choice"] = "choice"
    if setting.kind in (int, float):
        kind = "number"
    elif setting.kind is tuple:
        kind = "texts"
    elif setting.kind is str and not setting.choices:
        kind = "text"

    def parse(text: str) -> Any:
        found = setting.parse(text)
        if (setting.choices and found not in setting.choices) or (isinstance(found, float) and math.isnan(found)):
            raise ValueError
        return found

    wanted = either(setting.choices) if setting.choices else setting.wanted
    return _Fact(setting.name, kind, lambda run: run.value(setting), parse, wanted)


def _by_name() -> dict[str, _Fact]:
    found: dict[str, _Fact] = {}
    for setting in SETTINGS:
        fact = _of_setting(setting)
        for name in (setting.path, setting.name, setting.option.lstrip("-")):
            found[_plain(name)] = fact
    found |= {each.name: each for each in _ALL}
    return found | {other: found[name] for other, name in _OTHER_NAMES.items()}


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()


_KNOWN = _by_name()


@dataclass(frozen=True)
class Condition:
    """What a run must be to stay in the list."""

    text: str
    fact: _Fact
    operator: str
    value: Any

    def fits(self, run: RunFacts) -> bool:
        """Tell whether a run is as wanted. What is not known, or no number, is only unlike any value."""
        found = self.fact.of(run)
        if self.operator == "!=":
            return not self._equals(found)
        if found is None or (isinstance(found, float) and math.isnan(found)):
            return False
        if self.operator == "=":
            return self._equals(found)
        if self.operator == "~":
            texts = found if self.fact.kind == "texts" else (found,)
            return any(self.value.casefold() in each.casefold() for each in texts)
        return _IN_ORDER[self.operator](self._shortened(found), self.value)

    def _equals(self, found: Any) -> bool:
        if self.fact.kind == "texts":
            return self.value in (found or ())
        return bool(self._shortened(found) == self.value)

    def _shortened(self, found: Any) -> Any:
        """Return a moment to the precision of the value: 2026-01-31 is all of that day."""
        return found[: len(self.value)] if self.fact.kind == "moment" and found is not None else found


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises QueryError."""
    found = _CONDITION.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        operators = either(("=", "!=", *_IN_ORDER, "~"))
        raise QueryError(text, f"must be a name, {operators}, and a value, as in 'loss<0.5' or cell=lstm")
    name, operator, value = found.groups()
    fact = _named(text, name)
    if operator in _IN_ORDER and fact.kind not in ("number", "moment"):
        others = "= or !=" if fact.kind == "choice" else "=, != or ~"
        raise QueryError(text, f"{fact.name} has no order: use {others}")
    if operator == "~":
        if fact.kind not in ("text", "texts"):
            raise QueryError(text, f"~ looks into texts, and {fact.name} is none: use = or !=")
        return Condition(text, fact, operator, value)
    try:
        return Condition(text, fact, operator, fact.parse(value))
    except (ValueError, OverflowError):
        raise QueryError(text, f"{shown(value)} is not {fact.wanted}") from None


@dataclass(frozen=True)
class Order:
    """What a list is sorted by: ascending, or descending; what is not known stands last either way."""

    fact: _Fact
    descending: bool = False

    @property
    def name(self) -> str:
        """The name of what it sorts by."""
        return self.fact.name

    def number(self, run: RunFacts) -> float | None:
        """Return the number of a run that it sorts by; None: it is not known, or no number."""
        found = self._key(run)
        return found if isinstance(found, int | float) else None

    def sort(self, items: Iterable[_Item], facts: Callable[[_Item], RunFacts]) -> list[_Item]:
        """Sort items by the facts of each; equal ones stay in their order."""
        known: list[tuple[Any, _Item]] = []
        unknown: list[_Item] = []
        for item in items:
            key = self._key(facts(item))
            if key is None:
                unknown.append(item)
            else:
                known.append((key, item))
        known.sort(key=lambda each: each[0], reverse=self.descending)
        return [item for _, item in known] + unknown

    def knows(self, runs: Sequence[RunFacts]) -> bool:
        """Tell whether it is known of any run."""
        return any(self._key(each) is not None for each in runs)

    def _key(self, run: RunFacts) -> Any:
        found = self.fact.of(run)
        if found is None or (isinstance(found, float) and math.isnan(found)):
            return None
        if self.fact.kind == "texts":
            return tuple(each.casefold() for each in found) or None
        return (found.casefold() or None) if isinstance(found, str) else found


def parse_order(text: str) -> Order:
    """Read a name, with a minus before it where the largest are to come first. Raises QueryError."""
    name = text.strip()
    return Order(_named(text, name.removeprefix("-")), descending=name.startswith("-"))


def _named(text: str, name: str) -> _Fact:
    fact = _KNOWN.get(_plain(name))
    if fact is None:
        near = difflib.get_close_matches(_plain(name[:50]), _KNOWN, n=2)
        hint = f"nearest: {either(near)}" if near else f"it must be a setting, or {either(FACTS)}"
        raise QueryError(text, f"nothing is called {shown(name)}; {hint}")
    return fact
