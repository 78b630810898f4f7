"""`rnn-tui show` and `rnn-tui lessons`: what there is to open, printed."""

from typing import Any

import click

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.experiment_args import complaint, experiment_of
from rnn_tui.cli.help import SectionedCommand, write_lessons
from rnn_tui.cli.options import experiment_parameters
from rnn_tui.common.output import write_escaped
from rnn_tui.common.wording import shown
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import to_dict

__all__ = ["lessons", "show"]


@click.command("show", cls=SectionedCommand, params=experiment_parameters())
def show(**parameters: Any) -> None:
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


@click.command("lessons")
@click.argument("names", nargs=-1, metavar="")
@click.pass_context
def lessons(ctx: click.Context, *, names: tuple[str, ...]) -> None:
    """List the lessons."""
    if names:
        raise UsageError(f"{shown(names[0])}: lessons takes no name; `rnn-tui show NAME` tells of one")
    formatter = ctx.make_formatter()
    write_lessons(formatter)
    click.echo(formatter.getvalue(), nl=False)
