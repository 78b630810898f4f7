"""The command line. What a command needs is imported when it runs: start-up is felt."""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

from rnn_tui import __version__
from rnn_tui.cli.compare import JSON, SEEDS, compare, comparison_asked
from rnn_tui.cli.compare_printed import run_comparison
from rnn_tui.cli.completion import completion
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.experiment_args import changes_of, complaint, experiment_of, given
from rnn_tui.cli.help import SectionedCommand, write_front_page, write_lessons
from rnn_tui.cli.manual import show_manual
from rnn_tui.cli.note import note
from rnn_tui.cli.option_types import Count
from rnn_tui.cli.options import FORK, SectionOption, experiment_parameters, run_options
from rnn_tui.cli.remove import remove
from rnn_tui.cli.runs import export, runs, stop
from rnn_tui.cli.sample import sample
from rnn_tui.cli.tour import tour
from rnn_tui.cli.view import attach, open_view, resume
from rnn_tui.cli.watch import watch
from rnn_tui.common.output import say, write_escaped
from rnn_tui.common.torchrun import is_started_by_torchrun, is_told_by_another
from rnn_tui.common.wording import shown
from rnn_tui.data.fit_batches import too_short_to_judge
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import to_dict

if TYPE_CHECKING:
    from rnn_tui.protocol.commands import SaveOptions

__all__ = ["main"]

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Program(click.Group):
    """A group whose first word may also be a lesson, and that refuses in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Open the view where the first word is no command; called by click."""
        first = args[0] if args else ""
        if first == "--tour" or first.startswith("--tour="):
            args = ["tour", *args]
            first = "tour"
        if first not in self.commands and first not in ("--version", *ctx.help_option_names):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the front page; called by click."""
        write_front_page(open_view, ctx, formatter)

    def main(self, args: Any = None, *_: Any, **settings: Any) -> NoReturn:
        """Run a command line, and exit."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")
        settings.update(prog_name="rnn-tui", standalone_mode=False)
        try:
            code = super().main(args, **settings)
        except click.Abort:
            code = 130
        except click.ClickException as error:
            if not is_told_by_another(os.environ):
                _complain(_one_line(error))
            code = 2
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            _complain("out of memory: close what else uses it, or try --device cpu. What is on the disk is whole.")
            code = 2
        except OSError as error:  # a full disk behind stdout, say
            about = f" ({error.filename})" if error.filename else ""
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - so that what is still buffered is not tried again
            _complain(f"the system refuses: {error.strerror or error}{about}")
            code = 1
        sys.exit(code)


def _out_of_memory(error: Exception) -> bool:
    """Tell whether memory has run out, of this machine or of a GPU."""
    if isinstance(error, MemoryError):
        return True
    from rnn_tui.engine.training.gpu import out_of_memory  # which loads torch; it alone raises these

    return out_of_memory(error)


def _complain(problem: str) -> None:
    """Say what is wrong; where stderr takes nothing, the exit code alone does."""
    try:
        say(f"rnn-tui: {problem}", err=True)
    except OSError:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _one_line(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption(option_name=name, possibilities=others):
            command = error.ctx.info_name if error.ctx and error.ctx.info_name not in (None, "open") else ""
            listed = f"; `{' '.join(('rnn-tui', command)).strip()} --help` lists them"
            like = f"; nearest: {', '.join(sorted(others))}" if others else listed
            return f"{shown(name)}: no such option{like}"
        case click.BadOptionUsage(option_name=name) if "not take a value" in error.message:
            return f"{name}: takes no value"
        case click.MissingParameter(param=click.Argument(metavar=name)):
            return f"{name}: is missing; `rnn-tui runs` lists what there is"
        case click.BadOptionUsage(option_name=name):
            return f"{name}: needs a value"
    return " ".join(error.format_message().split())


def _print_version(ctx: click.Context, _: click.Parameter, used: bool) -> None:
    """Print the versions of the program and of torch, without loading torch."""
    if not used or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # here for start-up time

    try:
        torch = f"torch {version('torch')}"
    except PackageNotFoundError:
        torch = "torch is not installed"
    click.echo(f"rnn-tui {__version__} ({torch})")
    ctx.exit()


@click.group(cls=_Program, context_settings=_SETTINGS)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version)
def main() -> None:
    """Train recurrent networks live in a terminal."""


@main.command(
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
    ),
)
def _train(
    *, forks: tuple[str, ...], json: bool, every: int | None, seeds: int | None, resume: str | None, **parameters: Any
) -> None:
    """Train without the view: epoch, loss and prediction, as a notebook would print them."""
    check_working_folder()
    if seeds is not None:
        _refuse_with_seeds(parameters | {"fork": forks or None, "every": every, "resume": resume})
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
    if experiment.run.processes > 1 or is_started_by_torchrun(os.environ):
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")  # what it would print goes into a line of ours
    from rnn_tui.engine.headless.train import train
    from rnn_tui.runs.manifest import CheckpointError

    try:
        until = experiment.run.until if "run.until" in given(parameters) else ()  # a lesson's own is for the view
        on = partial(
            train,
            json=json,
            every=every,
            out=sys.stdout,
            err=sys.stderr,
            until=until,
            changes=changes,
            keep=keep,
            caution=caution,
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
    for name in ("fork", "every", "resume", "run", "checkpoint_every", "tensorboard"):
        if parameters[name] is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option}: cannot be combined with --seeds, which trains several networks and keeps none")


@main.command("show", cls=SectionedCommand, params=experiment_parameters())
def _show(**parameters: Any) -> None:
    """Print an experiment as a TOML file: change it, and open it with --experiment."""
    if parameters["data_text"] == "-":
        raise UsageError("--text -: a file that is to be opened again needs a text that stays")
    from rnn_tui.experiment.toml_file import write

    experiment = experiment_of(parameters)
    try:
        text = write(experiment)
    except ExperimentError as error:
        raise UsageError(complaint(error, to_dict(experiment))) from None
    write_escaped(text)


@main.command("lessons")
@click.argument("names", nargs=-1, metavar="")
@click.pass_context
def _lessons(ctx: click.Context, *, names: tuple[str, ...]) -> None:
    """List the lessons."""
    if names:
        raise UsageError(f"{shown(names[0])}: lessons takes no name; `rnn-tui show NAME` tells of one")
    formatter = ctx.make_formatter()
    write_lessons(formatter)
    click.echo(formatter.getvalue(), nl=False)


for _command in (
    open_view,
    compare,
    tour,
    watch,
    resume,
    attach,
    runs,
    note,
    stop,
    export,
    sample,
    remove,
    show_manual,
    completion,
):
    main.add_command(_command)
