"""The link to a script that this view has started: how it has ended, and what it has printed."""

import contextlib
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from rnn_tui.client.link import EngineLink
from rnn_tui.common.atomic_files import open_regular
from rnn_tui.common.glyphs import safe
from rnn_tui.common.printed_line import last_state
from rnn_tui.protocol.engine_log import find_log, last_line, output_beside
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.runs.script_output import ScriptOutput

__all__ = ["ScriptLink"]

_TAIL = 1 << 16  # bytes at the end of what a script has printed
_LAST_LINES = 200  # of them that are shown
_FEW = 8  # lines that fit any screen


class ScriptLink(EngineLink):
    """The link to a script that this view has started: its run is there already, and its end is the script's own."""

    _printed: ScriptOutput | None = None

    @property
    def joined(self) -> bool:
        """Whether there is a run already; a script has one from the beginning."""
        return True

    @property
    def output(self) -> Path:
        """The file with what the script has printed last."""
        return output_beside(find_log(self._folder))

    def read_log(self, ask: ReadLog) -> LogLines | None:
        """Return what the script has printed, from the file itself: it is there before the script has torch."""
        try:
            if self._printed is None:
                self._printed = ScriptOutput(self.output)
            return self._printed.read(ask)
        except OSError:
            return None

    def let_go(self) -> None:
        """Hang up, and let the script go on."""
        if self._printed is not None:
            self._printed.close()
        super().let_go()

    async def messages(self) -> AsyncIterator[EngineMessage]:
        """Yield everything that the engine says. Raises EngineError when it ends."""
        async for message in super().messages():
            if isinstance(message, Frame) and message.status.state == "done":
                self.has_ended = True
            yield message

    def last_words(self) -> str:
        """Return how the script ended, and what it has printed last; safe to show."""
        code = self.exit_code(patience=2.0)
        end, why = "still runs, but can no longer be watched", ""
        if code is None:
            why = last_line(find_log(self._folder))
        else:
            end = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        how = f"The script {end}{f': {why}' if why else '.'}"
        printed = _last_lines(self.output)
        again = [how] if len(printed) > _FEW else []  # the end of a long text is what is on the screen
        return "\n".join([how, "", *printed, "", *again, f"Output: {safe(str(self.output))}"])

    def exit_code(self, *, patience: float) -> int | None:
        """Wait for the script to end; return its exit code, negative for a signal, or None if it still runs."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=patience)
            self._clear_away()
            return code
        return None


def _last_lines(path: Path) -> list[str]:
    """Return the end of what a script has printed, safe to show."""
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            text = file.read(_TAIL)
    except OSError:
        return []
    return [last_state(line) for line in text.rstrip(b"\n").split(b"\n")][-_LAST_LINES:]
