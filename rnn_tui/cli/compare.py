"""`rnn-tui compare`: runs side by side."""

from typing import Any

import click

from rnn_tui.cli.compare_runs import compare_runs
from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import check_working_folder
from rnn_tui.cli.help import SectionedCommand
from rnn_tui.cli.options import SectionOption
from rnn_tui.cli.view_args import view_options, view_settings_of

__all__ = ["compare"]


@click.command(
    "compare",
    cls=SectionedCommand,
    params=[
        click.Argument(
            ["names"], nargs=-1, metavar="RUN...", required=True, type=click.UNPROCESSED, shell_complete=complete_runs
        ),
        SectionOption(
            "--json", section="other", is_flag=True, help="the curves, one JSON object a line, and nothing else"
        ),
        *(each for each in view_options(joins=True) if each.name in ("colors", "theme", "ascii")),
    ],
)
def compare(*, names: tuple[str, ...], json: bool, **parameters: Any) -> None:
    """Show the losses of kept runs over one another, also of one that trains: each RUN is a name, how it begins, or a
    folder."""
    check_working_folder()
    compare_runs(names, json=json, settings=view_settings_of(parameters))
