"""`rnn-tui help [TOPIC]`: the manual in the shell."""

import difflib
import io
import re
import shutil
import sys

import click

from rnn_tui.cli.completion import complete_topics
from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown
from rnn_tui.manual import TOPICS, read_page

__all__ = ["show_manual"]

_WIDEST = 100  # columns of a page
_LINK = re.compile(r"\[([^]]*)\]\((\w+)\.md\)")


@click.command("help")
@click.argument("words", nargs=-1, metavar="[TOPIC]", type=click.UNPROCESSED, shell_complete=complete_topics)
@click.pass_context
def show_manual(ctx: click.Context, *, words: tuple[str, ...]) -> None:
    """Read the manual: a page of it, or the list of its pages. After a command's name, show that command's options."""
    if not words:
        _list_topics(ctx)
        return
    program = ctx.find_root().command
    assert isinstance(program, click.Group)
    topic, *more = words
    if more:
        raise UsageError(f"{shown(more[0])}: help takes one topic; `rnn-tui help` lists them")
    command = program.get_command(ctx, topic)
    if topic in TOPICS:
        _show(read_page(topic))
    elif command is not None and not command.hidden:
        with click.Context(command, info_name=topic, parent=ctx.parent) as its:
            click.echo(command.get_help(its))
    else:
        near = difflib.get_close_matches(topic.lower(), TOPICS, n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else "`rnn-tui help` lists them"
        raise UsageError(f"{shown(topic)}: no such topic; {hint}")


def _list_topics(ctx: click.Context) -> None:
    formatter = ctx.make_formatter()
    with formatter.section(click.style("Topics", bold=True)):
        formatter.write_dl(list(TOPICS.items()))
    formatter.write_paragraph()
    formatter.write_text(
        "`rnn-tui help TOPIC` shows one, and so does ? in the program. `rnn-tui --help` has all options."
    )
    click.echo(formatter.getvalue(), nl=False)


def _show(page: str) -> None:
    """Page a text through a terminal, rendered; print its Markdown anywhere else."""
    if sys.stdout is None or not sys.stdout.isatty():
        click.echo(page, nl=False)
        return
    from rich.console import Console  # here for start-up time
    from rich.markdown import Markdown

    out = io.StringIO()
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    console = Console(file=out, force_terminal=True, width=width, legacy_windows=False)
    page = _LINK.sub(r"\1 (`rnn-tui help \2`)", page)
    console.print(Markdown(page, code_theme="ansi_dark", hyperlinks=False))
    click.echo_via_pager(out.getvalue())
