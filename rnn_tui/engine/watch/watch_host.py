"""The host of a script that is watched, for a server that runs in a thread of the script's process.

Pictures are made by the thread that trains, right after a backward and before any weight moves, or while it is held
there. The server's thread hears the views, and sets what the training thread looks at.
"""

import contextlib
import logging
import math
import os
import signal
import time
from collections.abc import Callable, Sequence

from torch import nn
from torch.optim import Optimizer

from rnn_tui.common.torchrun import is_of_torchrun
from rnn_tui.engine.answers.guard import one_line
from rnn_tui.engine.answers.weights import wants_update
from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.rank_writer import RankFacts
from rnn_tui.engine.watch.watch_pictures import WatchPictures
from rnn_tui.protocol.commands import Command, GoTo, Interrupt, SelectNetwork, SetBreakpoints, Step, StepBack
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.field import KeptMember
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.subject import Ability

__all__ = ["WatchHost"]

_log = logging.getLogger(__name__)
_FASTEST = 0.05  # seconds between two captured passes, where no key asks
_SLOW = 0.02  # seconds of a pass beside which capturing it is nothing
_PATIENCE = 8  # passes in which nothing reaches a network, until it is shown as it is
_SETTLED = 0.1  # seconds that a loss may wait for others, where nobody looks
_GLANCE = 5.0  # seconds between two looks at the size of a batch, for the figures of a rank
_SHARE = 0.2  # of the time, for capturing and making pictures
_CONTROLS: tuple[Ability, ...] = ("hold", "step", "speed", "breakpoints")


