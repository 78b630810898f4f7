"""The command line. What a command needs is imported when it runs: start-up is felt."""

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from rnn_tui import __version__
from rnn_tui.asked import experiment_of, turns_of
from rnn_tui.experiment import Experiment, ExperimentError
from rnn_tui.help import SectionedCommand, write_front_page, write_lessons
from rnn_tui.memory import parse_size
from rnn_tui.options import (
    Refusal,
    SectionOption,
    complaint,
    experiment_options,
    gap_option,
    given,
    shown,
)
from rnn_tui.own_text import too_short_to_judge
from rnn_tui.rules import to_dict
from rnn_tui.run_commands import export, runs
from rnn_tui.run_options import run_options
from rnn_tui.sample_command import sample
from rnn_tui.text import safe

if TYPE_CHECKING:
    from rnn_tui.link import Engine
    from rnn_tui.protocol import Keep, Turn

__all__ = ["main"]

_FORK = SectionOption(
    ["--fork", "forks"],
    section="run",
    metavar="TEXT",
    multiple=True,
    type=click.UNPROCESSED,
    help="learn in another way from a tick on: '300: lr=0.05 optimizer=sgd seed=3'",
)
_HISTORY = SectionOption(
    ["--history"],
    section="run",
    metavar="SIZE",
    default="256M",
    type=click.UNPROCESSED,
    help="memory for going back, for each branch; 0: no way back (256M)",
)
_PAUSED = SectionOption(["--paused"], section="run", is_flag=True, help="open without playing")
_ON_RESUMING = ("training.epochs", "run.speed", "run.device", "run.threads", "run.until")
_PATIENCE = 60.0  # seconds that the last checkpoint of a large network may take
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Program(click.Group):
    """A group whose first word may also be a lesson, and that refuses in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Called by click."""
        first = args[0] if args else ""
        if first not in self.commands and first not in ("--version", *ctx.help_option_names):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Called by click."""
        write_front_page(_open, ctx, formatter)

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
            click.echo(f"rnn-tui: {_one_line(error)}", err=True)
            code = 2
        except OSError as error:  # a full disk behind stdout, say
            about = f" ({error.filename})" if error.filename else ""
            click.echo(f"rnn-tui: the system refuses: {safe(f'{error.strerror or error}{about}')}", err=True)
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - so that what is still buffered is not tried again
            code = 1
        sys.exit(code)


class _Opening(SectionedCommand):
    """The command behind `rnn-tui NAME`: its help is the program's."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Called by click."""
        write_front_page(self, ctx, formatter)


