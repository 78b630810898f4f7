"""NAME, FILE and the options of an experiment, as `open`, `train` and `show` have them."""

import click

from rnn_tui.cli.completion import complete_lessons
from rnn_tui.cli.options import SectionOption, experiment_options, gap_option

__all__ = ["FORK", "experiment_parameters"]

FORK = SectionOption(
    ["--fork", "forks"],
    section="run",
    metavar="TEXT",
    multiple=True,
    type=click.UNPROCESSED,
    help="learn in another way from a tick on: '300: lr=0.05 optimizer=sgd seed=3'",
)


def experiment_parameters(*more: click.Parameter) -> list[click.Parameter]:
    """NAME, the options of an experiment, and what a command has besides."""
    file = SectionOption(
        ["--experiment", "file"],
        section="data",
        metavar="FILE",
        type=click.UNPROCESSED,
        help="begin from a TOML file instead of a lesson",
    )
    name = click.Argument(
        ["names"], nargs=-1, metavar="[NAME]", type=click.UNPROCESSED, shell_complete=complete_lessons
    )
    return [name, file, gap_option(), *experiment_options(), *more]
