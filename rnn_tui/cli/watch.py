"""`rnn-tui watch`: run somebody's own training script in a process of its own, and show it."""

import contextlib
import gc
import importlib.util
import os
import shlex
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import CompletionItem
from msgspec.structs import replace

from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.help import SectionedCommand
from rnn_tui.cli.option_types import Count
from rnn_tui.cli.options import PAUSED, SectionOption, history_option
from rnn_tui.cli.terminal import need_terminal, reopen_stdin
from rnn_tui.cli.view_args import view_options, view_settings_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.process import is_text
from rnn_tui.common.wording import counted, shown
from rnn_tui.experiment.breakpoints import KINDS, OF_SCRIPTS, Breakpoint, parse
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.subject import Ability, Subject

if TYPE_CHECKING:
    from rnn_tui.client.script_link import ScriptLink

__all__ = ["watch"]

_MODULE = SectionOption("-m", "module", section="run", metavar="MODULE", help="run a module, as python -m does")
_LONGEST_END = 10.0  # seconds that a script may take to end after it has, as other views may still look at it
_A_CORE = 8  # processes that may share one
_CONTROLS: tuple[Ability, ...] = ("hold", "step", "speed", "breakpoints")


class _WatchCommand(SectionedCommand):
    """A command whose options end where the script begins: what comes after it is the script's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read our own options, and leave the rest as it is; called by click."""
        at = self._script_at(ctx, args)
        if at > len(args):  # the last option lacks its value
            return super().parse_args(ctx, args)
        script = args[at + 1 :] if args[at : at + 1] == ["--"] else args[at:]
        return super().parse_args(ctx, [*args[:at], "--", *script])

    def _script_at(self, ctx: click.Context, args: list[str]) -> int:
        """Return where the script begins: at the first word that is neither an option of ours nor its value."""
        options = {name: each for each in self.get_params(ctx) for name in each.opts if isinstance(each, click.Option)}
        at = 0
        while at < len(args):
            name, has_value, _ = args[at].partition("=")
            if name == "--" or name.startswith("-m") or not name.startswith("-") or name == "-":
                return at
            option = options.get(name)
            if option is None and not ctx.resilient_parsing:
                raise UsageError(
                    f"{shown(name)}: no such option of rnn-tui watch; those of the script come after its name"
                )
            at += 1 if has_value or not isinstance(option, click.Option) or option.is_flag else 2
        return at

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what stands after the command's name in its usage; called by click."""
        del ctx
        return ["[OPTIONS]", "SCRIPT [ARGS]...", "|", "-m MODULE [ARGS]..."]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer our options before the script, and files where it and its arguments stand; called by click."""
        if ctx.params.get("words"):
            return [CompletionItem(incomplete, type="file")]
        return super().shell_complete(ctx, incomplete)


def _complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del ctx, param
    return [CompletionItem(incomplete, type="file")]


@click.command(
    "watch",
    cls=_WatchCommand,
    params=[
        click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, shell_complete=_complete_files),
        _MODULE,
        SectionOption(
            "--processes",
            section="run",
            metavar="N",
            type=Count(),
            help="run it in as many processes, as torchrun does on one machine",
        ),
        SectionOption("--read-only", section="run", is_flag=True, help="look, and never hold the script"),
        PAUSED,
        SectionOption(
            "--until",
            "until",
            section="run",
            multiple=True,
            metavar="WHEN",
            help=f"hold the script at {', '.join(KINDS[each].form(each) for each in OF_SCRIPTS)}",
        ),
        history_option("memory for looking back"),
        SectionOption(
            "--vocabulary",
            section="data",
            metavar="FILE",
            help="what the ids stand for: a word a line, or JSON as a tokenizer writes it",
        ),
        *view_options(),
    ],
)
def watch(
    *,
    words: tuple[str, ...],
    module: str | None,
    processes: int | None,
    read_only: bool,
    paused: bool,
    until: tuple[str, ...],
    history: int,
    vocabulary: str | None,
    **parameters: Any,
) -> NoReturn:
    """Run a training script of your own, unchanged, and see inside its recurrent networks.

    It runs as `python SCRIPT ARGS` would, in this folder and environment. L shows what it prints; its exit code is
    passed on.
    """
    del module  # it is the first of the words
    check_working_folder()
    script = _script_of(words)
    cores = os.cpu_count() or 1
    if processes is not None and processes > _A_CORE * cores:
        machine = f"this machine has {counted(cores, 'core')}"
        raise UsageError(f"--processes {processes}: is too many: {machine}: at most {_A_CORE * cores}")
    if read_only and paused:
        raise UsageError("--paused: --read-only never holds the script")
    if read_only and until:
        raise UsageError("--until: --read-only never holds the script")
    options = [f"--history={history}", *(["--read-only"] if read_only else []), *(["--paused"] if paused else [])]
    points = tuple(str(each) for each in _breakpoints(until))
    options += [f"--until={each}" for each in points]
    if vocabulary is not None:
        options.append(f"--vocabulary={_vocabulary(vocabulary)}")
    from rnn_tui.client.start import start_script
    from rnn_tui.protocol.engine_folders import EnginesError
    from rnn_tui.view.model.launch import LaunchOptions

    view_settings = view_settings_of(parameters)
    back: tuple[Ability, ...] = ("back",) if history else ()
    can: tuple[Ability, ...] = (*(() if read_only else _CONTROLS), *back, "log")
    with _scripts_stdin() as stdin:
        need_terminal(shlex.join(["python", *script]))
        gc.disable()  # until the first screen stands: see `_warm_up` in the app
        try:
            link = start_script(
                script, options, on_hangup=view_settings.on_hangup, stdin=stdin, processes=processes or 1
            )
        except EnginesError as error:
            raise UsageError(safe(str(error))) from None
    try:
        from rnn_tui.view.app.run import run_app

        launch = LaunchOptions(
            experiment=_before_any(points),
            subject=Subject(script=shlex.join(script), can=can),
            paused=paused,
            view_settings=view_settings,
        )
    except BaseException:
        link.close()
        raise
    code = run_app(link, launch)
    raise SystemExit(_pass_on(link, code))


def _before_any(until: tuple[str, ...]) -> Experiment:
    """Return what stands for the script until its network is known; its breakpoints are known already."""
    from rnn_tui.experiment.lessons import DEFAULT, LESSONS

    lesson = LESSONS[DEFAULT]
    return replace(lesson, run=replace(lesson.run, until=until))


def _breakpoints(until: tuple[str, ...]) -> list[Breakpoint]:
    """Return the breakpoints that texts name. Raises UsageError, also for one that a script never comes to."""
    try:
        return [parse(each, OF_SCRIPTS) for each in until]
    except ExperimentError as error:
        raise UsageError(f"--until {safe(str(error))}") from None


def _pass_on(link: "ScriptLink", code: int) -> int:
    """Return the exit code of the script if it has ended; otherwise it goes on, and the view has the code to return."""
    ended = link.exit_code(patience=_LONGEST_END if link.has_ended else 0.0)
    say(f"Output: {link.output}")
    if ended is None or code >= 128:  # a signal has ended the view
        return code
    return ended if ended >= 0 else 128 - ended


# ---- what is run --------------------------------------------------------------------------------------------------


def _script_of(words: tuple[str, ...]) -> list[str]:
    """Return what `python` would be given. Raises UsageError where it could not run that."""
    script = list(words)
    if script and script[0].startswith("-m"):
        script[:1] = ["-m", script[0][2:].removeprefix("=")] if len(script[0]) > 2 else ["-m"]
        if len(script) == 1:
            raise UsageError("-m: needs a module: `rnn-tui watch -m package.train`")
        _check_module(script[1])
    elif not script:
        raise UsageError("no script: `rnn-tui watch train.py`, or `rnn-tui watch -m package.train`")
    else:
        _check_file(script[0])
    for each in script:
        if not is_text(each):
            raise UsageError(f"{safe(each)}: is not UTF-8")
    return script


def _check_file(name: str) -> None:
    path = Path(name)
    if not path.exists():
        near = f"; nearest: {shown(f'{name}.py')}" if Path(f"{name}.py").is_file() else ""
        module = name.replace("/", ".").strip(".")
        if not near and _is_module(module):
            near = f"; there is a module of that name: `rnn-tui watch -m {module}`"
        raise UsageError(f"{shown(name)}: no such file{near}")
    if path.is_dir():
        as_module = f": `rnn-tui watch -m {path.name}`" if (path / "__main__.py").is_file() else ""
        raise UsageError(f"{shown(name)}: is a folder, not a script{as_module}")
    if not path.is_file():
        raise UsageError(f"{shown(name)}: is not a file")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{shown(name)}: cannot be read: permission denied")


def _check_module(name: str) -> None:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        hint = f"; `rnn-tui watch {shown(name)}` runs a file" if Path(name).is_file() else ""
        raise UsageError(f"-m {shown(name)}: is not the name of a module{hint}")
    if not _is_module(name):
        raise UsageError(f"-m {shown(name)}: no module of that name is found from here")
    spec = _find(name)
    if spec is not None and spec.submodule_search_locations is not None and _find(f"{name}.__main__") is None:
        raise UsageError(f"-m {shown(name)}: is a package without a __main__ module, so it cannot be run")


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split(".")) and _find(name) is not None


def _find(name: str) -> ModuleSpec | None:
    """Find a module as `python -m` would from this folder, without running any code of its packages."""
    top, *inner = name.split(".")
    sys.path.insert(0, os.getcwd())
    try:
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(top)
            for number in range(len(inner)):
                if spec is None or spec.submodule_search_locations is None:
                    return None
                full = ".".join([top, *inner[: number + 1]])
                spec = PathFinder.find_spec(full, list(spec.submodule_search_locations))
            return spec
    finally:
        del sys.path[0]
    return None


def _vocabulary(name: str) -> str:
    """Return the path of a vocabulary that can be read. Raises UsageError."""
    from rnn_tui.data.vocabulary_file import read_vocabulary

    try:
        read_vocabulary(name)
    except OSError as error:
        raise UsageError(f"--vocabulary {shown(name)}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"--vocabulary {shown(name)}: {error}") from None
    if not is_text(name):
        raise UsageError(f"--vocabulary {safe(name)}: is not UTF-8")
    return os.path.abspath(name)


@contextlib.contextmanager
def _scripts_stdin() -> Iterator[int | None]:
    """Yield the descriptor that the script reads: our stdin, unless that is the terminal; None: nothing.

    The view's stdin is the terminal then.
    """
    if os.isatty(0):
        yield None
        return
    given = os.dup(0)
    try:
        reopen_stdin()
        yield given
    finally:
        os.close(given)
