"""Find a run by the name that somebody has typed, where it must be kept on the disk."""

import contextlib
from pathlib import Path

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.wording import shown

__all__ = ["find_kept"]


def find_kept(name: str, *, needs: str) -> Path:
    """Find the folder of a run; `needs`: why it must have one. Raises UsageError, also for one in memory alone."""
    from rnn_tui.protocol.engine_folders import EnginesError, engine_folders  # these for start-up time
    from rnn_tui.protocol.rendezvous import read_note
    from rnn_tui.runs.catalog import NoSuchRun, find

    try:
        return find(name)
    except NoSuchRun as error:
        with contextlib.suppress(OSError, EnginesError):
            for each in map(read_note, engine_folders()):
                if name and each.name == name and not each.kept:
                    raise UsageError(f"{shown(name)}: is not kept on the disk, and {needs}") from None
        raise UsageError(str(error)) from None
