"""The runs of a list, in memory and on the disk: each once, as a row for people and as an object for scripts."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from rnn_tui.cli.run_table import Column
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import size_text
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.runs.catalog import RunEntry, read_entry
from rnn_tui.runs.facts import RunFacts, facts_of, values_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnn_tui.client.discovery import LiveEngine
    from rnn_tui.experiment.setting import Setting
    from rnn_tui.experiment.spec import Experiment
    from rnn_tui.protocol.core import ExperimentSummary
    from rnn_tui.runs.query import Order

__all__ = ["Listed", "columns_of", "listed", "object_of", "row_of"]

_ALWAYS = ("training.lr", "training.seed")  # settings with a column, whether runs differ in them or not
_SORTED = ("updates", "ticks", "learnt", "weights", "time", "size")  # have a column where runs are sorted by them
_DOING = {"playing": "training"}
_WRITTEN: "dict[str, Callable[[float], str]]" = {"time": "{:,.1f} s".format, "size": lambda size: size_text(int(size))}


class Listed(NamedTuple):
    """A run in memory, on the disk, or both, and what is known of it."""

    facts: RunFacts
    living: "LiveEngine | None" = None
    kept: RunEntry | None = None


def listed(living: "Sequence[LiveEngine]", kept: "Sequence[RunEntry]") -> list[Listed]:
    """List every run once: those in memory first, also where they are kept elsewhere (--run)."""
    on_disk = {os.path.realpath(each.folder): each for each in kept}
    found = []
    for each in living:
        entry = on_disk.pop(os.path.realpath(each.kept), None) if each.kept else None
        entry = entry or (read_entry(Path(each.kept)) if each.kept else None)
        found.append(Listed(_live_facts(each, entry), each, entry))
    return [*found, *(Listed(facts_of(each), None, each) for each in on_disk.values())]


def _live_facts(living: "LiveEngine", kept: RunEntry | None) -> RunFacts:
    """Return what the files tell, with what the engine tells in its place, which is newer."""
    facts = RunFacts(name="") if kept is None else facts_of(kept)
    facts = replace(facts, name=living.name or facts.name or "?", folder=living.kept or facts.folder, state="unknown")
    if living.field is not None:
        facts = replace(facts, compared=living.field)
    if living.experiment is not None and facts.experiment is None:
        facts = replace(facts, experiment=living.experiment, trainings=(living.experiment.training,))
    status = None if living.run is None else living.run.status
    if status is None:
        return facts
    return replace(
        facts,
        epoch=status.epoch,
        epochs=status.epochs,
        tick=status.tick,
        loss=status.loss,
        state=_DOING.get(status.state, status.state) or "unknown",
    )


# ---- for people -----------------------------------------------------------------------------------------------


def columns_of(settings: "Sequence[Setting]", by: "Order | None") -> list[Column]:
    """Return the columns of a table of runs that differ in these settings, sorted in this order."""
    columns = [Column("run"), Column("epoch", right=True), Column("loss", right=True), Column("best", right=True)]
    columns += [Column(by.name, right=True)] if by is not None and by.name in _SORTED else []
    columns += [Column(name, right=True) for name in _named(settings)]
    columns += [Column("held out", right=True), Column("right", right=True), Column("networks", right=True)]
    columns += [Column("when"), Column("what")]
    columns += [] if by is not None and by.name == "size" else [Column("size", below=True)]
    return [*columns, Column("now", below=True), Column("tags", below=True), Column("note", below=True)]


def row_of(run: Listed, settings: "Sequence[Setting]", by: "Order | None" = None) -> dict[str, str]:
    """Return the texts of a run by the names of the columns; they are safe to print."""
    facts = run.facts
    row = {
        "run": safe(facts.name),
        "epoch": "?" if facts.epoch is None else f"{facts.epoch:,}" + (f"/{facts.epochs:,}" if facts.epochs else ""),
        "loss": ("-" if facts.epoch is not None else "?") if facts.loss is None else f"{facts.loss:.4f}",
        "best": "-" if facts.best is None else f"{facts.best:.4f}",
        "held out": "" if facts.held_out is None else f"{facts.held_out:.4f}",
        "right": "" if facts.accuracy is None else f"{facts.accuracy:.1%}",
        "networks": _networks(facts),
        "size": "" if facts.compared is None or facts.size is None else size_text(facts.size),
        "when": "not kept" if run.kept is None else _when(facts.changed),
        "what": safe(_what(run)),
        "now": "" if run.living is None else safe(_now(run.living)),
        "tags": safe(", ".join(facts.annotations.tags)),
        "note": safe(facts.annotations.note),
    }
    if by is not None and by.name in _SORTED:
        number = by.number(facts)
        row[by.name] = "-" if number is None else _WRITTEN.get(by.name, "{:,}".format)(number)
    return row | {name: values_text(facts, each) for name, each in _named(settings).items()}


def _named(settings: "Sequence[Setting]") -> "dict[str, Setting]":
    """Return the settings that have a column, by its name; those that stand first in the form come first."""
    wanted = [*map(setting, _ALWAYS), *sorted(settings, key=lambda each: each.front or len(SETTINGS))]
    return {each.option.lstrip("-"): each for each in wanted}


def _networks(facts: RunFacts) -> str:
    """Write how many networks a comparison has, and how many have learnt it; nothing of a run of one."""
    compared = facts.compared
    if compared is None:
        return ""
    return f"{facts.networks:,}" + ("" if compared.learnt is None else f", {compared.learnt:,} learnt")


def _when(moment: float | None) -> str:
    """Write when a run was changed: the time of today, the day of this year, else the date."""
    if not moment:
        return "?"
    then, now = time.localtime(moment), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%m-%d" if then.tm_year == now.tm_year else "%Y-%m-%d", then)


def _what(run: Listed) -> str:
    """Name the network, and the experiment where the name of the run does not; of a comparison all kinds and sizes."""
    experiment = _experiment(run)
    if experiment is None:
        return "?" if run.living is not None else "cannot be read"
    network = experiment.network
    ways = ", both ways" if network.bidirectional else ""
    name = "" if os.path.basename(run.facts.name).startswith(f"{experiment.name}-") else f"{experiment.name}: "
    cell, layers, hidden = (
        _varied(run.facts, f"network.{part}") or str(getattr(network, part))
        for part in ("cell", "layers", "hidden_size")
    )
    return f"{name}{cell} {layers}×{hidden}{ways}"


def _varied(facts: RunFacts, path: str) -> str:
    """Write the values that a setting has in a comparison; empty where it does not vary."""
    if facts.compared is None or facts.compared.varied(path) is None:
        return ""
    return values_text(facts, setting(path))


def _experiment(run: Listed) -> "Experiment | ExperimentSummary | None":
    summary = None if run.living is None or run.living.run is None else run.living.run.experiment
    return summary if summary is not None else run.facts.experiment


def _now(living: "LiveEngine") -> str:
    """Say what a run in memory does."""
    run = living.run
    if living.other_version:
        return f"another version ({living.other_version}): attach with it, or stop it"
    if run is None or run.status is None:
        return living.problem or "does not answer"
    views = "no view" if not run.views else "1 view" if run.views == 1 else f"{run.views} views"
    return f"{_DOING.get(run.status.state, run.status.state)} on {run.device}, {views}"


# ---- for scripts ----------------------------------------------------------------------------------------------


def object_of(run: Listed, settings: "Sequence[Setting]") -> str:
    """Write all that is known of a run as a line of JSON; `settings` are those in which the listed runs differ."""
    import json  # here for start-up time

    import msgspec

    facts, living = run.facts, run.living
    status = living.run.status if living is not None and living.run is not None else None
    experiment = _experiment(run)
    values = {
        "name": facts.name,
        "folder": facts.folder or None,
        "experiment": experiment and experiment.name,
        "epoch": facts.epoch,
        "epochs": facts.epochs,
        "updates": facts.updates,
        "tick": facts.tick,
        "loss": facts.loss,
        "best": facts.best,
        "best_epoch": facts.best_epoch,
        "held_out": facts.held_out,
        "accuracy": facts.accuracy,
        "weights": facts.weights,
        "learnt": facts.learnt,
        "seconds": facts.seconds,
        "networks": facts.networks,
        "comparison": _comparison(facts),
        "bytes": facts.size,
        "changed": facts.changed,
        "note": facts.annotations.note,
        "tags": facts.annotations.tags,
        "differs": {each.path: facts.value(each) for each in settings} if facts.experiment is not None else None,
        "settings": _settings(facts),
        "changes": _changes(run.kept),
        "problem": (run.kept and (run.kept.problem or run.kept.note_problem)) or (living and living.problem) or None,
        "other_version": (living and living.other_version) or None,
        "alive": living is not None,
        "state": status and status.state,
        "device": living and living.run and living.run.device,
        "views": living and living.run and living.run.views,
        "process": (living and living.process) or None,
    }
    finite = msgspec.json.decode(msgspec.json.encode(values))  # NaN is null
    return json.dumps(finite).replace("\x7f", "\\u007f")


def _comparison(facts: RunFacts) -> dict[str, Any] | None:
    """Return what varies, by its path, and how many networks have come how far; None for a run of one."""
    compared = facts.compared
    if compared is None:
        return None
    varied = {each.path: list(each.values) for each in compared.comparison.varied}
    return {"varied": varied, "learnt": compared.learnt, "ended": compared.ended, "diverged": compared.diverged}


def _settings(facts: RunFacts) -> dict[str, Any] | None:
    """Return all settings as they are now, by their paths."""
    return None if facts.experiment is None else {each.path: facts.value(each) for each in SETTINGS}


def _changes(kept: RunEntry | None) -> list[dict[str, Any]]:
    """Return what the training became on the way: the tick of each change, and its settings that differ."""
    import msgspec

    if kept is None or kept.manifest is None or kept.experiment is None:
        return []
    found, before = [], msgspec.structs.asdict(kept.experiment.training)
    for change in kept.manifest.changes:
        after = msgspec.structs.asdict(change.training)
        found.append({"tick": change.tick, **{name: value for name, value in after.items() if value != before[name]}})
        before = after
    return found
