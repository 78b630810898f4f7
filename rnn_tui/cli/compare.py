"""`rnn-tui compare`: many networks at once, that differ in their seeds or in any setting; or runs, side by side."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from rnn_tui.cli.compare_printed import (
    resume_comparison,
    run_comparison,
    stops_when_learnt,
)
from rnn_tui.cli.compare_runs import compare_runs
from rnn_tui.cli.completion import complete_lessons, complete_runs
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.experiment_args import experiment_of, given
from rnn_tui.cli.help import SectionedCommand
from rnn_tui.cli.kept_comparison import find_comparison, keep_options_of, launch_of_kept
from rnn_tui.cli.option_types import Count
from rnn_tui.cli.options import SectionOption, experiment_parameters, run_options
from rnn_tui.cli.side_by_side import members_side_by_side, runs_side_by_side
from rnn_tui.cli.terminal import has_terminal
from rnn_tui.cli.view import run_view
from rnn_tui.cli.view_args import view_options, view_settings_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.classics import COMPARED
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.named_cell import NotACell, is_named, name_cell, read_name
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.toml_text import FileError
from rnn_tui.experiment.vary import SEED, VaryError, comparison_of, parse_varied

__all__ = ["JSON", "SEEDS", "compare", "comparison_asked"]

SEEDS = SectionOption(
    "--seeds", section="vary", metavar="N", type=Count(), help="so many seeds, counted up from the experiment's own"
)
_CSV = SectionOption("--csv", section="other", metavar="FILE", help="write a table with a row for each network")
JSON = SectionOption("--json", section="other", is_flag=True, help="one JSON object a line, and nothing else")
_VARY = SectionOption(
    "--vary",
    section="vary",
    metavar="TEXT",
    multiple=True,
    help="networks with each of these values: lr=0.001..1:24, hidden=2..16, cell=rnn,gru,lstm",
)


_JOBS = SectionOption(
    "--jobs",
    section="vary",
    metavar="N",
    type=Count(1024),
    help="large networks, which learn one after another, do so N at a time; without a view (1)",
)
_KEEP = [each for each in run_options("--run", "--save") if each.name in ("run", "save")]
_RESUME = SectionOption(
    "--resume",
    section="keep",
    metavar="RUN",
    help="go on with a comparison: its name, how that begins, or its folder",
    shell_complete=complete_runs,
)
_NO_VIEW = SectionOption("--no-view", section="other", is_flag=True, help="print a line for each network, and a table")


_SIDE = SectionOption(
    "--side", section="view", is_flag=True, help="two or three side by side: the same pane, the same scale, one cursor"
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer lessons and runs, and after a run the others."""
    lessons = [] if ctx.params.get(param.name or "") else complete_lessons(ctx, param, incomplete)
    return lessons + complete_runs(ctx, param, incomplete)


_NAMES = click.Argument(
    ["names"], nargs=-1, metavar="[NAME] | RUN RUN...", type=click.UNPROCESSED, shell_complete=_complete
)


@click.command(
    "compare",
    cls=SectionedCommand,
    params=[
        _NAMES,
        *experiment_parameters()[1:],
        *(SEEDS, _VARY, _JOBS, *_KEEP, _RESUME, _NO_VIEW, _CSV, JSON),
        *view_options(),
        _SIDE,
    ],
)
def compare(
    *,
    seeds: int | None,
    vary: tuple[str, ...],
    no_view: bool,
    csv: str | None,
    json: bool,
    side: bool,
    **parameters: Any,
) -> None:
    """Train many networks at once and compare them: seeds, or any setting that varies. Or show the losses of kept runs
    over one another: each RUN is a name, how it begins, or a folder."""
    check_working_folder()
    printing = {"--no-view": no_view, "--json": json, "--csv": csv}
    keeping = {"--run": parameters["run"], "--save": parameters["save"], "--resume": parameters["resume"]}
    for name, used in (printing | keeping).items():
        if side and used not in (None, False):
            what = "prints" if name in printing else "keeps networks on the disk"
            raise UsageError(f"--side: is a view, and {name} {what}: give one of them")
    is_printed = any(used not in (None, False) for used in printing.values()) or not has_terminal()
    if parameters["resume"] is not None:
        _refuse_with_resume(parameters | {"seeds": seeds, "vary": vary})
        kept = find_comparison(parameters["resume"])
        if is_printed:
            resume_comparison(kept, csv=csv, json=json, jobs=parameters["jobs"] or 1)
        _refuse_jobs(parameters)
        again = f"rnn-tui compare --resume {shown(parameters['resume'])} --no-view"
        run_view(launch_of_kept(kept, parameters), instead=again)
    if _are_runs(parameters["names"]):
        _refuse_with_runs(parameters | {"seeds": seeds, "vary": vary, "csv": csv, "no_view": no_view})
        if side:
            runs_side_by_side(parameters["names"], view_settings_of(parameters))
        compare_runs(parameters["names"], json=json, settings=view_settings_of(parameters))
        return
    comparison = comparison_asked(parameters, vary or _of_lesson(parameters), seeds)
    if side:
        stops = stops_when_learnt(parameters)
        members_side_by_side(comparison, view_settings_of(parameters), stops_when_learnt=stops)
    folder = keep_options_of(parameters)
    if is_printed:
        run_comparison(comparison, parameters, csv=csv, json=json, folder=folder)
    _refuse_jobs(parameters)
    from rnn_tui.protocol.commands import SaveOptions
    from rnn_tui.view.model.launch import LaunchOptions

    launch = LaunchOptions(
        experiment=comparison.base,
        comparison=comparison,
        stops_when_learnt=stops_when_learnt(parameters),
        keep=None if folder is None else SaveOptions(folder=folder),
        may_keep=parameters["data_text"] != "-",
        view_settings=view_settings_of(parameters),
    )
    run_view(launch, instead="rnn-tui compare --no-view")


