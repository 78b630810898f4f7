"""Tours as TOML files, read with the line of what is wrong. Everything in them is data: nothing is ever run."""

import difflib
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from rnn_tui.common.wording import shown, without_value
from rnn_tui.data.fit_batches import fitting_experiment
from rnn_tui.experiment.breakpoints import needs_learning, parse
from rnn_tui.experiment.comparison import MOST_MEMBERS, Comparison, Varied
from rnn_tui.experiment.lessons import DEFAULT, LESSONS, nearest
from rnn_tui.experiment.members import checked_members
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.remember import LARGEST_GAP, remember
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.setting import Setting, either
from rnn_tui.experiment.settings import SECTIONS, SETTINGS, setting
from rnn_tui.experiment.spec import BUILT_IN, SINE, Experiment, ExperimentError
from rnn_tui.experiment.toml_text import FileError, parse_toml, read_toml_text
from rnn_tui.experiment.vary import VaryError, comparison_of, parse_varied
from rnn_tui.protocol.inspect import ASKS
from rnn_tui.tours.tour import Step, Tour

__all__ = ["INSIDE", "read_tour"]

INSIDE = tuple(kind.__name__.removesuffix("Ask").lower() for kind in ASKS)  # the panes that look inside
_PANES = ("network", "states", "loss", "prediction", "shapes", *INSIDE)
_OF_FIELD = ("map", "learnt", "bundle")  # which many networks have besides
_PLACES = ("time", "row", "layer", "unit")
_OPENING = ("lesson", "gap", "seeds", "vary", *SECTIONS)  # what begins something else
_KEYS = ("say", "then", *_OPENING, "until", "speed", "open", "zoom", *_PLACES, "prime", "press")
_LONGEST = {"title": 60, "about": 200, "say": 400, "then": 400}  # characters
_MOST_STEPS = 100
_MOST_PRESSES = 500
_TIMES = re.compile(r"(.+)\*(\d{1,3})")
_STEP = re.compile(r"\s*\[\[\s*[\"']?step[\"']?\s*\]\]")
_TABLE = re.compile(r"\s*\[+\s*[\"']?step[\"']?\s*\.\s*[\"']?(\w+)")


