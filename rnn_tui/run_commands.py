"""The commands about runs that are on the disk: a list of them, and what others can use of one."""

import os
import time
from typing import TYPE_CHECKING

import click

from rnn_tui.options import Refusal, shown
from rnn_tui.text import safe

if TYPE_CHECKING:
    from rnn_tui.runs import Listed

__all__ = ["export", "runs"]

_COLUMNS = ("run", "what", "epoch", "loss", "best", "when")


@click.command("runs")
@click.option("--json", is_flag=True, help="one JSON object a line, and nothing else")
def runs(*, json: bool) -> None:
    """List the runs that are kept on the disk, the newest first."""
    from rnn_tui.runs import listed, runs_folder

    found = listed()
    if json:
        for each in found:
            click.echo(_json(each))
        return
    if not found:
        click.echo(
            f"No runs yet in {safe(str(runs_folder()))}: `rnn-tui train` and `rnn-tui --save` keep theirs there."
        )
        return
    rows = [_COLUMNS, *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, "<<>>><", widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
    for each in found:
        if each.problem:
            click.echo(f"{safe(each.name)}: {safe(each.problem)}", err=True)


@click.command("export")
@click.argument("name", metavar="RUN", type=click.UNPROCESSED)
@click.option("--to", metavar="DIR", type=click.UNPROCESSED, help="where to write them (the folder that you are in)")
@click.option("--best", is_flag=True, help="the weights of the best loss, as NAME-best, not those of the newest")
def export(*, name: str, to: str | None, best: bool) -> None:
    """Write a run's network as a plain PyTorch state_dict (.pt), and a .py that defines the model and loads it."""
    from rnn_tui.experiment import ExperimentError
    from rnn_tui.manifest import CheckpointError
    from rnn_tui.runs import NoSuchRun, find

    if to is not None and os.path.exists(to) and not os.path.isdir(to):
        raise Refusal(f"--to {shown(to)}: is a file; it must be a folder")
    try:
        folder = find(name)
        from rnn_tui.engine.export import export_run

        written = export_run(folder, to if to is not None else ".", best=best)
    except NoSuchRun as error:
        raise Refusal(str(error)) from None
    except (ExperimentError, CheckpointError) as error:
        raise Refusal(safe(str(error))) from None
    except OSError as error:
        raise Refusal(f"--to {shown(to or '.')}: cannot be written: {error.strerror or error}") from None
    click.echo("\n".join(safe(str(file)) for file in written))


def _row(each: "Listed") -> tuple[str, ...]:
    experiment, manifest = each.experiment, each.manifest
    what = "cannot be read"
    if experiment is not None:
        network = experiment.network
        ways = ", both ways" if network.bidirectional else ""
        what = f"{experiment.name}: {network.cell} {network.layers}×{network.hidden_size}{ways}"
    epoch = loss = "?"
    if manifest is not None:
        epoch = f"{manifest.epoch:,}" + (f"/{manifest.epochs:,}" if manifest.epochs else "")
        loss = "-" if manifest.loss is None else f"{manifest.loss:.4f}"
    best = "-" if each.best is None else f"{each.best.loss:.4f}"
    return safe(each.name), safe(what), epoch, loss, best, time.strftime("%Y-%m-%d %H:%M", time.localtime(each.changed))


def _json(each: "Listed") -> str:
    import json

    experiment, manifest = each.experiment, each.manifest
    values = {
        "name": each.name,
        "folder": each.folder,
        "experiment": experiment and experiment.name,
        "epoch": manifest and manifest.epoch,
        "epochs": manifest and manifest.epochs,
        "tick": manifest and manifest.tick,
        "loss": manifest and manifest.loss,
        "best": each.best and each.best.loss,
        "best_epoch": each.best and each.best.epoch,
        "changed": each.changed,
        "problem": each.problem or None,
    }
    return json.dumps(values).replace("\x7f", "\\u007f")
