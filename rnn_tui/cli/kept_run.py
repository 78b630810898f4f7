"""Find a run by the name that somebody has typed, where it must be kept on the disk."""

import contextlib
import os
from pathlib import Path

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown

__all__ = ["find_kept", "refuse_alive"]


def find_kept(name: str, *, needs: str, comparisons: bool = False) -> Path:
    """Find the folder of a run, or of a comparison if those will do; `needs`: why it must have one.

    Raises UsageError, also for one in memory alone.
    """
    from rnn_tui.protocol.engine_folders import EnginesError, engine_folders  # these for start-up time
    from rnn_tui.protocol.rendezvous import read_note
    from rnn_tui.runs.catalog import NoSuchRun, find, find_any

    try:
        return find_any(name) if comparisons else find(name)
    except NoSuchRun as error:
        with contextlib.suppress(OSError, EnginesError):
            for each in map(read_note, engine_folders()):
                if name and each.name == name and not each.kept:
                    raise UsageError(f"{shown(name)}: is not kept on the disk, and {needs}") from None
        raise UsageError(str(error)) from None


def refuse_alive(folder: str) -> None:
    """Raise UsageError where the run in that folder trains already."""
    from rnn_tui.client.discovery import EnginesError, live_engines

    with contextlib.suppress(EnginesError):  # starting an engine reports that
        for each in live_engines():
            if each.kept and os.path.realpath(each.kept) == os.path.realpath(folder):
                name = shown(each.name)
                raise UsageError(f"{name}: is being trained already: `rnn-tui attach {name}` opens the view on it")
