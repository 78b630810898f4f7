"""The types of options' values. What does not fit is refused in one line that says what would be right."""

import math
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import CompletionItem

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import CELL_KINDS, OWN
from rnn_tui.experiment.memory import parse_size
from rnn_tui.experiment.named_cell import NotACell, is_named, name_cell, named_cell, read_name
from rnn_tui.experiment.setting import Setting, either

__all__ = ["CellType", "Count", "NumberBetween", "SettingType", "SizeType", "Word"]


if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # not generic in the oldest click that will do


class _Type(_ParamType):
    """A type whose values are refused in our words."""

    name = "value"

    def refuse(self, value: Any, param: click.Parameter | None, problem: str) -> NoReturn:
        """Raise UsageError with the option, the value, and what would be right."""
        option = param.opts[0] if param is not None else ""
        raise UsageError(f"{option} {shown(value)}: {problem}".lstrip())


class SettingType(_Type):
    """A value of a setting. Its range is checked here only if asked; an experiment's are among its rules."""

    def __init__(self, setting: Setting, *, in_range: bool = False) -> None:
        self._setting = setting
        self._in_range = in_range

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value that a text stands for."""
        if not isinstance(value, str):
            return value
        try:
            found = self._setting.parse(value)
        except ValueError:
            self.refuse(value, param, f"is not {self._setting.wanted}")
        if self._in_range and self._setting.kind is not str and (problem := self._setting.range_problem(found)):
            self.refuse(value, param, problem)
        return found


class CellType(SettingType):
    """A kind of cell, or `FILE.py:CLASS`: the one cell of one's own that this process, and what it begins, may run."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the kind."""
        if isinstance(value, str) and is_named(value):
            try:
                name_cell(read_name(value))
            except NotACell as error:
                self.refuse(value, param, str(error))
            return OWN
        if value == OWN and named_cell() is None:
            self.refuse(value, param, "needs the file, as in --cell mine.py:MyGRU")
        return super().convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the kinds, and the files where none begins so."""
        kinds = [CompletionItem(kind) for kind in CELL_KINDS if kind.startswith(incomplete)]
        return kinds or [CompletionItem(incomplete, type="file")]


class Count(_Type):
    """A whole number from 1 on."""

    def __init__(self, most: int = 10**15) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        text = str(value)
        if not (text.isascii() and text.isdecimal()) or len(text) > 20 or not 0 < int(text) <= self._most:
            self.refuse(value, param, "must be a whole number, 1 or more")
        return int(text)


class NumberBetween(_Type):
    """A number between two others, both included."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self._low <= number <= self._high:
            self.refuse(value, param, f"must be a number from {self._low:g} to {self._high:g}")
        return number


class SizeType(_Type):
    """A size in bytes, as 256M."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes."""
        try:
            return parse_size(str(value))
        except ValueError as error:
            self.refuse(value, param, str(error))


class Word(_Type):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word."""
        if value not in self._words:
            self.refuse(value, param, f"must be {either(self._words)}")
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the words."""
        return [CompletionItem(word) for word in self._words if word.startswith(incomplete)]