def _of_lesson(parameters: dict[str, Any]) -> tuple[str, ...]:
    """Return what varies in the lesson that is named; what has been given does not."""
    used = given(parameters)
    name = parameters["names"][0] if parameters["names"] and parameters["file"] is None else ""
    return tuple(each for each in COMPARED.get(name, ()) if parse_varied(each).path not in used)


def _refuse_jobs(parameters: dict[str, Any]) -> None:
    if parameters["jobs"] is not None:
        raise UsageError(f"--jobs {parameters['jobs']}: a view trains in one process: give --no-view as well")


def _are_runs(names: tuple[str, ...]) -> bool:
    """Tell whether these name runs rather than a lesson: several do, and one that is no lesson and a run.

    Raises UsageError for a single one that is a comparison.
    """
    if len(names) != 1 or names[0] in LESSONS:
        return len(names) > 1
    from rnn_tui.runs.catalog import IsComparison, NoSuchRun, find

    try:
        find(names[0])
    except IsComparison as error:
        raise UsageError(str(error)) from None
    except NoSuchRun:
        return False
    return True


def _refuse_with_runs(parameters: dict[str, Any]) -> None:
    """Raise UsageError for an option that is of no use for runs that are there already."""
    used = [setting(path).option for path in given(parameters)]
    used += [
        f"--{name.replace('_', '-')}"
        for name in ("seeds", "vary", "jobs", "csv", "no_view", "run", "save", "gap")
        if parameters[name]
    ]
    if parameters["file"] is not None:
        used.append("--experiment")
    if used:
        raise UsageError(
            f"{used[0]}: is for networks that are to be trained, and {shown(parameters['names'][0])} is a run"
        )


def _with_own_cell(text: str) -> str:
    """Take a file out of the values of `cell=gru,mine.py:MyGRU`, as --cell does. Raises UsageError."""
    name, equals, values = text.partition("=")
    if name.strip() not in ("cell", "network.cell"):
        return text
    try:
        found = [OWN if is_named(each) else each for each in values.split(",")]
        for each in filter(is_named, values.split(",")):
            name_cell(read_name(each))
    except NotACell as error:
        raise UsageError(f"--vary {shown(text)}: {error}") from None
    return f"{name}{equals}{','.join(found)}"


def comparison_asked(parameters: dict[str, Any], vary: tuple[str, ...], seeds: int | None) -> Comparison:
    """Return the comparison that a command line describes, with all of its networks checked. Raises UsageError."""
    base: Experiment | None = None
    varied: list[Varied] = []
    if parameters["file"] is not None:
        base, varied, of_file = _of_file(parameters["file"])
        if seeds is None and not any(text.partition("=")[0].strip() in ("seed", SEED) for text in vary):
            seeds = of_file
    try:
        asked = [parse_varied(_with_own_cell(text)) for text in vary]
    except VaryError as error:
        raise UsageError(f"--vary {error}") from None
    varied = [each for each in varied if each.path not in {other.path for other in asked}]
    if seeds is not None and not any(each.path == SEED for each in asked):
        varied = [each for each in varied if each.path != SEED]
    experiment = experiment_of(parameters, base)
    _check_until(given(parameters).get("run.until", ()))
    _check_device(given(parameters).get("run.device", "auto"))
    from rnn_tui.experiment.members import checked_members

    try:
        comparison = comparison_of(experiment, [*varied, *asked], seeds)
        checked_members(comparison, jobs=parameters.get("jobs") or 1)
    except VaryError as error:
        raise UsageError(str(error)) from None
    return comparison


def _refuse_with_resume(parameters: dict[str, Any]) -> None:
    """Raise UsageError for what a comparison that goes on has already."""
    used = [shown(name) for name in parameters["names"]] + [setting(path).option for path in given(parameters)]
    used += [f"--{name}" for name in ("seeds", "vary", "run", "save", "gap") if parameters[name]]
    if parameters["file"] is not None:
        used.append("--experiment")
    if used:
        raise UsageError(f"{used[0]}: a comparison that is resumed has its own: leave it out")


def _of_file(file: str) -> tuple[Experiment, list[Varied], int | None]:
    from rnn_tui.experiment.comparison_file import read_comparison

    try:
        found = read_comparison(file)
    except FileError as error:
        raise UsageError(f"--experiment {safe(str(error))}") from None
    return found.base, [*found.varied], found.seeds


def _check_until(until: tuple[str, ...]) -> None:
    """Raise UsageError for a breakpoint at which no network of a comparison stops."""
    for text in until:
        if text.strip() not in ("learnt", "never"):
            raise UsageError(f"--until {shown(text)}: networks that are compared stop at learnt only")


def _check_device(device: str) -> None:
    if device not in ("auto", "cpu"):
        raise UsageError(f"--device {shown(device)}: networks are compared on the CPU: leave it out")
