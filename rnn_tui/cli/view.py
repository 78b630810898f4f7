"""The commands that open the view: on an experiment, on a run that is kept, on one that trains already."""

import gc
from typing import TYPE_CHECKING, Any, NoReturn

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.experiment_args import changes_of, complaint, experiment_of
from rnn_tui.cli.help import SectionedCommand, write_front_page
from rnn_tui.cli.kept_comparison import launch_of_kept
from rnn_tui.cli.kept_run import refuse_alive
from rnn_tui.cli.options import (
    FORK,
    HISTORY,
    HISTORY_SIZE,
    NEWEST,
    PAUSED,
    cell_option,
    experiment_options,
    experiment_parameters,
    run_options,
)
from rnn_tui.cli.terminal import need_terminal
from rnn_tui.cli.view_args import view_options, view_settings_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.memory import parse_size
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import to_dict

if TYPE_CHECKING:
    from pathlib import Path

    from rnn_tui.client.link import EngineLink
    from rnn_tui.view.model.launch import LaunchOptions

__all__ = ["attach", "open_view", "resume", "run_view"]

_RUN = click.Argument(["name"], metavar="[RUN]", required=False, type=click.UNPROCESSED, shell_complete=complete_runs)
_PATIENCE = 60.0  # seconds that the last checkpoint of a large network may take


class _Opening(SectionedCommand):
    """The command behind `rnn-tui NAME`: its help is the program's."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the front page; called by click."""
        write_front_page(self, ctx, formatter)


@click.command(
    "open",
    cls=_Opening,
    hidden=True,
    params=experiment_parameters(
        FORK,
        HISTORY,
        PAUSED,
        *run_options("--run", "--save"),
        *view_options(),
    ),
)
def open_view(*, forks: tuple[str, ...], history: int, paused: bool, **parameters: Any) -> None:
    """Open the view on an experiment."""
    check_working_folder()
    experiment = experiment_of(parameters)
    changes = changes_of(experiment, forks)
    keep = None
    if any(parameters[each] not in (None, False) for each in ("run", "save", "checkpoint_every", "tensorboard")):
        from rnn_tui.cli.run_args import save_options_of

        keep = save_options_of(experiment, parameters, save=False)
    from rnn_tui.view.model.launch import LaunchOptions

    name = "" if parameters["file"] else f" {experiment.name}"
    launch = LaunchOptions(
        experiment=experiment,
        changes=changes,
        history=history,
        paused=paused or parameters["stage"],
        keep=keep,
        may_keep=parameters["data_text"] != "-",
        view_settings=view_settings_of(parameters),
    )
    run_view(launch, instead=f"rnn-tui train{name}")


@click.command(
    "resume",
    cls=SectionedCommand,
    params=[
        _RUN,
        cell_option(),
        *experiment_options(resuming=True),
        FORK,
        HISTORY,
        PAUSED,
        *run_options(),
        *view_options(),
    ],
)
def resume(*, name: str | None, forks: tuple[str, ...], history: int, paused: bool, **parameters: Any) -> None:
    """Open the view on a run or a comparison that is kept on the disk, and go on with it: RUN is its name, how that
    begins, or its folder; the one that was changed last, if none is given. `rnn-tui runs` lists them."""
    _view_again(NEWEST if name is None else name, parameters, forks, history=history, paused=paused)


def _view_again(
    name: str,
    parameters: dict[str, Any],
    forks: tuple[str, ...] = (),
    *,
    history: int = parse_size(HISTORY_SIZE),
    paused: bool = False,
) -> NoReturn:
    check_working_folder()
    comparison = _comparison_named(name)
    if comparison is not None:
        launch = launch_of_kept(comparison, parameters, forks=forks, paused=paused)
        run_view(launch, instead=f"rnn-tui compare --resume {shown(str(comparison))} --no-view")
    from rnn_tui.cli.run_args import resumed_run
    from rnn_tui.view.model.launch import LaunchOptions

    experiment, changes, keep = resumed_run(name, parameters, forks)
    refuse_alive(keep.folder)
    launch = LaunchOptions(
        experiment=experiment,
        changes=changes,
        history=history,
        paused=paused,
        keep=keep,
        view_settings=view_settings_of(parameters),
    )
    run_view(launch, instead="rnn-tui train --resume" + (f" {shown(name)}" if name != NEWEST else ""))


