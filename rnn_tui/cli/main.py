"""The command line. Each command is imported when it runs, and what it needs likewise: start-up is felt."""

import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from rnn_tui import __version__
from rnn_tui.common.output import say
from rnn_tui.common.torchrun import is_told_by_another
from rnn_tui.common.wording import shown

__all__ = ["import_command", "main"]

_COMMANDS = {  # where each is; of these modules only the one of the command that runs is imported
    "open": "view.open_view",
    "train": "train.train",
    "compare": "compare.compare",
    "check": "check.check",
    "show": "show.show",
    "tour": "tour.tour",
    "lessons": "show.lessons",
    "watch": "watch.watch",
    "resume": "view.resume",
    "attach": "view.attach",
    "runs": "runs.runs",
    "note": "note.note",
    "stop": "runs.stop",
    "export": "runs.export",
    "sample": "sample.sample",
    "rm": "remove.remove",
    "help": "manual.show_manual",
    "completion": "completion.completion",
}
_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Program(click.Group):
    """A group whose first word may also be a lesson, and that refuses in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Open the view where the first word is no command; called by click."""
        return super().parse_args(ctx, _begun_by_command(args))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands; called by click."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, None if there is none; called by click."""
        return _imported(cmd_name) if cmd_name in _COMMANDS else None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the front page; called by click."""
        from rnn_tui.cli.help import write_front_page  # for start-up time
        from rnn_tui.cli.view import open_view  # likewise

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


def import_command(args: list[str]) -> None:
    """Import the command that these arguments run, if they run one."""
    name = _begun_by_command(args)[0]
    if name in _COMMANDS:
        _imported(name)


def _begun_by_command(args: list[str]) -> list[str]:
    """Return the arguments with the name of a command in front, or an option of the program itself."""
    first = args[0] if args else ""
    if first == "--tour" or first.startswith("--tour="):
        return ["tour", *args]
    return args if first in (*_COMMANDS, "--version", *_SETTINGS["help_option_names"]) else ["open", *args]


def _imported(name: str) -> click.Command:
    module, _, command = _COMMANDS[name].partition(".")
    found: click.Command = getattr(import_module(f"rnn_tui.cli.{module}"), command)
    return found


def _out_of_memory(error: Exception) -> bool:
    """Tell whether memory has run out, of this machine or of a GPU."""
    if isinstance(error, MemoryError):
        return True
    from rnn_tui.engine.network.out_of_memory import out_of_memory  # which loads torch; it alone raises these

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
