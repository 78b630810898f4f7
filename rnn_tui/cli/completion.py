"""Shell completion: the command that prints a shell's script, and the names that are offered.

Everything here must be quick: the shell waits for it on every press of the tab key.
"""

import contextlib
import os

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem, get_completion_class

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.manual import TOPICS
from rnn_tui.tours import TOPICS as TOURS

__all__ = ["complete_lessons", "complete_orders", "complete_runs", "complete_topics", "complete_tours", "completion"]

_SHELLS = ("bash", "zsh", "fish")


def _complete_shells(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del ctx, param
    return [CompletionItem(shell) for shell in _SHELLS if shell.startswith(incomplete)]


@click.command("completion")
@click.argument("shell", metavar="|".join(_SHELLS), type=click.UNPROCESSED, shell_complete=_complete_shells)
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the script that completes commands, options, lessons, tours, runs and topics in your shell.

    In ~/.bashrc or ~/.zshrc: eval "$(rnn-tui completion bash)"
    """
    if shell not in _SHELLS:
        raise UsageError(f"{shown(shell)}: must be {', '.join(_SHELLS[:-1])} or {_SHELLS[-1]}")
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "rnn-tui", "_RNN_TUI_COMPLETE").source())


def complete_lessons(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the lessons, and as the first word of all the commands as well."""
    if ctx.params.get(param.name or ""):
        return []  # one name is all that there can be
    items = [CompletionItem(name, help=lesson.about.split(". ")[0]) for name, lesson in LESSONS.items()]
    above = ctx.parent.command if ctx.parent is not None else None
    is_first = all(ctx.get_parameter_source(each) is not ParameterSource.COMMANDLINE for each in ctx.params)
    if ctx.command.hidden and is_first and isinstance(above, click.Group):
        items += [
            CompletionItem(name, help=command.get_short_help_str(80))
            for name in above.list_commands(ctx)
            if (command := above.get_command(ctx, name)) is not None and not command.hidden
        ]
    return [item for item in items if item.value.startswith(incomplete)]


def complete_runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the runs on the disk and those that train, without reading or asking any of them."""
    from rnn_tui.protocol.engine_folders import EnginesError, engine_folders  # here for start-up time
    from rnn_tui.protocol.rendezvous import read_note
    from rnn_tui.runs.folders import runs_folder
    from rnn_tui.runs.kept_comparison import FIELD
    from rnn_tui.runs.manifest import EXPERIMENT

    def is_run(folder: str) -> bool:
        return any(os.path.exists(os.path.join(folder, name)) for name in (EXPERIMENT, FIELD))

    names: dict[str, str] = {}
    with contextlib.suppress(OSError, RuntimeError), os.scandir(runs_folder()) as entries:
        names |= {each.name: "on the disk" for each in entries if is_run(each.path)}
    with contextlib.suppress(OSError, EnginesError):
        names |= {name: "alive" for folder in engine_folders() if (name := read_note(folder).name)}
    used = ctx.params.get(param.name or "") or ()
    return [
        CompletionItem(name, help=names[name])
        for name in sorted(names)
        if name.startswith(incomplete) and name not in used
    ]


def complete_orders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer what runs can be sorted by, either way."""
    del ctx, param
    from rnn_tui.experiment.settings import SETTINGS  # here for start-up time
    from rnn_tui.runs.query import FACTS

    minus = "-" if incomplete.startswith("-") else ""
    names = (*FACTS, *(each.option.lstrip("-") for each in SETTINGS))
    return [CompletionItem(minus + name) for name in names if (minus + name).startswith(incomplete)]


def complete_topics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the pages of the manual."""
    if ctx.params.get(param.name or ""):
        return []
    return [CompletionItem(name, help=about) for name, about in TOPICS.items() if name.startswith(incomplete)]


def complete_tours(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the topics of the tours."""
    if ctx.params.get(param.name or ""):
        return []
    return [CompletionItem(name, help=about) for name, about in TOURS.items() if name.startswith(incomplete)]
