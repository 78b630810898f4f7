"""`rnn-tui check FILE.py:CLASS --against gru`: a cell of one's own beside torch's, number by number."""

import contextlib
import json as json_format
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from rnn_tui.cli.errors import UsageError, check_working_folder
from rnn_tui.cli.option_types import Word
from rnn_tui.common.output import say, write_escaped
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.named_cell import NotACell, is_named, name_cell, read_name
from rnn_tui.experiment.setting import either

__all__ = ["check"]

_AGAINST = tuple(kind.name for kind in CELL_KINDS.values() if kind.module)
_TEMPLATES = ("rnn", "gru", "lstm")
_FORMS = ("module", "step")


def _complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del ctx, param
    return [CompletionItem(incomplete, type="file")]


@click.command("check")
@click.argument("cells", nargs=-1, metavar="FILE.py:CLASS", type=click.UNPROCESSED, shell_complete=_complete_files)
@click.option("--against", metavar="|".join(_AGAINST), type=Word(_AGAINST), help="the cell of torch's that it is to be")
@click.option("--json", is_flag=True, help="one JSON object, and nothing else")
@click.option(
    "--template", metavar="|".join(_TEMPLATES), type=Word(_TEMPLATES), help="print a file to fill in: the equations"
)
@click.option(
    "--form",
    metavar="|".join(_FORMS),
    type=Word(_FORMS),
    help="of the template: an nn.Module, or a class with a step that gets torch's weights (module)",
)
@click.pass_context
def check(
    ctx: click.Context,
    *,
    cells: tuple[str, ...],
    against: str | None,
    json: bool,
    template: str | None,
    form: str | None,
) -> None:
    """Compare a cell that you have written with torch's: the same weights, then outputs, states and gradients.

    It tells where the two part first, in which gate and at which time step, and which of the usual mistakes it is.
    The exit code is 0 where they agree, 1 where they do not, 2 where the cell cannot be run.
    """
    if template is not None:
        if cells or against or json:
            raise UsageError(f"--template {template}: prints a file, and goes with --form alone")
        write_escaped(_template(template, form or "module"))
        return
    if form is not None:
        raise UsageError(f"--form {form}: goes with --template")
    if len(cells) != 1:
        wrong = f"{shown(cells[1])}: check takes one cell" if cells else "FILE.py:CLASS: is missing"
        raise UsageError(f"{wrong}, as in `rnn-tui check mine.py:MyGRU --against gru`")
    if against is None:
        raise UsageError(f"--against: is missing; it must be {either(_AGAINST)}")
    if not is_named(cells[0]):
        raise UsageError(f"{shown(cells[0])}: must be a class in a Python file, as in mine.py:MyGRU")
    check_working_folder()
    try:
        named = read_name(cells[0])
    except NotACell as error:
        raise UsageError(f"{shown(cells[0])}: {error}") from None
    name_cell(named)
    from rnn_tui.cli.check_report import facts, lines  # here for start-up time
    from rnn_tui.engine.check.check import check_cell
    from rnn_tui.engine.network.cell_error import CellError

    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the file prints
            verdict = check_cell(CELL_KINDS[against])
    except CellError as error:
        raise UsageError(f"{named}: {error}") from None
    if json:
        write_escaped(json_format.dumps(facts(verdict)) + "\n")
    else:
        say("\n".join(lines(verdict)))
    ctx.exit(verdict.parting is not None)


def _template(kind: str, form: str) -> str:
    return (Path(__file__).with_name("cell_templates") / f"{kind}_{form}.txt").read_text(encoding="utf-8")
