"""Two or three networks side by side: `rnn-tui compare … --side`, of kept or live runs or of a comparison."""

import contextlib
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.terminal import need_terminal
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.experiment.comparison import Comparison

if TYPE_CHECKING:
    from rnn_tui.client.link import EngineLink
    from rnn_tui.view.model.settings import ViewSettings
    from rnn_tui.view.model.side_run import SideRun

__all__ = ["members_side_by_side", "runs_side_by_side"]

_MOST = 3  # more would leave too few rows for each


def members_side_by_side(comparison: Comparison, settings: "ViewSettings", *, stops_when_learnt: bool) -> NoReturn:
    """Show the first members of a comparison, one for each value of what varies first. Raises UsageError."""
    members = comparison.apart(_MOST)
    if len(members) < 2:
        raise UsageError("--side: needs two networks or three: name what varies, as in --vary cell=rnn,gru,lstm")
    need_terminal("rnn-tui compare --no-view")
    from rnn_tui.client.discovery import EnginesError
    from rnn_tui.client.start import start_engine
    from rnn_tui.protocol.field import OpenField
    from rnn_tui.view.app.side_app import run_side_by_side
    from rnn_tui.view.model.side_run import SideRun

    try:
        engine = start_engine("stop")
    except EnginesError as error:
        raise UsageError(safe(str(error))) from None
    first = OpenField(comparison=comparison, stops_when_learnt=stops_when_learnt)
    runs = [SideRun(comparison.words(member), member=member, first=first) for member in members]
    raise SystemExit(run_side_by_side([(engine, runs)], settings))


def runs_side_by_side(names: Sequence[str], settings: "ViewSettings") -> NoReturn:
    """Show two or three runs, live ones as they train, others as they were left. Raises UsageError."""
    if not 2 <= len(names) <= _MOST:
        raise UsageError(f"--side: shows two runs or three, and {len(names)} are given")
    need_terminal("rnn-tui compare --json")
    from rnn_tui.view.app.side_app import run_side_by_side

    with ExitStack() as begun:
        sources = []
        for name in names:
            link, run = _source(name)
            begun.callback(link.close if run.first is not None else link.let_go)
            sources.append((link, [run]))
        begun.pop_all()
    raise SystemExit(run_side_by_side(sources, settings))


def _source(name: str) -> "tuple[EngineLink, SideRun]":
    """Return the link to the engine of a run, which is started where none is. Raises UsageError."""
    from rnn_tui.client.discovery import EnginesError
    from rnn_tui.client.find_run import NoLiveRun, find_live, informed
    from rnn_tui.client.link import join_engine
    from rnn_tui.client.start import start_engine
    from rnn_tui.experiment.spec import ExperimentError
    from rnn_tui.protocol.commands import Open, SaveOptions
    from rnn_tui.runs.catalog import NoSuchRun, find
    from rnn_tui.runs.folders import short_name
    from rnn_tui.runs.manifest import CheckpointError
    from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest, read_tensors
    from rnn_tui.view.model.side_run import SideRun

    with contextlib.suppress(NoLiveRun):
        engine = informed(find_live(name))
        try:
            return join_engine(engine), SideRun(safe(engine.name))
        except OSError:
            raise UsageError(f"{shown(name)}: has just ended, or does not answer: try again") from None
    try:
        folder = find(name)
        experiment = read_experiment(folder)
        read_tensors(folder, read_manifest(folder), experiment)  # before there is a screen
        keep = SaveOptions(folder=str(folder.resolve()), resume=True)
        link = start_engine("stop")
    except (NoSuchRun, EnginesError, ExperimentError, CheckpointError) as error:
        raise UsageError(safe(str(error))) from None
    return link, SideRun(short_name(folder), first=Open(experiment=experiment, play=False, keep=keep, may_keep=False))
