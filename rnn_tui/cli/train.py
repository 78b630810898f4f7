"""`rnn-tui train`: without the view, in this process or in several."""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rnn_tui.cli.compare import JSON, SEEDS, comparison_asked
from rnn_tui.cli.compare_printed import run_comparison
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.experiment_args import changes_of, complaint, experiment_of, given
from rnn_tui.cli.help import SectionedCommand
from rnn_tui.cli.option_types import Count
from rnn_tui.cli.options import FORK, SectionOption, experiment_parameters, run_options
from rnn_tui.common.torchrun import is_started_by_torchrun
from rnn_tui.data.fit_batches import too_short_to_judge
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import to_dict

if TYPE_CHECKING:
    from rnn_tui.protocol.commands import SaveOptions

__all__ = ["train"]


@click.command(
    "train",
    cls=SectionedCommand,
    params=experiment_parameters(
        FORK,
        *run_options("--run", "--resume", "--no-save"),
        SEEDS,
        JSON,
        SectionOption(
            "--every",
            section="other",
            metavar="N",
            type=Count(),
            help="a line for every Nth epoch, or update of a text or pairs (100), and for the first and the last",
        ),
        SectionOption(
            "--accuracy-by-length",
            section="other",
            is_flag=True,
            help="at the end, in how many pairs of each length all is right, of those that are learnt and held out",
        ),
    ),
)
def train(
    *,
    forks: tuple[str, ...],
    json: bool,
    every: int | None,
    accuracy_by_length: bool,
    seeds: int | None,
    resume: str | None,
    **parameters: Any,
) -> None:
    """Train without the view: epoch, loss and prediction, as a notebook would print them."""
    check_working_folder()
    if seeds is not None:
        others = {"every": every, "resume": resume, "accuracy_by_length": accuracy_by_length or None}
        _refuse_with_seeds(parameters | {"fork": forks or None} | others)
        run_comparison(comparison_asked(parameters, (), seeds), parameters, csv=None, json=json)
    from rnn_tui.cli.restarted import kept_by_launch
    from rnn_tui.cli.run_args import resumed_run

    keep: SaveOptions | None
    caution = ""
    if resume is not None:
        experiment, changes, keep = resumed_run(resume, parameters, forks)
    else:
        experiment = experiment_of(parameters)
        changes = changes_of(experiment, forks)
        changes, keep, said = kept_by_launch(experiment, changes, parameters, os.environ)
        caution = said or too_short_to_judge(experiment, given(parameters))
    if accuracy_by_length and not (experiment.data.padded and experiment.training.learn):
        raise UsageError("--accuracy-by-length: needs pairs, or rows of different lengths: --pairs FILE has them")
    if experiment.run.processes > 1 or is_started_by_torchrun(os.environ):
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")  # what it would print goes into a line of ours
    from rnn_tui.engine.headless.train import train as train_headless
    from rnn_tui.runs.manifest import CheckpointError

    try:
        until = experiment.run.until if "run.until" in given(parameters) else ()  # a lesson's own is for the view
        on = partial(
            train_headless,
            json=json,
            every=every,
            out=sys.stdout,
            err=sys.stderr,
            until=until,
            changes=changes,
            keep=keep,
            caution=caution,
            by_length=accuracy_by_length,
        )
        if experiment.run.processes == 1 and not is_started_by_torchrun(os.environ):
            raise SystemExit(on(experiment))
        from rnn_tui.engine.headless.train_on_ranks import train_on_ranks

        raise SystemExit(train_on_ranks(experiment, lambda given, ranks: on(given, processes=ranks), sys.stderr))
    except CheckpointError as error:
        raise UsageError(str(error)) from None
    except ExperimentError as error:
        raise UsageError(complaint(error, to_dict(experiment))) from None


def _refuse_with_seeds(parameters: dict[str, Any]) -> None:
    """Raise UsageError for an option that has no use where several networks are trained at once."""
    for name in ("fork", "every", "resume", "accuracy_by_length", "run", "checkpoint_every", "tensorboard"):
        if parameters[name] is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option}: cannot be combined with --seeds, which trains several networks and keeps none")