def _comparison_named(name: str) -> "Path | None":
    """Find the folder of the comparison that is meant; None where it is a run, or nothing is found."""
    from rnn_tui.runs.catalog import NoSuchRun, find_any, is_comparison, newest

    try:
        folder = newest(comparisons=True) if name == NEWEST else find_any(name)
    except NoSuchRun:
        return None
    return folder if is_comparison(folder) else None


@click.command("attach", cls=SectionedCommand, params=[_RUN, *view_options(joins=True)])
def attach(*, name: str | None, **parameters: Any) -> None:
    """Look at a run that trains, from any shell: RUN is its name, how that begins, or its folder; the one begun last,
    if none is given. A run that has ended is opened as `resume` does."""
    from rnn_tui.client.find_run import NoLiveRun, find_live, informed, newest_live
    from rnn_tui.runs.catalog import NoSuchRun, find_any

    view_settings = view_settings_of(parameters)
    try:
        engine = newest_live() if name is None else find_live(name)
    except NoLiveRun as error:
        try:
            find_any(name or "")
        except NoSuchRun:
            raise UsageError(str(error)) from None
        nothing = {str(each.name): None for each in resume.params}
        _view_again(name or "", nothing | parameters)
    try:
        engine = informed(engine, _tell_waiting)
    except NoLiveRun as error:
        raise UsageError(f"{shown(engine.name)}: {error}") from None
    need_terminal("rnn-tui runs")
    gc.disable()  # until the first screen stands: see `_warm_up` in the app
    from rnn_tui.client.link import join_engine
    from rnn_tui.view.app.run import run_app
    from rnn_tui.view.model.launch import LaunchOptions

    assert engine.experiment is not None
    try:
        link = join_engine(engine)
    except TimeoutError:
        raise UsageError(f"{shown(engine.name)}: does not answer; it may be in a long step: try again") from None
    except OSError:
        raise UsageError(f"{shown(engine.name)}: has just ended") from None
    try:
        launch = LaunchOptions(experiment=engine.experiment, subject=engine.subject, view_settings=view_settings)
        raise SystemExit(run_app(link, launch))
    finally:
        link.let_go()


def _tell_waiting(seconds: float) -> None:
    say(f"rnn-tui: waiting for the run to answer, {seconds:g} s at most …", err=True)


def run_view(launch: "LaunchOptions", *, instead: str) -> NoReturn:
    """Show it until it is left, and exit. `instead` is what works without a terminal."""
    need_terminal(instead)
    _need_text_paths(launch)
    gc.disable()  # until the first screen stands: see `_warm_up` in the app
    from rnn_tui.client.start import start_engine
    from rnn_tui.protocol.engine_folders import EnginesError

    try:
        engine = start_engine(launch.view_settings.on_hangup)  # torch is being loaded there while textual is here
    except EnginesError as error:
        raise UsageError(safe(str(error))) from None
    if launch.keep is not None:
        engine.patience = _PATIENCE
    try:
        _try_file(launch.experiment)
        if launch.experiment.run.device not in ("auto", "cpu") or launch.experiment.network.cell == OWN:
            _try_device(engine, launch.experiment)
        from rnn_tui.view.app.run import run_app
    except BaseException:
        engine.close()
        raise
    raise SystemExit(run_app(engine, launch))


def _need_text_paths(launch: "LaunchOptions") -> None:
    """Raise UsageError where a folder that an engine may hear of is not UTF-8."""
    from rnn_tui.common.process import is_text
    from rnn_tui.runs.folders import runs_folder

    keep = launch.keep
    for folder in (str(runs_folder()), *((keep.folder, keep.tensorboard) if keep is not None else ())):
        if not is_text(folder):
            raise UsageError(f"{safe(folder)}: is not UTF-8, and a run with a view must be kept where it is")


def _try_file(experiment: Experiment) -> None:
    """Raise UsageError for a file that cannot be learnt, while the terminal is still a plain one."""
    if not experiment.data.file:
        return
    from rnn_tui.data.load import check_file

    try:
        check_file(experiment)
    except ExperimentError as error:
        raise UsageError(complaint(error, to_dict(experiment))) from None


def _try_device(engine: "EngineLink", experiment: Experiment) -> None:
    """Raise UsageError where the engine lacks that device, while the terminal is still a plain one."""
    from rnn_tui.client.link import EngineError

    try:
        refused = engine.try_open(experiment)
    except EngineError as error:
        raise UsageError(str(error)) from None
    if refused:
        raise UsageError(complaint(ExperimentError(*refused), to_dict(experiment)))
