"""The command line that reproduces what is on the screen, and its `--fork` options read as changes of the training."""

import contextlib
import shlex
from typing import Any

import msgspec

from rnn_tui.common.glyphs import is_harmful
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import DEFAULT, LESSONS
from rnn_tui.experiment.named_cell import named_cell
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.remember import GAP, gap_of
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.setting import either
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError, Training
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["ForkError", "command_line", "parse_forks"]

_SEED = setting("training.seed")
_CHANGES = (*(each for each in SETTINGS if each.fork and each is not _SEED), _SEED)  # on the way; a seed stands last
_NAMES = tuple(each.name for each in _CHANGES)
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}  # inside $'…'
_EXAMPLE = "'300: lr=0.05 seed=3'"
_MOST = 10**15  # ticks


class ForkError(ValueError):
    """A text that is not a fork; the message is one line that begins with it."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"{shown(text)}: {problem}")


def command_line(began: Experiment, changes: tuple[Change, ...], tick: int) -> str:
    """Return the command that brings an experiment with these changes to that tick, quoted for a shell.

    It is safe to paste: what a terminal would obey is written with escapes. On a CPU it gives the same numbers.
    Raises ValueError for a text that no command line can hold.
    """
    lesson = began.name if began.name in LESSONS else ""
    base = LESSONS[lesson or DEFAULT]
    words = ["rnn-tui", *([lesson] if lesson else [])]
    if lesson == REMEMBER and (gap := gap_of(began.data)) not in (None, GAP):
        base = msgspec.structs.replace(base, data=began.data)
        words += ["--gap", str(gap)]
    words += _options(_given(base, began))
    training = began.training
    for change in changes:
        settings = _changed_settings(training, change)
        if change.tick <= tick and settings:
            words += ["--fork", f"{change.tick}: {settings}"]
        training = change.training
    words += ["--until", f"tick={tick}"] if tick else ["--paused"]
    if any("\0" in word for word in words):
        raise ValueError("The text holds a null character, and no command line can: write it to a file instead.")
    return " ".join(map(_quoted, words))


def parse_forks(experiment: Experiment, texts: tuple[str, ...]) -> tuple[Change, ...]:
    """Read the changes that `--fork` asks for, in their order. Raises ForkError."""
    changes: list[Change] = []
    for text in texts:
        tick, settings = _parts(text)
        if changes and tick < changes[-1].tick:
            raise ForkError(text, f"comes after the one at tick {changes[-1].tick:,}: their ticks must ascend")
        values = to_dict(experiment)
        values["training"] |= settings
        try:
            experiment = from_dict(values)
        except ExperimentError as error:
            raise ForkError(text, f"{error.path.rpartition('.')[2]} {error}") from None
        changes.append(Change(tick=tick, training=experiment.training, reseed="seed" in settings))
    return tuple(changes)


def _parts(text: str) -> tuple[int, dict[str, Any]]:
    """Read `300: lr=0.05 seed=3` as a tick and the values that change."""
    before, colon, after = text.partition(":")
    tick = before.strip()
    if not colon or not (tick.isascii() and tick.isdecimal() and len(tick) <= 20):
        raise ForkError(text, f"must be a tick and what changes then, as in {_EXAMPLE}")
    if int(tick) > _MOST:
        raise ForkError(text, f"is out of reach: the tick must be at most {_MOST:,}")
    settings: dict[str, Any] = {}
    for word in after.split():
        name, equals, value = word.partition("=")
        if name not in _NAMES or not equals:
            names = either(_NAMES, "and")
            raise ForkError(text, f"{shown(word)} cannot change on the way: only {names} can, as in {_EXAMPLE}")
        if name in settings:
            raise ForkError(text, f"{name} is given twice")
        changed = _CHANGES[_NAMES.index(name)]
        try:
            settings[name] = changed.parse(value)
        except ValueError:
            raise ForkError(text, f"{name} {shown(value)} is not {changed.wanted}") from None
    if not settings:
        raise ForkError(text, f"changes nothing: say what, as in {_EXAMPLE}")
    return int(tick), settings


def _changed_settings(before: Training, change: Change) -> str:
    """Write what a change of the training changes, as `--fork` reads it; its seed only where it reseeds."""
    after = change.training
    changed = [
        each for each in _CHANGES if each is not _SEED and getattr(after, each.name) != getattr(before, each.name)
    ]
    changed += [_SEED] if change.reseed else []
    return " ".join(f"{each.name}={each.format(getattr(after, each.name))}" for each in changed)


def _given(base: Experiment, experiment: Experiment) -> dict[str, Any]:
    """Return the fewest values that change one experiment into another; the rest follows (see `overrides`)."""
    plain = _completed(base, experiment, {})
    data = experiment.data
    pairs = list(zip(data.inputs, data.targets, strict=False))
    if "data.targets" in plain and all(
        row[1:] == target[:-1] for row, target in pairs
    ):  # perhaps the target need not be given
        whole = [row + target[-1] for row, target in pairs]
        short = _completed(base, experiment, {"data.inputs": whole, "data.targets": None})
        with contextlib.suppress(ExperimentError):
            if _unwatched(from_dict(overridden(base, short))) == _unwatched(experiment):
                return short
    return plain


def _completed(base: Experiment, experiment: Experiment, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is `given` and all that would differ without being given; None stands for a value that follows."""
    wanted = to_dict(experiment)
    paths = [each.path for each in SETTINGS if each.path != "run.until" and each.path not in given]
    found = {path: value for path, value in given.items() if value is not None}
    while True:
        values = overridden(base, found)
        other = [path for path in paths if path not in found and _at(values, path) != _at(wanted, path)]
        if not other:
            return found
        found[other[0]] = _at(wanted, other[0])


def _unwatched(experiment: Experiment) -> Experiment:
    """Return the experiment without what decides none of its numbers."""
    run = msgspec.structs.replace(experiment.run, until=())
    return msgspec.structs.replace(experiment, name="", about="", run=run)


def _at(values: dict[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    return values[section][name]


def _quoted(word: str) -> str:
    """Quote a word for a shell.

    What acts on a terminal becomes $'…' (POSIX 2024; bash, zsh, ksh, busybox), with its bytes in octal: pasted as it
    is, a line feed or an escape character would be obeyed before any shell has read the quotes.
    """
    if not any(map(is_harmful, word)):
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not is_harmful(character):
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def _options(given: dict[str, Any]) -> list[str]:
    words: list[str] = []
    for each in SETTINGS:
        if each.path not in given:
            continue
        value = given[each.path]
        if value == OWN and each.path == "network.cell" and (named := named_cell()) is not None:
            value = f"{named.file}:{named.name}"
        if isinstance(value, bool):
            words.append(each.option if value else f"--no-{each.option[2:]}")
        else:
            for text in value if isinstance(value, (list, tuple)) else [each.format(value)]:
                words += [f"{each.option}={text}"] if text.startswith("-") else [each.option, text]
    return words