def _one_line(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption(option_name=name, possibilities=others):
            like = f"; nearest: {', '.join(sorted(others))}" if others else "; `rnn-tui --help` lists them"
            return f"{shown(name)}: no such option{like}"
        case click.BadOptionUsage(option_name=name) if "not take a value" in error.message:
            return f"{name}: takes no value"
        case click.MissingParameter(param=click.Argument(metavar=name)):
            return f"{name}: is missing; `rnn-tui runs` lists what there is"
        case click.BadOptionUsage(option_name=name):
            return f"{name}: needs a value"
    return safe(" ".join(error.format_message().split()))


@click.group(cls=_Program, context_settings=_SETTINGS)
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Train recurrent networks live in a terminal."""


def _parameters(*more: click.Parameter) -> list[click.Parameter]:
    """NAME, the options of an experiment, and what a command has besides."""
    file = SectionOption(
        ["--experiment", "file"],
        section="data",
        metavar="FILE",
        type=click.UNPROCESSED,
        help="begin from a TOML file instead of a lesson",
    )
    name = click.Argument(["names"], nargs=-1, metavar="[NAME]", type=click.UNPROCESSED)
    return [name, file, gap_option(), *experiment_options(), *more]


@main.command(
    "open",
    cls=_Opening,
    hidden=True,
    params=_parameters(
        _FORK,
        _HISTORY,
        _PAUSED,
        *run_options("--run", "--save"),
    ),
)
def _open(*, forks: tuple[str, ...], history: str, paused: bool, **parameters: Any) -> None:
    """Open the view on an experiment."""
    experiment = experiment_of(parameters)
    turns = turns_of(experiment, forks)
    keep = None
    if any(parameters[each] not in (None, False) for each in ("run", "save", "checkpoint_every", "tensorboard")):
        from rnn_tui.keeping import keeping

        keep = keeping(experiment, parameters, save=False)
    name = "" if parameters["file"] else f" {experiment.name}"
    _view(experiment, turns, history, paused=paused, keep=keep, instead=f"rnn-tui train{name}")


@main.command(
    "resume",
    cls=SectionedCommand,
    params=[
        click.Argument(["name"], metavar="RUN", type=click.UNPROCESSED),
        *(each for each in experiment_options() if each.name in [path.replace(".", "_") for path in _ON_RESUMING]),
        _FORK,
        _HISTORY,
        _PAUSED,
        *run_options(),
    ],
)
def _resume(*, name: str, forks: tuple[str, ...], history: str, paused: bool, **parameters: Any) -> None:
    """Open the view on a run that is kept on the disk, and go on with it: RUN is its name, how that begins, or its
    folder. `rnn-tui runs` lists them."""
    from rnn_tui.keeping import resumed

    experiment, turns, keep = resumed(name, parameters, forks)
    _view(experiment, turns, history, paused=paused, keep=keep, instead=f"rnn-tui train --resume {shown(name)}")


def _view(
    experiment: Experiment,
    turns: tuple["Turn", ...],
    history: str,
    *,
    paused: bool,
    keep: "Keep | None",
    instead: str,
) -> NoReturn:
    """Show it until it is left, and exit. `instead` is what works without a terminal."""
    try:
        size = parse_size(history)
    except ValueError as error:
        raise Refusal(f"--history {shown(history)}: {error}") from None
    if not _has_terminal():
        raise Refusal(f"the view needs a terminal; `{instead}` works without one")
    from rnn_tui.link import start_engine

    engine = start_engine()  # torch is being loaded there while textual is here
    if keep is not None:
        engine.patience = _PATIENCE
    try:
        _try_file(experiment)
        if experiment.run.device not in ("auto", "cpu"):
            _try_device(engine, experiment)
        from rnn_tui.view.app import run_app

        raise SystemExit(run_app(engine, experiment, paused=paused, history=size, turns=turns, keep=keep))
    finally:
        engine.close()


def _try_file(experiment: Experiment) -> None:
    """Nothing, where there is no file, or one that can be learnt. Raises Refusal, while the terminal is a plain one."""
    if not experiment.data.file:
        return
    from rnn_tui.reading import check_file

    try:
        check_file(experiment)
    except ExperimentError as error:
        raise Refusal(complaint(error, to_dict(experiment))) from None


def _try_device(engine: "Engine", experiment: Experiment) -> None:
    """Nothing, where the engine has that device. Raises Refusal, while the terminal is still a plain one."""
    from rnn_tui.link import EngineError

    try:
        refused = engine.try_open(experiment)
    except EngineError as error:
        raise Refusal(str(error)) from None
    if refused:
        raise Refusal(complaint(ExperimentError(*refused), to_dict(experiment)))


@main.command(
    "train",
    cls=SectionedCommand,
    params=_parameters(
        _FORK,
        *run_options("--run", "--resume", "--no-save"),
        SectionOption(["--json"], section="other", is_flag=True, help="one JSON object a line, and nothing else"),
        SectionOption(
            ["--every"],
            section="other",
            metavar="N",
            type=click.UNPROCESSED,
            help="a line for every Nth epoch, or update of a text or pairs (100), and for the first and the last",
        ),
    ),
)
def _train(*, forks: tuple[str, ...], json: bool, every: str | None, resume: str | None, **parameters: Any) -> None:
    """Train without the view: epoch, loss and prediction, as a notebook would print them."""
    from rnn_tui.keeping import keeping, resumed

    keep: Keep | None
    if resume is not None:
        experiment, turns, keep = resumed(resume, parameters, forks)
    else:
        experiment = experiment_of(parameters)
        turns, keep = turns_of(experiment, forks), keeping(experiment, parameters, save=True)
    if every is not None and (not every.isdecimal() or not 0 < len(every) < 20 or not int(every)):
        raise Refusal(f"--every {shown(every)}: must be a whole number, 1 or more")
    from rnn_tui.engine.headless import train
    from rnn_tui.manifest import CheckpointError

    if problem := "" if resume is not None else too_short_to_judge(experiment, given(parameters)):
        click.echo(f"rnn-tui: {problem}", err=True)
    try:
        until = experiment.run.until if "run.until" in given(parameters) else ()  # a lesson's own is for the view
        code = train(
            experiment,
            json=json,
            every=int(every) if every else None,
            out=sys.stdout,
            err=sys.stderr,
            until=until,
            turns=turns,
            keep=keep,
        )
        raise SystemExit(code)
    except CheckpointError as error:
        raise Refusal(safe(str(error))) from None
    except ExperimentError as error:
        raise Refusal(complaint(error, to_dict(experiment))) from None


@main.command("show", cls=SectionedCommand, params=_parameters())
def _show(**parameters: Any) -> None:
    """Print an experiment as a TOML file: change it, and open it with --experiment."""
    if parameters["data_text"] == "-":
        raise Refusal("--text -: a file that is to be opened again needs a text that stays")
    from rnn_tui.experiment_file import write

    click.echo(write(experiment_of(parameters)), nl=False)


@main.command("lessons")
@click.argument("names", nargs=-1, metavar="")
@click.pass_context
def _lessons(ctx: click.Context, *, names: tuple[str, ...]) -> None:
    """List the lessons."""
    if names:
        raise Refusal(f"{shown(names[0])}: lessons takes no name; `rnn-tui show NAME` tells of one")
    formatter = ctx.make_formatter()
    write_lessons(formatter)
    click.echo(formatter.getvalue(), nl=False)


for _command in (runs, export, sample):
    main.add_command(_command)


def _has_terminal() -> bool:
    """Whether the view can be drawn: textual reads stdin and draws on stderr."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return os.environ.get("TERM") != "dumb" and all(stream and stream.isatty() for stream in streams)
