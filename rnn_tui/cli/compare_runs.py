"""Kept runs over one another: `rnn-tui compare RUN RUN…`, on a screen or as JSON."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.kept_run import find_kept
from rnn_tui.cli.terminal import need_terminal
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import shown

if TYPE_CHECKING:
    from rnn_tui.experiment.setting import Setting
    from rnn_tui.runs.facts import RunFacts
    from rnn_tui.runs.loss_points import Floats, LossPoints
    from rnn_tui.view.model.settings import ViewSettings

__all__ = ["compare_runs"]

_MOST_RUNS = 64


def compare_runs(names: Sequence[str], *, json: bool, settings: "ViewSettings") -> None:
    """Show the curves of these runs until they are left, or print them. Raises UsageError."""
    folders = _folders(names)
    facts = _facts(folders)
    if json:
        _print(facts, folders)
        return
    need_terminal("rnn-tui compare --json")
    from rnn_tui.runs.loss_reader import LossReader
    from rnn_tui.view.app.curves_app import run_curves

    readers = [LossReader(each) for each in folders]
    sys.exit(run_curves(list(zip(facts, readers, strict=True)), settings))


def _folders(names: Sequence[str]) -> list[Path]:
    """Find the folders of some runs, each once. Raises UsageError."""
    found: dict[str, Path] = {}
    for name in names:
        folder = find_kept(name, needs="its losses are read there")
        place = os.path.realpath(folder)
        if place in found:
            raise UsageError(f"{shown(name)}: is given twice")
        found[place] = folder
    if len(found) < 2:
        raise UsageError("compare: needs two runs or more; `rnn-tui runs` lists them")
    if len(found) > _MOST_RUNS:
        raise UsageError(f"compare: takes {_MOST_RUNS} runs at most, and {len(found)} are given")
    return list(found.values())


def _facts(folders: Sequence[Path]) -> "list[RunFacts]":
    """Read what is known of some runs; one that has no checkpoint yet will do. Raises UsageError."""
    from rnn_tui.runs.catalog import read_entry
    from rnn_tui.runs.facts import facts_of

    found = []
    for folder in folders:
        entry = read_entry(folder)
        if entry.experiment is None:
            raise UsageError(safe(entry.problem))
        found.append(facts_of(entry))
    return found


def _print(runs: "Sequence[RunFacts]", folders: Sequence[Path]) -> None:
    """Print a line of JSON for each run: what it is, the settings in which they differ, and its whole curves."""
    import json  # here for start-up time

    from rnn_tui.runs.facts import differing
    from rnn_tui.runs.loss_reader import LossReader, characters_per_update

    settings = differing(runs)
    for facts, folder in zip(runs, folders, strict=True):
        reader = LossReader(folder, most=sys.maxsize)
        reader.read()
        while reader.is_behind:
            reader.read()
        if reader.problem:
            raise UsageError(safe(reader.problem))
        each = None if facts.experiment is None else characters_per_update(facts.experiment)
        values = {
            "name": facts.name,
            "folder": os.path.abspath(folder),
            "note": facts.annotations.note,
            "tags": facts.annotations.tags,
            "differs": _differs(facts, settings),
            **_curve(reader.passes),
            "characters": None if each is None else (reader.passes.last * each).astype(int).tolist(),
            "held_out": {**_curve(reader.held_out), "accuracies": _listed(reader.held_out.accuracy)},
        }
        say(json.dumps(values).replace("\x7f", "\\u007f"))


def _differs(facts: "RunFacts", settings: "Sequence[Setting]") -> dict[str, Any]:
    return {each.path: facts.value(each) for each in settings}


def _curve(points: "LossPoints") -> dict[str, Any]:
    """Return the updates of a curve, their losses and their seconds: what is no number is null."""
    return {
        "updates": points.last.astype(int).tolist(),
        "losses": _listed(points.newest),
        "seconds": _listed(points.seconds),
    }


def _listed(values: "Floats | None") -> list[float | None] | None:
    import math

    return None if values is None else [each if math.isfinite(each) else None for each in values.tolist()]
