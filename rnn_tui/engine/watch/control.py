"""How views hold a script that is watched, and let it go: pauses, single updates, a speed, breakpoints."""

import threading
import time

from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch, describe_hits
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.protocol.commands import Command, Play, SetBreakpoints, SetSpeed, Step

__all__ = ["Control"]

_LONGEST_NAP = 0.2  # seconds that a held script sleeps until it looks around again


class Control:
    """What a script may do next. Commands come from the server's thread, and the script asks from its own."""

    def __init__(self, *, read_only: bool, held: bool, until: tuple[str, ...] = ()) -> None:
        """Begin with a script that goes on until breakpoints, or is `held` in its first pass.

        `read_only`: it always goes on.
        """
        self.is_read_only = read_only
        self.held = held and not read_only
        self.speed = 0.0  # passes a second; 0: as fast as it can
        self.notice = ""  # why it is held
        self.closing = False  # nothing is held any more
        self._steps = 0  # passes that a held script may do
        self._until = BreakpointWatch(until)
        self.until = until  # the breakpoints
        self._judged: tuple[LossSeries | None, int] = (None, 0)  # the losses that breakpoints have seen, and how many
        self._tick = 0  # which they have seen
        self._woken = threading.Condition()
        self._last_pass = 0.0

    @property
    def holds(self) -> bool:
        """Whether the script is to wait here."""
        return self.held and not self._steps and not self.closing

    @property
    def acts(self) -> bool:
        """Whether passes have anything to do with it: the script is held, or slowed down, or may have to be."""
        return self.held or self._steps > 0 or self.speed > 0 or self.needs_losses

    @property
    def needs_losses(self) -> bool:
        """Whether each loss must be known at once, for a breakpoint."""
        return bool(self.until) and not self.is_read_only

    @property
    def needs_gradients(self) -> bool:
        """Whether the norm of all gradients must be known after each backward, for a breakpoint."""
        return self._until.gradients and not self.is_read_only

    def obey(self, command: Command) -> None:
        """Carry out a command; one that is not about this is ignored."""
        if not self.is_read_only:
            match command:
                case Play(on=on):
                    self.held, self._steps, self.notice = not on, 0, ""
                case Step():
                    self.held, self._steps, self.notice = True, 1, ""
                case SetSpeed(speed=speed):
                    self.speed = speed
                case SetBreakpoints(until=until):
                    self._until, self.until = BreakpointWatch(until), until
        self.wake()

    def hold(self) -> None:
        """Hold the script, if it may be held."""
        self.held = not self.is_read_only

    def release(self) -> None:
        """Let the script go on."""
        self.held = False
        self.wake()

    def close(self) -> None:
        """Let the script go on for good."""
        self.closing = True
        self.wake()

    def wake(self) -> None:
        """Wake a script that sleeps here."""
        with self._woken:
            self._woken.notify_all()

    def sleep(self, seconds: float = _LONGEST_NAP) -> None:
        """Sleep until something has been said, or for so long."""
        with self._woken:
            self._woken.wait(seconds)

    def count_pass(self, tick: int, losses: LossSeries, norm: float | None = None) -> None:
        """Note that a pass is over, the newest of these losses; it may be one to hold at.

        `norm`: of all its gradients, where a breakpoint needs it.
        """
        if self._steps:
            self._steps -= 1
        if not self.needs_losses:
            return
        is_new = self._judged != (losses, len(losses))  # not where this pass was of another network
        self._judged = losses, len(losses)
        loss, before = (losses.last(), losses.at(len(losses) - 2)) if is_new else (None, None)
        hits = self._until.at_tick(tick, None) if tick != self._tick else []
        self._tick = tick
        hits += self._until.at_update(before, loss, learnt=False, norm=norm)
        if hits:
            self.held, self._steps = True, 0
            words = [(point, text) for point, text in hits if point.kind != "tick"]
            self.notice = f"Held at update {tick:,}: {describe_hits(words) if words else 'a breakpoint'}."

    def keep_pace(self) -> None:
        """Sleep until the next pass may begin."""
        until = self._last_pass + 1 / self.speed if self.speed > 0 else 0.0
        while not self.held and not self.closing and self.speed > 0 and (left := until - time.perf_counter()) > 0:
            self.sleep(min(left, _LONGEST_NAP))
        self._last_pass = time.perf_counter()
