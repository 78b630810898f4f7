"""Look at a run of a script in the terminal."""

import sys
from pathlib import Path
from typing import Any

from rnn_tui.api.run import Run
from rnn_tui.client.start import start_engine
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.folders import new_folder
from rnn_tui.runs.read_checkpoint import read_experiment
from rnn_tui.view.model.launch import LaunchOptions

__all__ = ["show"]

_PATIENCE = 60.0  # seconds that the last checkpoint of a large network may take


def show(what: Run | Experiment | str = "hihello", **settings: Any) -> Run:
    """Show a run, an experiment or a lesson in this terminal until the view is left; return the run as it is then.

    `settings` are those of `Run`. A run that is shown is held at its newest tick; what is done to it in the view
    happens to it. It is kept on the disk, as all runs of a view are. Raises RuntimeError where there is no terminal.
    """
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise RuntimeError("show() needs a terminal on standard input, output and error")
    run = what if isinstance(what, Run) else Run(what, **settings)
    folder = run.save(new_folder(run.experiment))
    _view(folder, paused=run is what)
    return run.reload(folder)


def _view(folder: Path, *, paused: bool) -> None:
    from rnn_tui.view.app.run import run_app  # loads Textual, which takes time

    engine = start_engine()
    engine.patience = _PATIENCE
    try:
        keep = SaveOptions(folder=str(folder), resume=True)
        run_app(engine, LaunchOptions(experiment=read_experiment(folder), keep=keep, paused=paused))
    finally:
        engine.close()
