"""When the terminal gets its next picture: when it has shown the previous ones. A slow link gets fewer, not later ones.

After every picture comes a question that terminals answer when they reach it (`ESC[6n`: where is the cursor?). The
answer tells how far the terminal is, whatever is in between: kernel buffers, tmux, SSH. If a terminal does not answer,
writes that block tell it instead (`Drain`).

Pure bookkeeping: the time is given, and nothing is written here.
"""

import math
from collections import deque

from rnn_tui.view.terminal.drain import Drain

__all__ = ["Pacing"]

_AHEAD = 2  # pictures that may be on their way, so that a long way costs no frames
_QUEUED = 0.1  # seconds beyond the shortest delay that mean a narrow link: then one picture, and a rest after it
_LONGEST_REST = 1.0
_BY_KEY = 0.5  # seconds after a key in which more may be on their way:
_MORE = 2  # the change by the key itself, and the engine's answer to it
_SILENCE = 2.5  # seconds without an answer after which terminal or link are taken to stand still
_USUAL = 4  # or this many times as long as the last answer took
_DEAF = 10.0  # after which a key shows that the terminal is there but has stopped answering
_SPAN = 2.0  # seconds over which rates are counted


class Pacing:
    """Decides about pictures: `wait(now)` tells how long to wait before the next."""

    def __init__(self) -> None:
        self.answers = False  # whether the terminal answers
        self.lag: float | None = None  # seconds from the last answered picture to its answer
        self.backlog = 0  # bytes not written to the terminal yet
        self._drain = Drain()
        self._asked: deque[tuple[float, int]] = deque()  # unanswered: when, and its number; 0: after a picture
        self._shortest = math.inf
        self._narrow = False
        self._rest_until = 0.0
        self._key_at = -math.inf
        self._pardon = False  # one picture may be sent into the silence: there was a sign of life
        self._written: deque[tuple[float, int]] = deque()  # pictures: when, bytes

    # ---- may it ---------------------------------------------------------------------------------------------------

    def wait(self, now: float, *, for_key: bool = False) -> float:
        """Return the seconds until the next picture; infinite: until something arrives.

        `for_key`: the picture may show the effect of a key, so it goes first.
        """
        if not self.answers:
            return math.inf if self.backlog else self._drain.wait(now)
        if self._pardon:
            return 0.0
        hurry = for_key and now - self._key_at < _BY_KEY
        ahead = (1 if self._narrow else _AHEAD) + (_MORE if hurry else 0)
        if sum(1 for _, number in self._asked if not number) >= ahead:
            return math.inf
        return 0.0 if hurry else max(0.0, self._rest_until - now)

    def silent(self, now: float) -> bool:
        """Return whether answers have been missing for so long that the terminal must stand still."""
        patience = max(_SILENCE, min(_USUAL * (self.lag or 0.0), _DEAF))
        return self.answers and bool(self._asked) and now - self._asked[0][0] > patience

    def rates(self, now: float) -> tuple[float, float]:
        """Return the recent pictures and bytes a second."""
        while self._written and now - self._written[0][0] > _SPAN:
            self._written.popleft()
        return len(self._written) / _SPAN, sum(size for _, size in self._written) / _SPAN

    # ---- what happens ---------------------------------------------------------------------------------------------

    def painted(self, size: int, now: float) -> None:
        """Note that a picture of `size` bytes has been written."""
        self._pardon = False
        self._written.append((now, size))
        self.rates(now)  # forget old ones

    def asked(self, now: float, number: int = 0) -> None:
        """Note that a question has been written: after a picture, or by itself, which has a number."""
        self._asked.append((now, number))

    def answered(self, now: float, number: int = 0) -> None:
        """Note the answer to the question of this number; those before it are answered, or lost."""
        stood_still = self.silent(now)
        self.answers = True
        if all(each != number for _, each in self._asked):
            return
        while True:
            at, each = self._asked.popleft()
            if each == number:
                break
        self.lag = now - at
        if stood_still:
            return  # that tells nothing about the link
        self._shortest = min(self._shortest, self.lag)
        queued = self.lag - self._shortest
        self._narrow = queued > _QUEUED
        self._rest_until = now + min(max(0.0, queued - _QUEUED), _LONGEST_REST)

    def alive(self, now: float) -> None:
        """Note a key: the terminal is there."""
        self._key_at = now
        if self.silent(now):
            self._pardon = True
            if now - self._asked[0][0] > _DEAF:
                self.answers = False
                self._asked.clear()

    def took(self, size: int, seconds: float, now: float, *, backlog: int) -> None:
        """Note that `size` bytes have been written in so many seconds, and that `backlog` bytes wait."""
        self.backlog = backlog
        self._drain.took(size, seconds, now)

    def begins(self) -> None:
        """Forget everything: the terminal is ours for the first time, or again."""
        self.answers, self.lag = False, None
        self._asked.clear()
        self._shortest, self._narrow, self._pardon = math.inf, False, False
