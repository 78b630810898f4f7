"""The options of runs that are kept on the disk. What they say is judged in `cli/run_args.py`, which needs more."""

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.options import SectionOption

__all__ = ["NEWEST", "run_options"]

NEWEST = "\0"  # in the place of a name: the run that was changed last; nobody can type it

_OPTIONS = {
    "--run": ("DIR", "keep the run in this folder: experiment, losses, checkpoints"),
    "--resume": ("RUN", "go on with a run: its name, how that begins, or its folder (the newest)"),
    "--no-save": (None, "keep nothing on the disk"),
    "--save": (None, "keep every run on the disk, each in a folder of its own"),
    "--checkpoint-every": ("N", "a checkpoint every N updates (by time, at most 1 % of it)"),
    "--tensorboard": ("DIR", "the losses for TensorBoard as well (rnn-tui[tensorboard])"),
}


def run_options(*names: str) -> list[click.Parameter]:
    """Those of these names, and those that every way of keeping a run has."""
    return [_option(name) for name in (*names, "--checkpoint-every", "--tensorboard")]


def _option(name: str) -> SectionOption:
    metavar, about = _OPTIONS[name]
    if metavar is None:
        return SectionOption([name], section="keep", is_flag=True, help=about)
    if name == "--resume":  # also without a name
        return SectionOption(
            [name],
            section="keep",
            metavar=f"[{metavar}]",
            is_flag=False,
            flag_value=NEWEST,
            type=click.UNPROCESSED,
            help=about,
            shell_complete=complete_runs,
        )
    return SectionOption([name], section="keep", metavar=metavar, type=click.UNPROCESSED, help=about)
