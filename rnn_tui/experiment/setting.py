"""One setting: how people meet it, what may change it, and how it counts. Each is declared where its field is.

A setting is one field of a frozen struct, annotated with all that there is to say of it:

    clip: Annotated[float, Setting("largest norm of the gradient; 0: no clipping", minimum=0, fork=5)] = 0.0

The command line, the forms, TOML files, `--help`, `--fork`, `c`, the rules, kept runs and the memory estimate are all
derived from these declarations: see `experiment/settings.py`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

__all__ = ["FIRST_VERSION", "Fact", "Setting", "either", "settings_of"]

FIRST_VERSION = "0.1.0"
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_WANTED = {int: "a whole number", float: "a number", bool: "true or false", str: "text", tuple: "a list of texts"}


@dataclass(frozen=True)
class Fact:
    """Declares a field of a section that nobody sets: it is found out, and kept with the rest."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A declaration; `settings_of` completes it with what its field says."""

    about: str  # in --help, in the form and as a comment in TOML
    _: KW_ONLY
    option: str = ""  # "--hidden"; empty: after its field
    label: str = ""  # in the form; empty: after its field
    form_hint: str = ""  # what the form says besides
    metavar: str = ""  # what stands for the value in --help; empty: after its type
    minimum: float | None = None  # the smallest value that makes sense
    maximum: float | None = None  # the largest
    exclusive: bool = False  # the minimum itself is not allowed
    words: Mapping[str, Any] = field(default_factory=dict)  # words that stand for values: {"max": 0.0}
    spelled: Mapping[str, str] = field(default_factory=dict)  # how a choice is given, where that is not the word itself
    separator: str = "|"  # between the texts of a list, in the form
    unused: Callable[[Any], str] | None = None  # of an experiment: why a value other than the default has no use, or ""
    front: int = 0  # its place among those that stand first in the form on e, from 1; 0: with its section
    fork: int = 0  # its place in the form on F, from 1; -1: only --fork changes it; 0: it cannot change on the way
    resume: bool = False  # whether it may be another one when a run is resumed
    logarithmic: bool = False  # whether its values are spaced by a factor where a comparison tries a range of them
    alike: str = (
        ""  # why the networks of a comparison must have it alike; empty: it may vary (see `experiment/vary.py`)
    )
    since: str = ""  # the version that has it first
    memory: bool = False  # whether the memory estimate depends on it
    passes: bool = False  # it divides the data into passes, and changes nothing of what is read
    optimizer_state: Callable[[Any], tuple[str, ...]] | None = None  # of a training: keys of what the optimiser keeps

    path: str = ""  # "network.hidden_size"
    kind: type = str  # int, float, bool, str, or tuple: a list of texts
    choices: tuple[str, ...] = ()  # the words that it accepts; empty: it is free
    default: Any = None

    @property
    def section(self) -> str:
        """The TOML table that holds it."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The attribute's own name."""
        return self.path.rpartition(".")[2]

    @property
    def spellings(self) -> tuple[str, ...]:
        """How its choices are given."""
        return tuple(self.spelled.get(each, each) for each in self.choices)

    @property
    def wanted(self) -> str:
        """What a value must be, in words: "a whole number"."""
        wanted = either(self.spellings) if self.choices else _WANTED[self.kind]
        return ", or ".join([wanted, *self.words])

    def of(self, experiment: Any) -> Any:
        """Return its value in an experiment."""
        return getattr(getattr(experiment, self.section), self.name)

    def parse(self, text: str) -> Any:
        """Return the value that a text stands for; ranges are not checked. Raises ValueError."""
        words = _YES_NO if self.kind is bool else self.words
        if text.strip() in words:
            return words[text.strip()]
        if self.kind is bool:
            raise ValueError(f"{text!r} is not {self.wanted}")
        return self.kind(text) if self.kind in (int, float) else text

    def format(self, value: Any) -> str:
        """Write a single value so that `parse` reads the same again."""
        for word, meant in self.words.items():
            if value == meant:
                return word
        if isinstance(value, bool):
            return "yes" if value else "no"
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)

    def range_problem(self, value: float) -> str:
        """Say what is wrong with the size of a value, in words that follow the value; empty: nothing."""
        if isinstance(value, float) and not math.isfinite(value):  # an int may be too large for one
            return "is not a finite number"
        if self.minimum is not None and (value < self.minimum or (self.exclusive and value == self.minimum)):
            return f"is too small: it must be {'above' if self.exclusive else 'at least'} {_plain(self.minimum)}"
        if self.maximum is not None and value > self.maximum:
            return f"is too large: it must be at most {_plain(self.maximum)}"
        return ""


def settings_of(struct: type[msgspec.Struct], section: str) -> tuple[Setting, ...]:
    """Return the settings that the fields of a struct declare, in their order, complete."""
    hints = get_type_hints(struct, include_extras=True)
    defaults = {each.name: each.default for each in msgspec.structs.fields(struct)}
    return tuple(
        _completed(f"{section}.{name}", hints[name], default)
        for name, default in defaults.items()
        if Fact() not in get_args(hints[name])
    )


def either(words: Any, last: Literal["or", "and"] = "or") -> str:
    """Return `a, b or c`."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else str(tail)


def _completed(path: str, hint: Any, default: Any) -> Setting:
    declared = get_args(hint)[1] if get_origin(hint) is Annotated else None
    if not isinstance(declared, Setting):
        raise TypeError(f"{path} has no declaration: annotate it with a Setting")
    accepted = get_args(hint)[0]
    choices = get_args(accepted) if get_origin(accepted) is Literal else ()
    name = path.rpartition(".")[2]
    return replace(
        declared,
        option=declared.option or f"--{name.replace('_', '-')}",
        label=declared.label or name.replace("_", " "),
        path=path,
        kind=type(default),
        choices=choices,
        default=default,
    )


def _plain(number: float) -> str:
    """Return every digit of a limit: 1,000,000 rather than 1e+06."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.15g}"
