"""Shows the training of this process: the host of a server that runs in a thread of it.

Pictures are made by the thread that trains, right after a backward and before any weight moves, or while it is held
there. The server's thread hears the views, and sets what the training thread looks at.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from msgspec.structs import replace
from torch import nn
from torch.optim import Optimizer

from rnn_tui.engine.answers.guard import Guard, one_line
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch, describe_hits
from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.watched_pass import WatchedPass, watched_pass
from rnn_tui.experiment.spec import Data, Experiment, RunOptions, Training
from rnn_tui.protocol.commands import Command, Interrupt, Play, SelectNetwork, SetBreakpoints, SetSpeed, Step
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.frame import Failure, Status
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import Ask, name_of, name_of_answer
from rnn_tui.protocol.subject import Ability, Subject

__all__ = ["WatchHost"]

_log = logging.getLogger(__name__)
_FASTEST = 0.05  # seconds between two captured passes, where no key asks
_SHARE = 0.2  # of the time, for capturing and making pictures
_LONGEST_NAP = 0.2  # seconds that a held script sleeps until it looks around again
_TOO_LATE = "The script has ended, and this had not been looked at before."
_ABILITIES: tuple[Ability, ...] = ("hold", "step", "speed", "breakpoints")


class WatchHost:
    """Host and pictures of one process, for one server."""

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
        has_log: bool = False,
    ) -> None:
        self.observer = Observer(model, optimizer, moment=self._moment, failed=self._failed)
        self.tell: Callable[[Refused], None] = lambda _: None
        self.show: Callable[[], None] = lambda: None  # answers the views that wait; set by the watcher
        self.lock: contextlib.AbstractContextManager[object] = contextlib.nullcontext()  # of the server
        self._attended = False
        self.revision = 0
        self.description = 1
        self.exit_code: int | None = None  # of a script that has ended
        self.closing = False
        self._name = name
        self._script = script
        self._words = tuple(words)
        self._can: tuple[Ability, ...] = (*(() if read_only else _ABILITIES), *(("log",) if has_log else ()))
        self._is_controlled = not read_only
        self._held = held and not read_only
        self._steps = 0  # passes that a held script may do
        self._speed = 0.0  # passes a second; 0: as fast as it can
        self._until = BreakpointWatch()
        self._texts: tuple[str, ...] = ()  # of the breakpoints
        self._notice = ""
        self._chosen = 0
        self._last: Frame | None = None  # the newest that was made
        self._guard = Guard()
        self._gpu = GpuWatch()
        self._woken = threading.Condition()
        self._in_moment = False
        self._observed: WatchedPass | None = None  # the one that is shown
        self._probe: Probe | None = None
        self._experiment = Experiment(
            name=name, data=Data(inputs=(), text=script, vocabulary="\ue000"), training=Training(), run=RunOptions()
        )
        self._described: object = None
        self._networks_seen = -1
        self._asked = False  # a view waits for a frame
        self._may_capture = 0.0  # when the next pass may be captured
        self._last_pass = 0.0
        self._rate: list[float] = []  # when the newest passes were over

    # ---- host: what is known ----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name by which the run is found."""
        return self._name

    @property
    def kept(self) -> str:
        """Nowhere: what is kept of a script is up to the script."""
        return ""

    @property
    def is_open(self) -> bool:
        """Always: the script is there."""
        return True

    @property
    def is_done(self) -> bool:
        """Whether the script has ended."""
        return self.exit_code is not None

    @property
    def goes_on_alone(self) -> bool:
        """Whether the script is there still."""
        return not self.closing

    @property
    def attended(self) -> bool:
        """Whether anybody looks. Where nobody does any more, a held script goes on."""
        return self._attended

    @attended.setter
    def attended(self, on: bool) -> None:
        if self._attended and not on:
            self._held = False
            self.wake()
        self._attended = on

    @property
    def is_worth_keeping(self) -> bool:
        """Never: the script keeps what it wants to keep."""
        return False

    @property
    def playing(self) -> bool:
        """Whether the script goes on by itself."""
        return not self._held and not self.is_done

    @property
    def busy(self) -> bool:
        """Whether training must be protected from pictures."""
        return self.playing

    @property
    def fills_cores(self) -> bool:
        """Unknown, and so no."""
        return False

    def patience(self) -> float | None:
        """Wait for commands: the training thread does its work meanwhile."""
        return None if not self.closing else 0.0

    # ---- host: what is done -----------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do nothing: the script does."""

    def obey(self, command: Command) -> None:
        """Carry out a command. What a script cannot do is refused by the view already, and ignored here."""
        match command:
            case SelectNetwork(number=number):
                self._chosen = number
            case _ if not self._is_controlled:
                return
            case Interrupt():
                self._interrupt()
            case Play(on=on):
                self._held, self._steps = not on, 0
                self._notice = ""
            case Step():
                self._held, self._notice = True, ""
                self._steps = 1
            case SetSpeed(speed=speed):
                self._speed = speed
            case SetBreakpoints(until=until):
                self._until, self._texts = BreakpointWatch(until), until
        self.revision += 1
        self.observer.wanted = True
        self.wake()

    def pause(self) -> None:
        """Hold the script, if it may be held."""
        if self._is_controlled:
            self._held = True

    def keep(self) -> str:
        """Say that nothing is kept."""
        return "what a watched script learns is kept by the script itself"

    def keep_updates(self, asks: Sequence[Ask]) -> None:
        """Do nothing yet: updates are not kept."""

    def stop(self) -> None:
        """End the script, as `kill` does."""
        os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        """End the watching: the script goes on alone."""
        self.closing = True
        self.wake()

    def wake(self) -> None:
        """Wake the training thread, if it is held."""
        with self._woken:
            self._woken.notify_all()

    def _interrupt(self) -> None:
        """Interrupt the script as Ctrl+C does; one that is held hears of it at once."""
        self._held = False
        os.kill(os.getpid(), signal.SIGINT)

    # ---- pictures ---------------------------------------------------------------------------------------------

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether this is a moment to show something new; what cannot be shown now is captured soon."""
        del asked
        self._asked = True
        if self._in_moment:
            return look.seen != self.revision
        if look.seen < 0:
            self.observer.wanted = True
        return False

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state, as far as it is wanted; of a script that has ended the last that was looked at."""
        if self.is_done and self._last is not None:
            return self._again(self._last, wanted)
        self._last = self._frame(wanted)
        return self._last

    def _again(self, last: Frame, wanted: Wanted) -> Frame:
        """Return the last frame with what is known of the end. Its weights have moved: nothing is computed again."""
        had = {name_of_answer(type(each)) for each in last.inside}
        missing = [name for each in wanted.inside if (name := name_of(each)) not in had]
        return replace(
            last,
            revision=self.revision,
            status=replace(self._bare_status(), tick=last.status.tick, fed=last.status.fed, loss=last.status.loss),
            failures=tuple(Failure(part=each, problem=_TOO_LATE) for each in missing),
        )

    def _frame(self, wanted: Wanted) -> Frame:
        self._asked = False
        make, probe, observer = self._guard.make, self._probe, self.observer
        network, curve = self._network, wanted.curve
        losses = observer.losses(network)
        return Frame(
            request=0,
            revision=self.revision,
            status=make("status", self._status, self._bare_status()),
            steps=make("steps", lambda: probe.steps(wanted) if probe and wanted.count else None, None),
            states=make("states", lambda: probe.states(wanted) if probe and wanted.count and wanted.units else (), ()),
            curve=make("curve", lambda: losses.envelope(curve.columns, log_x=curve.log_x) if curve else None, None),
            held_out=make("held_out", lambda: observer.evaluations.told(curve.columns) if curve else None, None),
            tensors=make("tensors", lambda: probe.tensors(wanted) if probe else (), ()),
            inside=make("inside", lambda: probe.inside(wanted, self._guard) if probe else (), ()),
            failures=self._guard.take_failures(),
        )

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description, unless the view knows it already."""
        if look.opened == self.description:
            return None
        observed = self._observed
        weights = 0 if observed is None else sum(weight.numel() for weight in observed.model.parameters())
        return Opened(
            run=self.description,
            name=self._name,
            experiment=self._experiment,
            began=self._experiment,
            weights=weights,
            device="cpu" if observed is None else str(observed.device),
            torch=str(torch.__version__),
            subject=self._subject(),
        )

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where the script is, for a client that does not look at it."""
        return Whereabouts(
            name=self._name,
            experiment=self._experiment,
            status=self._bare_status(),
            device="" if self._observed is None else str(self._observed.device),
            views=views,
            process=os.getpid(),
        )

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
        return self._guard.take_failures()

    # ---- in the thread that trains ----------------------------------------------------------------------------

    def _moment(self) -> None:
        """Make pictures, and hold the script if that is wanted. Weights, gradients and losses belong together now."""
        now = time.perf_counter()
        self._rate = [*self._rate[-63:], now]
        self.revision += 1
        self._look_at_breakpoints()
        if self._steps:
            self._steps -= 1
        fresh = self.observer.capture is not None or not self.observer.networks.all
        if self.observer.armed and fresh:
            self._look()
            with self._as_a_moment():
                self.show()
            cost = time.perf_counter() - now
            self._may_capture = time.perf_counter() + max(_FASTEST, cost / _SHARE - cost)
        if self._asked and now >= self._may_capture:
            self.observer.wanted = True
        if self._held and not self._steps:
            if fresh:
                self._hold()
            else:  # nothing was captured of this pass that could be shown: the next one is held
                self.observer.wanted = True
        elif self._speed > 0:
            self._nap(self._last_pass + 1 / self._speed - time.perf_counter())
        self._last_pass = time.perf_counter()

    def hold_at_the_end(self, code: int, problem: str) -> None:
        """Show the last picture of a script that has ended, as long as anybody looks."""
        self.exit_code, self._notice = code, problem
        self._held = False
        self.revision += 1
        self.description += 1
        self.observer.drain()
        self._observed = self._probe = None  # its weights have moved since
        while self._attended and not self.closing:
            with self._as_a_moment():
                self.show()
            self._sleep(_LONGEST_NAP)

    def _hold(self) -> None:
        """Hold the script, whose pass has been captured, and show it as often as views ask."""
        self.revision += 1
        self.observer.wanted = True
        while self._held and not self._steps and not self.closing:
            with self._as_a_moment():
                self.show()
            self._sleep(_LONGEST_NAP)
        self.revision += 1

    def _nap(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while not self._held and not self.closing and self._speed and (left := until - time.perf_counter()) > 0:
            self._sleep(min(left, _LONGEST_NAP))

    def _sleep(self, seconds: float) -> None:
        with self._woken:
            self._woken.wait(seconds)

    @contextlib.contextmanager
    def _as_a_moment(self) -> Iterator[None]:
        with self.lock:
            self._in_moment = True
            try:
                yield
            finally:
                self._in_moment = False

    def _look(self) -> None:
        """Make a pass to look at of what was captured, and describe it anew where it is another one."""
        observer, network, capture = self.observer, self._network, self.observer.capture
        observer.drain()
        observed = None
        if network is not None and capture is not None:
            observed = self._guard.make(
                "steps",
                lambda: watched_pass(
                    network, capture, name=self._script, lr=observer.lr, optimizer=observer.optimizer.lower()
                ),
                None,
            )
        if observed is not None:
            self._observed, self._probe = observed, Probe(observed)
            self._experiment = observed.experiment
        facts = (self._experiment, observer.networks.revision, self._chosen, observer.optimizer)
        if facts != self._described:
            self._described = facts
            self.description += 1

    def _look_at_breakpoints(self) -> None:
        if not self._texts or not self._is_controlled:
            return
        self.observer.drain()
        losses = self.observer.losses(self._network)
        loss, before = losses.last(), losses.at(len(losses) - 2)
        hits = self._until.at_tick(self.observer.tick, None)
        hits += [] if loss is None else self._until.at_update(before, loss, learnt=False)
        if hits:
            self._held = True
            self._notice = f"Held at update {self.observer.tick:,}: {describe_hits(hits)}."

    def _failed(self, error: Exception) -> None:
        """End the watching after an error of our own: the script goes on."""
        _log.error("the watch has ended itself", exc_info=error)
        self.tell(Refused(problem=f"The watch has ended itself: {one_line(error)}"))
        self.close()

    # ---- how --------------------------------------------------------------------------------------------------

    @property
    def _network(self) -> WatchedNetwork | None:
        every = self.observer.networks.all
        return every[min(self._chosen, len(every) - 1)] if every else None

    def _subject(self) -> Subject:
        every = self.observer.networks.all
        network = self._network
        notes = [] if every else ["No recurrent network has been called yet: only the loss can be shown."]
        return Subject(
            script=self._script,
            networks=tuple(each.name for each in every),
            network=every.index(network) if network is not None else 0,
            network_facts="" if network is None else network.facts,
            optimizer=self.observer.optimizer,
            words=self._words,
            reads="tokens" if self._observed is None or self._observed.reads_tokens else "numbers",
            can=self._can,
            notes=tuple(notes),
        )

    def _status(self) -> Status:
        observed = self._observed
        load = None if observed is None else self._gpu.load(observed.device)
        return Status(
            tick=self.observer.tick,
            newest=self.observer.tick,
            branch="main",
            branches=1,
            epochs=0,
            epoch=self.observer.tick,
            fed=0 if observed is None else observed.fed,
            loss=self.observer.losses(self._network).last(),
            running_loss=None,
            state="done" if self.is_done else "paused" if self._held else "playing",
            speed=self._speed,
            ticks_per_second=self._per_second() if self.playing else 0.0,
            lr=self.observer.lr,
            gpu=load,
            notice=self._notice,
            exit_code=self.exit_code,
        )

    def _bare_status(self) -> Status:
        return Status(
            tick=self.observer.tick,
            newest=self.observer.tick,
            branch="main",
            branches=1,
            epochs=0,
            epoch=self.observer.tick,
            fed=0,
            loss=self.observer.loss,
            running_loss=None,
            state="done" if self.is_done else "paused" if self._held else "playing",
            speed=self._speed,
            ticks_per_second=0.0,
            lr=self.observer.lr,
            notice=self._notice,
            exit_code=self.exit_code,
        )

    def _per_second(self) -> float:
        seconds = self._rate[-1] - self._rate[0] if len(self._rate) > 1 else 0.0
        return (len(self._rate) - 1) / seconds if seconds > 0 else 0.0