class _Problem(ValueError):
    """What is wrong with a key of a table."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


@dataclass(frozen=True)
class _Table:
    """The values of a step, or of the whole file, each of which is checked when it is read."""

    values: dict[str, Any]

    def text(self, key: str, default: str | None = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise _Problem(key, "is missing" if value is None else f"{shown(value)} must be text")
        if len(value) > _LONGEST.get(key, 100):
            raise _Problem(key, f"is too long: at most {_LONGEST.get(key, 100)} characters can be read on a screen")
        return value

    def number(self, key: str, most: int) -> int:
        value = self.values.get(key, 0)
        if type(value) is not int or (key in self.values and not 1 <= value <= most):
            raise _Problem(key, f"{shown(value)} must be a whole number from 1 to {most:,}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _Problem(key, f"{shown(value)} must be a list of texts")
        return tuple(value)


def read_tour(path: str | os.PathLike[str], keys: Collection[str]) -> Tour:
    """Read a tour; `keys` are those that its steps may press, as the manual prints them. Raises FileError."""
    file = os.fspath(path)
    text = read_toml_text(file, "a tour")
    values = parse_toml(file, text, "a tour")
    steps = values.get("step")
    number = 0
    try:
        _check_names(values, ("title", "about", "step"), "a tour")
        whole = _Table(values)
        title = whole.text("title", None)
        if not isinstance(steps, list) or not steps or not all(isinstance(each, dict) for each in steps):
            raise _Problem("step", "is missing: a tour is made of [[step]] tables")
        if len(steps) > _MOST_STEPS:
            raise _Problem("step", f"there are {len(steps):,} of them, and at most {_MOST_STEPS} are read")
        found: list[Step] = []
        for each in steps:
            number = len(found) + 1
            found.append(_step(_Table(each), found[-1] if found else None, os.path.dirname(file), keys))
        number = 0
        return Tour(title=title, about=whole.text("about"), steps=tuple(found))
    except _Problem as error:
        place = f"step {number}: {error.key}" if number else error.key
        raise FileError(file, _line(text, number, error.key), place, str(error)) from None


def _step(table: _Table, before: Step | None, folder: str, keys: Collection[str]) -> Step:
    values = table.values
    _check_names(values, _KEYS, "a step")
    say = table.text("say", None)
    if not say.strip():
        raise _Problem("say", "is empty: it must be the caption of the step")
    begins = before is None or any(each in values for each in _OPENING)
    experiment = _experiment(table, folder) if begins or before is None else before.experiment
    comparison = _comparison(table, experiment) if begins or before is None else before.comparison
    if comparison is not None and before is None:
        raise _Problem("seeds" if "seeds" in values else "vary", "cannot be in the first step: begin with one network")
    learns = experiment.training.learn
    return Step(
        say=say,
        then=table.text("then"),
        experiment=experiment,
        begins=begins,
        comparison=comparison,
        until=_until(table, learns, many=comparison is not None),
        speed=_speed(values),
        open=_panes(table, learns=learns),
        zoom=_pane("zoom", table.text("zoom"), (*_PANES, *_OF_FIELD * (comparison is not None), ""), learns=learns),
        **_places(table, experiment),
        prime=table.text("prime"),
        press=_presses(table, keys),
    )


def _experiment(table: _Table, folder: str) -> Experiment:
    """Return the experiment that a step opens: a lesson, with some of its settings replaced."""
    name = table.text("lesson", DEFAULT)
    if name not in LESSONS:
        like = nearest(name)
        raise _Problem("lesson", f"{shown(name)} is no lesson; nearest: {', '.join(like or LESSONS)}")
    base = LESSONS[name]
    if "gap" in table.values:
        gap = table.number("gap", LARGEST_GAP)
        if name != REMEMBER:
            raise _Problem("gap", f"{gap} has no use: only the lesson {REMEMBER} has a gap")
        base = replace(base, data=remember(gap))
    given = {each.path: value for section in SECTIONS for each, value in _settings(table, section, folder)}
    replaced = overridden(base, given)
    try:
        experiment = fitting_experiment(replaced, given)
    except ExperimentError as error:
        section, _, key = error.path.partition(".")
        value = replaced.get(section, {}).get(key) if isinstance(replaced.get(section), dict) else None
        value = error.value if error.value is not None else value
        text = shown(value) if isinstance(value, str | int | float) else ""
        raise _Problem(error.path, f"{text} {without_value(str(error))}".lstrip()) from None
    # the tour says where it pauses
    return replace(experiment, run=replace(experiment.run, until=()))


def _settings(table: _Table, section: str, folder: str) -> list[tuple[Setting, Any]]:
    """Return the settings of a section that a step replaces, with their values."""
    values = table.values.get(section, {})
    if not isinstance(values, dict):
        raise _Problem(section, f"{shown(values)} must be a table")
    known = {each.name: each for each in SETTINGS if each.section == section}
    found = []
    for name, value in values.items():
        if name not in known:
            like = difflib.get_close_matches(name, known, n=1)
            raise _Problem(f"{section}.{name}", "is not a setting" + (f"; nearest: {like[0]}" if like else ""))
        each = known[name]
        if each.path == "run.until":
            raise _Problem(each.path, "has no use in a tour: `until` says where a step stops")
        value = each.words.get(value, value) if isinstance(value, str) else value
        if not _fits(each, value):
            raise _Problem(each.path, f"{shown(value)} must be {each.wanted}")
        if each.path in ("data.text", "data.pairs", "data.series") and not _needs_no_file(each.path, value):
            if value == "-":
                raise _Problem(each.path, "- must be a file")
            given, value = value, os.path.join(folder, value)  # beside the tour
            if not os.path.isfile(value):
                raise _Problem(each.path, f"{shown(given)} is not a file")
            if not os.access(value, os.R_OK):
                raise _Problem(each.path, f"{shown(given)} cannot be read: permission denied")
        found.append((each, value))
    return found


def _needs_no_file(path: str, value: str) -> bool:
    """Tell whether a value stands for data where others name a file; the experiment refuses unknown names."""
    return value in ("", SINE) if path == "data.series" else not value or value.startswith(BUILT_IN)


def _fits(each: Setting, value: Any) -> bool:
    if each.kind is tuple:
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    if each.choices and value not in each.choices:
        return False
    return isinstance(value, (int, float) if each.kind is float else each.kind) and (
        each.kind is bool or not isinstance(value, bool)
    )


def _comparison(table: _Table, experiment: Experiment) -> Comparison | None:
    """Return the networks that a step compares; None: it has one."""
    seeds = table.number("seeds", MOST_MEMBERS) or None
    varied: list[Varied] = []
    for text in table.words("vary"):
        try:
            varied.append(parse_varied(text))
        except VaryError as error:
            raise _Problem("vary", str(error)) from None
    if seeds is None and not varied:
        return None
    try:
        comparison = comparison_of(experiment, varied, seeds)
        checked_members(comparison)
    except VaryError as error:
        raise _Problem("vary" if varied else "seeds", str(error)) from None
    return comparison


def _until(table: _Table, learns: bool, *, many: bool) -> str:
    text = table.text("until")
    if not text:
        return ""
    if many:
        raise _Problem("until", f"{shown(text)} has no use: many networks go on to their end")
    try:
        point = str(parse(text))
    except ExperimentError as error:
        raise _Problem("until", str(error)) from None
    if needs_learning(point) and not learns:
        raise _Problem("until", f"{shown(text)} never comes: this lesson learns nothing")
    return point


def _speed(values: dict[str, Any]) -> float | None:
    each = setting("run.speed")
    value = values.get("speed")
    value = each.words.get(value, value) if isinstance(value, str) else value
    if value is None:
        return None
    if not _fits(each, value):
        raise _Problem("speed", f"{shown(value)} must be {each.wanted}")
    if problem := each.range_problem(value):
        raise _Problem("speed", f"{shown(value)} {problem}")
    return float(value)


def _panes(table: _Table, *, learns: bool) -> tuple[str, ...]:
    names = table.words("open")
    if len(names) > 2:
        raise _Problem("open", f"names {len(names)} panes, and there is room for two: one in each column")
    return tuple(_pane("open", name, INSIDE, learns=learns) for name in names)


def _pane(key: str, name: str, there: Sequence[str], *, learns: bool) -> str:
    if name not in there:
        raise _Problem(key, f"{shown(name)} is no pane for it: it must be {either([each for each in there if each])}")
    if name in ("loss", "prediction") and not learns:
        raise _Problem(key, f"{name} is not there: this lesson learns nothing")
    return name


def _places(table: _Table, experiment: Experiment) -> dict[str, int]:
    """Return the time step, row, layer and unit."""
    network, is_known = experiment.network, not experiment.data.file  # else the file tells how many
    most = {
        "time": experiment.length if is_known else 10**6,
        "row": experiment.rows if is_known else 10**6,
        "layer": network.layers,
        "unit": network.hidden_size,
    }
    return {key: table.number(key, most[key]) for key in _PLACES}


def _presses(table: _Table, keys: Collection[str]) -> tuple[str, ...]:
    """Return the keys one by one: `n*3` is n three times."""
    found: list[str] = []
    for word in table.words("press"):
        times = _TIMES.fullmatch(word)
        key, count = (times[1], int(times[2])) if times else (word, 1)
        if key not in keys:
            raise _Problem("press", f"{shown(key)} is no key for a tour: it may press {' '.join(sorted(keys))}")
        found += [key] * count
        if len(found) > _MOST_PRESSES:
            raise _Problem("press", f"is too much: at most {_MOST_PRESSES} keys are pressed")
    return tuple(found)


def _check_names(values: dict[str, Any], known: Sequence[str], what: str) -> None:
    for name in values:
        if name not in known:
            like = difflib.get_close_matches(name, known, n=1)
            raise _Problem(shown(name), f"is not a key of {what}" + (f"; nearest: {like[0]}" if like else ""))


def _line(text: str, number: int, key: str) -> int | None:
    """Return the line of a key of the step of this number, or of the step; 0: a key before all steps."""
    names = [re.escape(each) for each in key.split(".")]
    here = re.compile(r"\s*" + r"\s*\.\s*".join(rf"[\"']?{name}[\"']?" for name in names) + r"\s*[=.]")
    last = re.compile(rf"\s*[\"']?{names[-1]}[\"']?\s*[=.]")
    at, table, found = 0, "", None
    for line_number, line in enumerate(text.split("\n"), 1):
        if _STEP.match(line):
            at, table = at + 1, ""
            found = line_number if at == (number or 1) and (number or key == "step") else found
        elif opened := _TABLE.match(line):
            table = opened[1]
        elif at == number and (last if table and table == key.partition(".")[0] else here).match(line):
            return line_number
    return found
