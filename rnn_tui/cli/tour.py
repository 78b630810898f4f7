"""`rnn-tui tour [TOPIC]`: guided lessons, those that come with the program and your own."""

import difflib
from pathlib import Path
from typing import Any

import click

from rnn_tui.cli.completion import complete_tours
from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.help import SectionedCommand
from rnn_tui.cli.options import HISTORY, SectionOption
from rnn_tui.cli.view import run_view
from rnn_tui.cli.view_args import view_options, view_settings_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.tours import TOPICS, tour_file

__all__ = ["tour"]

_FILE = SectionOption("--tour", "file", section="data", metavar="FILE", help="a tour of your own, a TOML file")


@click.command(
    "tour",
    cls=SectionedCommand,
    params=[
        click.Argument(["topics"], nargs=-1, metavar="[TOPIC]", type=click.UNPROCESSED, shell_complete=complete_tours),
        _FILE,
        HISTORY,
        *view_options(),
    ],
)
@click.pass_context
def tour(ctx: click.Context, /, *, topics: tuple[str, ...], file: str | None, history: int, **parameters: Any) -> None:
    """Open a guided lesson: captions, and the panes that belong to them. enter goes on, backspace back, and every key
    works in between. Without a topic, list them."""
    if file is None and not topics:
        _list(ctx)
        return
    check_working_folder()
    from rnn_tui.experiment.toml_text import FileError
    from rnn_tui.tours.read import read_tour
    from rnn_tui.view.model.launch import LaunchOptions
    from rnn_tui.view.model.tour_guide import PRESSABLE, TourGuide

    try:
        found = read_tour(_path(topics, file), PRESSABLE)
    except FileError as error:
        raise UsageError(f"--tour {safe(str(error))}") from None
    experiment = TourGuide(found).first_experiment
    launch = LaunchOptions(
        experiment=experiment,
        history=history,
        paused=not experiment.run.until,
        tour=found,
        view_settings=view_settings_of(parameters),
    )
    run_view(launch, instead=f"rnn-tui train {experiment.name}")


def _path(topics: tuple[str, ...], file: str | None) -> str | Path:
    """Return the file of the tour. Raises UsageError."""
    if file is not None:
        if topics:
            raise UsageError(f"{shown(topics[0])}: give a topic or --tour {shown(file)}, not both")
        return file
    topic, *more = topics
    if more:
        raise UsageError(f"{shown(more[0])}: tour takes one topic; `rnn-tui tour` lists them")
    if topic not in TOPICS:
        near = difflib.get_close_matches(topic.lower(), TOPICS, n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else "`rnn-tui tour` lists them"
        raise UsageError(f"{shown(topic)}: no such topic; {hint}; a file needs --tour")
    return tour_file(topic)


def _list(ctx: click.Context) -> None:
    formatter = ctx.make_formatter()
    with formatter.section(click.style("Tours", bold=True)):
        formatter.write_dl(list(TOPICS.items()))
    formatter.write_paragraph()
    formatter.write_text("`rnn-tui tour TOPIC` opens one. `rnn-tui help tours` tells how to write your own.")
    click.echo(formatter.getvalue(), nl=False)