class WatchHost:
    """Drives nothing: the script does. It is held where views want that, and shown."""

    kept = ""  # what a script keeps is up to the script
    is_open = True
    is_worth_keeping = fills_cores = False  # neither is known

    def __init__(
        self,
        model: nn.Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        name: str,
        script: str,
        words: Sequence[str] = (),
        read_only: bool = False,
        held: bool = False,
        until: tuple[str, ...] = (),
        has_log: bool = False,
        history: int = 0,
    ) -> None:
        self.name = name
        self.observer = Observer(model, optimizer, moment=self._moment, failed=self._failed)
        self.control = Control(read_only=read_only, held=held, until=until)
        can: tuple[Ability, ...] = (*(() if read_only else _CONTROLS), *(("log",) if has_log else ()))
        self.pictures = WatchPictures(
            self.observer, self.control, name=name, script=script, words=words, can=can, history=history
        )
        self.tell: Callable[[Refused | KeptMember], None] = lambda _: None
        self.show: Callable[[], None] = lambda: None  # answers the views that wait; set by the watcher
        self.is_awaited: Callable[[], bool] = lambda: True  # whether one of them may have a picture now; likewise
        self.lock: contextlib.AbstractContextManager[object] = contextlib.nullcontext()  # of the server
        self._attended = False
        self._may_capture = 0.0  # when the next pass may be captured
        self._settles = 0.0  # when losses are taken that nobody looks at
        self._is_due = True  # a picture of the pass under way: else it is captured only in case it is held
        self._glance = 0.0  # when the rows of a rank are looked at again that only others look at
        self._missed = 0  # passes in a row that were captured, and had nothing of the network that is looked at

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Grows with everything that a view could see."""
        return self.pictures.revision

    @revision.setter
    def revision(self, revision: int) -> None:
        self.pictures.revision = revision

    @property
    def description(self) -> int:
        """The number of the newest description."""
        return self.pictures.description

    @description.setter
    def description(self, description: int) -> None:
        self.pictures.description = description

    @property
    def attended(self) -> bool:
        """Whether anybody looks. Where nobody does any more, a held script goes on."""
        return self._attended

    @attended.setter
    def attended(self, on: bool) -> None:
        if self._attended and not on:
            self.control.release()
            self.pictures.is_asked = False
            self.observer.last_update.wanted = False
        self._attended = on

    @property
    def is_done(self) -> bool:
        """Whether the script has ended."""
        return self.pictures.exit_code is not None

    @property
    def goes_on_alone(self) -> bool:
        """Whether it is watched still."""
        return not self.control.closing

    @property
    def playing(self) -> bool:
        """Whether the script goes on by itself."""
        return not self.control.held and not self.is_done

    @property
    def busy(self) -> bool:
        """Whether training must be protected from pictures."""
        return self.playing

    def patience(self) -> float | None:
        """Wait for commands: the training thread does its work meanwhile."""
        return 0.0 if self.control.closing else None

    # ---- what is done -----------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do nothing: the script does."""

    def obey(self, command: Command) -> None:
        """Carry out a command. What cannot be done to a script is not offered by views, and ignored here.

        Raises HistoryError where there is nothing to look back at.
        """
        if self._look_back(command):
            self.control.wake()
            self.pictures.revision += 1
            self.observer.wanted = True
            return
        match command:
            case SelectNetwork(number=number):
                self.pictures.choose(number)
            case Interrupt():
                self.control.release()
                os.kill(os.getppid() if is_of_torchrun(os.environ) else os.getpid(), signal.SIGINT)  # which tells all
        self.control.obey(command)
        if isinstance(command, SetBreakpoints):
            self.pictures.description += 1  # which they are a part of
        self.pictures.revision += 1
        self.observer.wanted = True

    def _look_back(self, command: Command) -> bool:
        """Go to another of the updates that are kept; return whether that was the command. Raises HistoryError."""
        back, newest, network = self.pictures.back, self.observer.tick, self.pictures.network
        match command:
            case StepBack():
                back.step(-1, newest, network)
            case Step() if back.at is not None:  # forward in what is kept, whatever the script does
                back.step(1, newest, network)
            case GoTo(tick=tick):
                back.go_to(tick, newest, network)
            case _:
                return False
        return True

    def pause(self) -> None:
        """Hold the script, if it may be held."""
        self.control.hold()

    def keep(self) -> str:
        """Say that nothing is kept."""
        return "what a watched script learns is kept by the script itself"

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Keep the last update from now on if one of these asks shows it."""
        updates = self.observer.last_update
        updates.wanted, updates.network = wants_update(asks), self.pictures.network

    def stop(self) -> None:
        """End the script, as `kill` does."""
        os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        """End the watching: the script goes on alone."""
        self.control.close()

    def rank_facts(self) -> RankFacts:
        """Return how far this rank is, for a thread that writes it down; losses as far as they have been fetched."""
        facts, observer = self.pictures.facts, self.observer
        experiment, loss = facts.experiment, observer.losses.all.last()
        return RankFacts(
            update=observer.tick,
            rows=experiment.rows if facts.fed else 0,
            length=experiment.length,
            loss=math.nan if loss is None else loss,
            device=facts.device,
            is_held=self.control.held,
        )

    # ---- in the thread that trains ----------------------------------------------------------------------------

    def hold_at_the_end(self, code: int, problem: str) -> None:
        """Show the last picture of a script that has ended, as long as anybody looks."""
        self.control.release()
        self.pictures.end(code, problem)
        self.pictures.is_new = True
        while self._attended and not self.control.closing:
            self._show()
            self.control.sleep()

    def _moment(self) -> None:
        """Make pictures, and hold the script if that is wanted. Weights, gradients and losses belong together now."""
        observer, pictures, now = self.observer, self.pictures, time.perf_counter()
        pictures.count_pass(now)
        is_looked_at = self._attended or pictures.is_asked
        if not (is_looked_at or observer.armed or self.control.acts):  # of a small network, a thousand times a second
            observer.wanted = self._is_due = observer.wanted or pictures.is_due(now) or self._glances(now)
            if now >= self._settles:
                self._settles = now + _SETTLED
                observer.losses.settle()
            return
        observer.losses.settle()
        if self.control.needs_losses:
            observer.losses.drain()
        norm = observer.gradient_norm(pictures.network) if self.control.needs_gradients else None
        self.control.count_pass(observer.tick, observer.losses_of(pictures.network), norm)
        is_there, is_back = self._is_there(), pictures.back.at is not None
        is_due = self._is_due or self.control.holds or (not is_back and self._is_wanted(now))
        pictures.is_new = observer.armed and is_there and is_due
        if pictures.is_new:
            pictures.look()
            pictures.preparation = time.perf_counter() - now
            self._keep(now)
        if pictures.is_new or (is_back and pictures.is_asked and now >= self._may_capture):
            self._show()
            cost = time.perf_counter() - now + observer.last_update.take_cost()
            self._may_capture = time.perf_counter() + max(_FASTEST, cost / _SHARE - cost)
        missed = observer.armed and not is_there
        if not is_back and (self._is_wanted(now) or (missed and pictures.is_asked)):
            observer.wanted = True
        if pictures.is_due(now):
            observer.wanted = True
        if self.control.holds and is_there:
            self._hold()
        elif self.control.holds:  # nothing was captured of this pass that could be shown: the next one is held
            observer.wanted = True
        else:
            self.control.keep_pace()
        pictures.is_new = False
        pictures.forget()
        self._is_due = observer.wanted
        if self.control.needs_losses:  # the very pass at which a breakpoint holds is to be seen
            observer.wanted = True
        if self._attended and pictures.seconds_a_pass > _SLOW:  # then it need not be the next one that is shown
            observer.wanted = True

    def _glances(self, now: float) -> bool:
        """Tell whether a pass is taken apart for the figures of this rank, which a view of another one shows."""
        clock = self.observer.clock
        if clock is None or not clock.wanted or now < self._glance:
            return False
        self._glance = now + _GLANCE
        return True

    def _is_wanted(self, now: float) -> bool:
        """Tell whether a view waits for a picture, and may have one."""
        if not self.pictures.is_asked or now < self._may_capture:
            return False
        with self.lock:
            return self.is_awaited()

    def _is_there(self) -> bool:
        """Tell whether this pass is one to show: its gradient went through the network that is looked at.

        Other networks of the script may be trained in between, so some passes are waited for.
        """
        network, observer = self.pictures.network, self.observer
        if not observer.armed:
            return network is None
        self._missed = 0 if network is None or observer.reaches(network) else self._missed + 1
        return not self._missed or self._missed > _PATIENCE

    def _keep(self, began: float) -> None:
        """Keep the pass that is over, if it is time for that; it took until now since it was over."""
        now = time.perf_counter()
        with self.lock:
            if self.pictures.keep(now):
                self.pictures.back.spent(time.perf_counter() - now, time.perf_counter() - began)

    def _hold(self) -> None:
        """Hold the script, and show the pass that is over as often as views ask."""
        self.pictures.revision += 1
        while self.control.holds:
            if self.pictures.is_another:
                self.pictures.look()
                self.pictures.revision += 1
            self._show()
            self.control.sleep()
        self.pictures.revision += 1
        self.observer.wanted = True

    def _show(self) -> None:
        with self.lock:
            self.pictures.may_show = True
            try:
                self.show()
            finally:
                self.pictures.may_show = False

    def _failed(self, error: Exception) -> None:
        """End the watching after an error of our own: the script goes on."""
        _log.error("the watch has ended itself", exc_info=error)
        self.tell(Refused(problem=f"The watch has ended itself: {one_line(error)}"))
        self.close()
