"""The commands about runs, on the disk and in memory: a list of them, an end, and what others can use of one."""

import os
import time
from typing import TYPE_CHECKING

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import shown

if TYPE_CHECKING:
    from rnn_tui.client.discovery import LiveEngine
    from rnn_tui.experiment.spec import Experiment
    from rnn_tui.protocol.core import ExperimentSummary, RunSummary
    from rnn_tui.runs.catalog import RunEntry

__all__ = ["export", "runs", "stop"]

_COLUMNS = ("run", "what", "epoch", "loss", "best", "when", "now")
_SIDES = "<<>>><<"
_PATIENCE = 120.0  # seconds that the last checkpoint of a large network may take


@click.command("runs")
@click.option("--json", is_flag=True, help="one JSON object a line, and nothing else")
def runs(*, json: bool) -> None:
    """List the runs: those that train now, and those that are kept on the disk, the newest first."""
    from rnn_tui.client.discovery import EnginesError, live_engines
    from rnn_tui.common.process import home_problem
    from rnn_tui.runs.catalog import RunsUnreadable, list_runs
    from rnn_tui.runs.folders import runs_folder

    try:
        living = live_engines()
    except EnginesError as error:
        raise UsageError(safe(str(error))) from None
    kept, unreadable = [], ""
    try:
        kept = list_runs()
    except RunsUnreadable as error:
        unreadable = safe(str(error))
    found = _together(living, kept)
    if json:
        for each in found:
            say(_json(*each))
    elif found:
        _print_table(found, kept)
    elif not unreadable:
        problem = home_problem(runs_folder())
        where = f"No runs yet in {runs_folder()}: `rnn-tui train` and `rnn-tui --save` keep theirs there."
        say(f"No runs: {problem}." if problem else where)
    if unreadable:
        raise UsageError(unreadable)


def _print_table(found: "list[tuple[LiveEngine | None, RunEntry | None]]", kept: "list[RunEntry]") -> None:
    """Print a row for each run; then, on stderr, what is wrong with those that cannot be read."""
    rows = [_COLUMNS, *(_row(*each) for each in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, _SIDES, widths, strict=True)]
        say("  ".join(cells).rstrip())
    for broken in kept:
        if broken.problem:
            say(f"{safe(broken.name)}: {safe(broken.problem)}", err=True)


@click.command("stop")
@click.argument("name", metavar="RUN", type=click.UNPROCESSED, shell_complete=complete_runs)
def stop(*, name: str) -> None:
    """End a run that trains without a view, or with one; it is kept on the disk as it is then."""
    from rnn_tui.client import discovery as engines
    from rnn_tui.client.find_run import PATIENCE, NoLiveRun, find_live

    try:
        engine = find_live(name)
        if engine.run is None and not engine.problem:
            say(f"rnn-tui: waiting for the run to answer, {PATIENCE:g} s at most …", err=True)
        left = engines.stop_engine(engine, patience=_PATIENCE, first_word=PATIENCE)
    except NoLiveRun as error:
        raise UsageError(str(error)) from None
    except engines.EnginesError as error:
        raise UsageError(f"{shown(name)}: {safe(str(error))}") from None
    say(_goodbye(left.run))
    if left.problem:
        raise UsageError(f"{shown(name)}: it was stopped, but {safe(left.problem)}")


def _goodbye(run: "RunSummary") -> str:
    """Say where a run was ended, and how to go on with it."""
    import shlex

    name, status = safe(run.name), run.status
    where = f" at epoch {status.epoch:,}, tick {status.tick:,}" if status is not None else ""
    again = f": rnn-tui resume {shlex.quote(name)}" if run.kept else ""
    return f"Stopped {name}{where}{again}"


@click.command("export")
@click.argument("name", metavar="RUN", type=click.UNPROCESSED, shell_complete=complete_runs)
@click.option("--to", metavar="DIR", type=click.UNPROCESSED, help="where to write them (the folder that you are in)")
@click.option("--best", is_flag=True, help="the weights of the best loss, as NAME-best, not those of the newest")
@click.option("--force", is_flag=True, help="replace files that are there")
def export(*, name: str, to: str | None, best: bool, force: bool) -> None:
    """Write a run's network as a plain PyTorch state_dict (.pt), and a .py that defines the model and loads it."""
    check_working_folder()
    from rnn_tui.experiment.spec import ExperimentError
    from rnn_tui.runs.catalog import NoSuchRun, find
    from rnn_tui.runs.manifest import CheckpointError

    if to is not None and os.path.exists(to) and not os.path.isdir(to):
        raise UsageError(f"--to {shown(to)}: is a file; it must be a folder")
    try:
        folder = find(name)
        from rnn_tui.engine.store.export import ExportRefused, export_run

        try:
            written = export_run(folder, to if to is not None else ".", best=best, force=force)
        except ExportRefused as error:
            raise UsageError(str(error)) from None
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except (ExperimentError, CheckpointError) as error:
        raise UsageError(safe(str(error))) from None
    except OSError as error:
        raise UsageError(f"--to {shown(to or '.')}: cannot be written: {error.strerror or error}") from None
    say("\n".join(safe(str(file)) for file in written))


