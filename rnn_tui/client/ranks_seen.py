"""The ranks of a script that is watched, as a view sees them: what each has written, and which of them are gone."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from rnn_tui.client.connect import connect
from rnn_tui.client.link import EngineLink
from rnn_tui.protocol.rank_notes import RankNote, is_alive, mark, read_rank_notes
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["RanksSeen"]

_MARK = 1.0  # seconds between two marks that somebody looks
_SILENT = 8.0  # seconds without a word after which a rank is called silent: it sleeps for one, and may be stopped
_PATIENCE = 2.0  # seconds that connecting may take


@dataclass
class _Heard:
    note: RankNote
    when: float  # that its beat has last changed


class RanksSeen:
    """Reads the notes in a folder. Those of ranks that have ended are remembered."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self._clock = clock
        self._host = socket.gethostname()
        self._heard: dict[int, _Heard] = {}
        self._marked = -_MARK

    def look(self) -> tuple[RankFigures, ...]:
        """Say that somebody looks, and return what is known of each rank; nothing where there is one alone."""
        now = self._clock()
        if now - self._marked >= _MARK:
            self._marked = now
            mark(self.folder)
        there = {each.figures.rank: each for each in read_rank_notes(self.folder)}
        for rank, note in there.items():
            heard = self._heard.get(rank)
            if heard is None or (heard.note.process, heard.note.beat) != (note.process, note.beat):
                self._heard[rank] = _Heard(note, now)
        hosts = {each.note.host for each in self._heard.values()}
        figures = [self._figures(rank, is_there=rank in there, now=now, many=len(hosts) > 1) for rank in self._heard]
        return tuple(sorted(figures, key=lambda each: each.rank)) if len(figures) > 1 else ()

    def link_to(self, rank: int) -> EngineLink | str:
        """Return a link to a rank, or why there is none, in a sentence."""
        heard = self._heard.get(rank)
        if heard is None:
            return f"Rank {rank} has not been heard of."
        note = heard.note
        if note.host != self._host:
            return f"Rank {rank} is on {note.host}: `rnn-tui attach {note.name}` shows it there."
        try:
            return EngineLink(None, connect(Path(note.socket), patience=_PATIENCE), Path(note.socket))
        except OSError:
            return f"Rank {rank} cannot be reached: it has ended, or is watched no more."

    def _figures(self, rank: int, *, is_there: bool, now: float, many: bool) -> RankFigures:
        """Return what a rank has written, with what is seen from here."""
        heard = self._heard[rank]
        figures, silence = heard.note.figures, now - heard.when
        if not is_there or (heard.note.host == self._host and not is_alive(heard.note.process)):
            figures = replace(figures, phase="ended", since=0.0)
        elif silence > _SILENT:
            figures = replace(figures, phase="silent", since=silence)
        return replace(figures, node=heard.note.host) if many else figures
