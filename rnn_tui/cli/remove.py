"""`rnn-tui rm RUN…`: delete runs that are kept on the disk."""

import os
import sys
from pathlib import Path

import click

from rnn_tui.cli.completion import complete_runs
from rnn_tui.cli.errors import UsageError
from rnn_tui.common.glyphs import safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import counted, shown

__all__ = ["remove"]


@click.command("rm")
@click.argument(
    "names", metavar="RUN...", nargs=-1, required=True, type=click.UNPROCESSED, shell_complete=complete_runs
)
@click.option("--yes", is_flag=True, help="delete without asking")
def remove(*, names: tuple[str, ...], yes: bool) -> None:
    """Delete runs that are kept on the disk: each RUN is a name, how it begins, or a folder. One that trains stays, and
    so does whatever rnn-tui has not written. A run that cannot be read is found by its whole name."""
    found, failed = _found(names)
    if found and not yes:
        _ask(list(found.values()))
    for name, folder in found.items():
        failed += not _remove(name, folder)
    if failed:
        raise click.exceptions.Exit(2)


def _found(names: tuple[str, ...]) -> tuple[dict[str, Path], int]:
    """Find the folders by the names that were given, each once; say which are not found, and return how many."""
    from rnn_tui.client.discovery import EnginesError, live_engines
    from rnn_tui.runs.catalog import NoSuchRun
    from rnn_tui.runs.remove import find_to_remove

    try:
        living = {os.path.realpath(each.kept): each.name for each in live_engines() if each.kept}
    except EnginesError as error:
        raise UsageError(safe(str(error))) from None
    found: dict[str, Path] = {}
    failed = 0
    for name in names:
        try:
            folder = find_to_remove(name)
        except NoSuchRun as error:
            say(f"rnn-tui: {error}", err=True)
            failed += 1
            continue
        place = os.path.realpath(folder)
        if place in living:
            say(f"rnn-tui: {shown(name)}: is alive; `rnn-tui stop {shown(living[place])}` ends it", err=True)
            failed += 1
        elif place not in map(os.path.realpath, found.values()):
            found[name] = folder
    return found, failed


def _ask(folders: list[Path]) -> None:
    """Ask on the terminal. Raises UsageError where there is none, and Exit where the answer is no."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise UsageError(f"rm: needs a terminal to ask on; --yes deletes {counted(len(folders), 'run')} without asking")
    for folder in folders:
        say(f"{folder}: {_about(folder)}", err=True)
    if not click.confirm(f"Delete {counted(len(folders), 'run')} for good?", err=True):
        say("Nothing was deleted.", err=True)
        raise click.exceptions.Exit(1)


def _about(folder: Path) -> str:
    from rnn_tui.experiment.spec import ExperimentError
    from rnn_tui.runs.catalog import is_comparison
    from rnn_tui.runs.kept_comparison import read_field_manifest
    from rnn_tui.runs.read_checkpoint import read_manifest

    try:
        if is_comparison(folder):
            return counted(read_field_manifest(folder).comparison.members, "network")
        return counted(read_manifest(folder).epoch, "epoch")
    except ExperimentError:
        return "cannot be read"


def _remove(name: str, folder: Path) -> bool:
    """Remove one and say so. Return whether all of it that is ours is gone."""
    from rnn_tui.runs.remove import CannotRemove, remove_run

    try:
        others = remove_run(folder)
    except CannotRemove as error:
        say(f"rnn-tui: {shown(name)}: {error}", err=True)
        return False
    except OSError as error:
        say(f"rnn-tui: {shown(name)}: cannot be deleted: {error.strerror or error}", err=True)
        return False
    say(f"Deleted {folder.name or folder}")
    if others:
        some = ", ".join(map(shown, others[:3])) + (", …" if len(others) > 3 else "")
        say(f"rnn-tui: {folder}: stays, with what rnn-tui has not written: {some}", err=True)
    return True