def _together(living: "list[LiveEngine]", kept: "list[RunEntry]") -> "list[tuple[LiveEngine | None, RunEntry | None]]":
    """List every run once: those in memory first, also where they are kept elsewhere (--run)."""
    from pathlib import Path

    from rnn_tui.runs.catalog import read_entry

    on_disk = {os.path.realpath(each.folder): each for each in kept}
    first: list[tuple[LiveEngine | None, RunEntry | None]] = []
    for each in living:
        found = on_disk.pop(os.path.realpath(each.kept), None) if each.kept else None
        first.append((each, found or (read_entry(Path(each.kept)) if each.kept else None)))
    return [*first, *((None, each) for each in on_disk.values())]


def _row(living: "LiveEngine | None", kept: "RunEntry | None") -> tuple[str, ...]:
    run = living.run if living is not None else None
    name = (living.name if living is not None else "") or (kept.name if kept is not None else "?")
    experiment: Experiment | ExperimentSummary | None = kept.experiment if kept is not None else None
    if run is not None and run.experiment is not None:
        experiment = run.experiment
    what = _what(experiment) if experiment is not None else "?" if living is not None else "cannot be read"
    epoch = loss = "?"
    if run is not None and run.status is not None:
        epoch, loss = _progress(run.status.epoch, run.status.epochs), _loss(run.status.loss)
    elif kept is not None and kept.manifest is not None:
        epoch, loss = _progress(kept.manifest.epoch, kept.manifest.epochs), _loss(kept.manifest.loss)
    best = "-" if kept is None or kept.best is None else f"{kept.best.loss:.4f}"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.changed)) if kept is not None else "not kept"
    now = _now(living) if living is not None else ""
    return safe(name), safe(what), epoch, loss, best, when, safe(now)


def _what(experiment: "Experiment | ExperimentSummary") -> str:
    network = experiment.network
    ways = ", both ways" if network.bidirectional else ""
    return f"{experiment.name}: {network.cell} {network.layers}×{network.hidden_size}{ways}"


def _progress(epoch: int, epochs: int) -> str:
    return f"{epoch:,}" + (f"/{epochs:,}" if epochs else "")


def _loss(loss: float | None) -> str:
    return "-" if loss is None else f"{loss:.4f}"


def _now(living: "LiveEngine") -> str:
    """Say what a run in memory does."""
    run = living.run
    if living.other_version:
        return f"another version ({living.other_version}): attach with it, or stop it"
    if run is None or run.status is None:
        return living.problem or "does not answer"
    doing = {"playing": "training"}.get(run.status.state, run.status.state)
    views = "no view" if not run.views else "1 view" if run.views == 1 else f"{run.views} views"
    return f"{doing} on {run.device}, {views}"


def _json(living: "LiveEngine | None", kept: "RunEntry | None") -> str:
    import json  # here for start-up time

    import msgspec

    run = living.run if living is not None else None
    status = run.status if run is not None else None
    newest = status if status is not None else kept.manifest if kept is not None else None
    experiment: Experiment | ExperimentSummary | None = kept.experiment if kept is not None else None
    if run is not None and run.experiment is not None:
        experiment = run.experiment
    values = {
        "name": (living.name if living is not None else kept and kept.name) or None,
        "folder": (living.kept if living is not None else kept and kept.folder) or None,
        "experiment": experiment and experiment.name,
        "epoch": newest and newest.epoch,
        "epochs": newest and newest.epochs,
        "tick": newest and newest.tick,
        "loss": newest and newest.loss,
        "best": kept and kept.best and kept.best.loss,
        "best_epoch": kept and kept.best and kept.best.epoch,
        "changed": kept and kept.changed,
        "problem": (kept and kept.problem) or (living and living.problem) or None,
        "other_version": (living and living.other_version) or None,
        "alive": living is not None,
        "state": status and status.state,
        "device": run and run.device,
        "views": run and run.views,
        "process": (living and living.process) or None,
    }
    finite = msgspec.json.decode(msgspec.json.encode(values))  # NaN is null
    return json.dumps(finite).replace("\x7f", "\\u007f")
