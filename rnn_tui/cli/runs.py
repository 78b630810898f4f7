"""The commands about runs, on the disk and in memory: a list of them, an end, and what others can use of one."""

import os
import shutil
from typing import TYPE_CHECKING

import click

from rnn_tui.cli.completion import complete_orders, complete_runs
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.options import cell_option
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import counted, shown

if TYPE_CHECKING:
    from rnn_tui.cli.run_listing import Listed
    from rnn_tui.experiment.setting import Setting
    from rnn_tui.protocol.core import RunSummary
    from rnn_tui.runs.query import Condition, Order

__all__ = ["export", "runs", "stop"]

_NARROWEST = 20  # columns
_PATIENCE = 120.0  # seconds that the last checkpoint of a large network may take


@click.command("runs")
@click.option("--json", is_flag=True, help="one JSON object a line, and nothing else")
@click.option(
    "--sort",
    "order",
    metavar="NAME",
    type=click.UNPROCESSED,
    shell_complete=complete_orders,
    help="by this: loss, held-out, updates, time, when, name, any setting; -NAME: the largest first",
)
@click.option(
    "--where",
    "conditions",
    metavar="TEXT",
    multiple=True,
    type=click.UNPROCESSED,
    help="only those that are so: 'loss<0.5', cell=lstm, tag=good; all of them, where it is given more than once",
)
def runs(*, json: bool, order: str | None, conditions: tuple[str, ...]) -> None:
    """List the runs: those that train now, and those that are kept on the disk, the newest first. Columns show the
    settings in which they differ."""
    from rnn_tui.cli.run_listing import listed, object_of
    from rnn_tui.client.discovery import EnginesError, live_engines
    from rnn_tui.common.process import home_problem
    from rnn_tui.runs.catalog import RunsUnreadable, list_runs
    from rnn_tui.runs.facts import differing
    from rnn_tui.runs.folders import runs_folder

    wanted, by = _conditions(conditions), _order(order)
    try:
        living = live_engines()
    except EnginesError as error:
        raise UsageError(safe(str(error))) from None
    kept, unreadable = [], ""
    try:
        kept = list_runs()
    except RunsUnreadable as error:
        unreadable = safe(str(error))
    there = listed(living, kept)
    found = [each for each in there if all(condition.fits(each.facts) for condition in wanted)]
    if by is not None:
        if found and not by.knows([each.facts for each in found]):
            say(f"rnn-tui: --sort {shown(order)}: none of these runs has it", err=True)
        found = by.sort(found, lambda each: each.facts)
    settings = differing([each.facts for each in found])
    if json:
        for each in found:
            say(object_of(each, settings))
    elif found:
        _print_table(found, settings, by)
    elif there:
        say(f"None of the {counted(len(there), 'run')} fits.")
    elif not unreadable:
        problem = home_problem(runs_folder())
        where = f"No runs yet in {runs_folder()}: `rnn-tui train` and `rnn-tui --save` keep theirs there."
        say(f"No runs: {problem}." if problem else where)
    if unreadable:
        raise UsageError(unreadable)


def _conditions(texts: tuple[str, ...]) -> "list[Condition]":
    """Read what --where asks for. Raises UsageError."""
    from rnn_tui.runs.query import QueryError, parse_condition

    try:
        return [parse_condition(each) for each in texts]
    except QueryError as error:
        raise UsageError(f"--where {error}") from None


def _order(text: str | None) -> "Order | None":
    """Read what --sort asks for. Raises UsageError."""
    from rnn_tui.runs.query import QueryError, parse_order

    try:
        return None if text is None else parse_order(text)
    except QueryError as error:
        raise UsageError(f"--sort {error}") from None


def _print_table(found: "list[Listed]", settings: "tuple[Setting, ...]", by: "Order | None") -> None:
    """Print the runs as wide as the terminal is; then, on stderr, what is wrong with those that cannot be read."""
    from rnn_tui.cli.run_listing import columns_of, row_of
    from rnn_tui.cli.run_table import table_lines

    width = max(_NARROWEST, shutil.get_terminal_size().columns)
    for line in table_lines(columns_of(settings, by), [row_of(each, settings, by) for each in found], width):
        say(line)
    for each in found:
        for problem in (each.kept.problem, each.kept.note_problem) if each.kept is not None else ():
            if problem:
                say(f"{safe(each.facts.name)}: {safe(problem)}", err=True)


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


@click.command("export", params=[cell_option()])
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
