"""Comparisons as TOML files: an experiment, and a table `[vary]` with what varies in it."""

from typing import Any

from rnn_tui.common.value import Value
from rnn_tui.experiment.comparison import Varied
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.toml_file import experiment_in, line_of
from rnn_tui.experiment.toml_text import FileError, parse_toml, read_toml_text
from rnn_tui.experiment.vary import VaryError, parse_values

__all__ = ["ComparisonFile", "read_comparison"]

_TABLE = "vary"


class ComparisonFile(Value, frozen=True, kw_only=True):
    """What a file describes; without `[vary]` it is an experiment alone."""

    base: Experiment
    varied: tuple[Varied, ...] = ()
    seeds: int | None = None  # how many


def read_comparison(file: str) -> ComparisonFile:
    """Read the comparison in a TOML file. Raises FileError."""
    text = read_toml_text(file, "a comparison")
    values = parse_toml(file, text, "a comparison")
    table = values.pop(_TABLE, {})
    base = experiment_in(file, text, values)
    if not isinstance(table, dict):
        raise FileError(file, line_of(text, "", _TABLE), _TABLE, 'must be a table, as in: [vary] lr = "0.001..1:24"')
    seeds = table.pop("seeds", None)
    if seeds is not None and (type(seeds) is not int or seeds < 1):
        raise FileError(file, line_of(text, _TABLE, "seeds"), "vary.seeds", "must be a whole number, 1 or more")
    varied = []
    for name, given in _flat(table):
        line = line_of(text, _TABLE, name.partition(".")[0])
        items = given if isinstance(given, list) else [given]
        if not items or not all(isinstance(each, (str, bool, int, float)) for each in items):
            raise FileError(file, line, f"vary.{name}", "must be a text, a number, or a list of them")
        try:
            varied.append(parse_values(name, ",".join(map(_text, items))))
        except VaryError as error:
            raise FileError(file, line, "", str(error)) from None
    return ComparisonFile(base=base, varied=tuple(varied), seeds=seeds)


def _flat(table: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return names and values; `training.lr = …` is one of `training.lr`."""
    found: list[tuple[str, Any]] = []
    for name, given in table.items():
        if isinstance(given, dict):
            found += [(f"{name}.{inner}", value) for inner, value in given.items()]
        else:
            found.append((name, given))
    return found


def _text(value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else repr(value)
