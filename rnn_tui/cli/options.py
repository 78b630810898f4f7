"""The options of the commands: of an experiment, as its settings declare them, and of runs that are kept."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from rnn_tui.cli.completion import complete_lessons, complete_runs
from rnn_tui.cli.option_types import CellType, Count, SettingType, SizeType
from rnn_tui.experiment.remember import GAP, LARGEST_GAP
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS, setting

__all__ = [
    "FORK",
    "HISTORY",
    "HISTORY_SIZE",
    "NEWEST",
    "PAUSED",
    "SectionOption",
    "experiment_options",
    "experiment_parameters",
    "history_option",
    "parameter",
    "run_options",
]

NEWEST = "\0"  # in the place of a run's name: the one that was changed last; nobody can type it


class SectionOption(click.Option):
    """An option that stands under a heading of its own in `--help`."""

    def __init__(self, name: str, *names: str, section: str, **settings: Any) -> None:
        kinds = {"type": click.UNPROCESSED} | settings if not settings.get("is_flag") else settings
        super().__init__([name, *names], **kinds)
        self.section = section

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the words that its value may be, or the files and folders where it is one of those."""
        metavar = self.metavar or ""
        if metavar == "FILE.py:CLASS":
            return [CompletionItem(incomplete, type="file")]
        if "|" in metavar and not isinstance(self.type, CellType):
            return [CompletionItem(word) for word in metavar.split("|") if word.startswith(incomplete)]
        if metavar in ("FILE", "DIR"):
            return [CompletionItem(incomplete, type=metavar.lower())]
        return super().shell_complete(ctx, incomplete)


_GAP = SectionOption(
    "--gap",
    section="data",
    metavar="N",
    type=SettingType(Setting("", kind=int, minimum=1, maximum=LARGEST_GAP), in_range=True),
    help=f"in {REMEMBER}: characters between a letter and the place where it must come back ({GAP})",
)
FORK = SectionOption(
    "--fork",
    "forks",
    section="run",
    metavar="TEXT",
    multiple=True,
    help="learn in another way from a tick on: '300: lr=0.05 optimizer=sgd seed=3'",
)
HISTORY_SIZE = "256M"


def history_option(about: str) -> SectionOption:
    """Return the option for the memory that a way back may take; `about`: what it is for."""
    return SectionOption(
        "--history",
        section="run",
        metavar="SIZE",
        default=HISTORY_SIZE,
        type=SizeType(),
        help=f"{about}; 0: no way back (256M)",
    )


HISTORY = history_option("memory for going back, for each branch")
PAUSED = SectionOption("--paused", section="run", is_flag=True, help="open without playing")
_RUN_OPTIONS: dict[str, dict[str, Any]] = {
    "--run": {"metavar": "DIR", "help": "keep the run in this folder: experiment, losses, checkpoints"},
    "--resume": {
        "metavar": "[RUN]",  # also without a name
        "help": "go on with a run: its name, how that begins, or its folder (the newest)",
        "is_flag": False,
        "flag_value": NEWEST,
        "shell_complete": complete_runs,
    },
    "--no-save": {"is_flag": True, "help": "keep nothing on the disk"},
    "--save": {"is_flag": True, "help": "keep every run on the disk, each in a folder of its own"},
    "--checkpoint-every": {
        "metavar": "N",
        "type": Count(),
        "help": "a checkpoint every N updates (by time, at most 1 % of it)",
    },
    "--tensorboard": {"metavar": "DIR", "help": "the losses for TensorBoard as well (rnn-tui[tensorboard])"},
}


def experiment_parameters(*more: click.Parameter) -> list[click.Parameter]:
    """Return NAME, the options of an experiment, and what a command has besides."""
    file = SectionOption(
        "--experiment", "file", section="data", metavar="FILE", help="begin from a TOML file instead of a lesson"
    )
    name = click.Argument(
        ["names"], nargs=-1, metavar="[NAME]", type=click.UNPROCESSED, shell_complete=complete_lessons
    )
    return [name, file, _GAP, *experiment_options(), *more]


def experiment_options(*, resuming: bool = False) -> list[click.Parameter]:
    """Return an option for each setting, or for those that may change when a run is resumed."""
    return [_option(each) for each in SETTINGS if each.resume or not resuming]


def run_options(*names: str) -> list[click.Parameter]:
    """Return the options of these names, and those that all commands that keep a run have."""
    wanted = (*names, "--checkpoint-every", "--tensorboard")
    return [SectionOption(name, section="keep", **_RUN_OPTIONS[name]) for name in wanted]


def cell_option() -> click.Option:
    """Return --cell of commands that use a run: the file of its own cell, which no run brings with it."""
    return SectionOption(
        "--cell",
        "own_cell",
        section="network",
        metavar="FILE.py:CLASS",
        type=CellType(setting("network.cell")),
        expose_value=False,
        help="the file of the run's own cell, if it has one: no run brings code with it",
    )


def parameter(each: Setting) -> str:
    """Return the name of the parameter that click gives a setting's option."""
    return each.path.replace(".", "_")


def _option(each: Setting) -> SectionOption:
    if each.kind is bool:
        flag = f"{each.option}/--no-{each.option[2:]}"
        return SectionOption(flag, parameter(each), section=each.section, is_flag=True, default=None, help=each.about)
    words = {tuple: "TEXT", str: "TEXT", int: "N", float: "NUMBER"}
    return SectionOption(
        each.option,
        parameter(each),
        section=each.section,
        metavar=each.metavar or "|".join(each.spellings) or words[each.kind],
        multiple=each.kind is tuple,
        type=CellType(each) if each.path == "network.cell" else SettingType(each),
        help=each.about,
    )
