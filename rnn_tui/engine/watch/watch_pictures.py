"""Frames of a script that is watched, and its description."""

from collections.abc import Sequence

import torch
from msgspec.structs import replace

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.description import Description, PassFacts
from rnn_tui.engine.watch.look_back import LookBack, kept_update
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.on_screen import OnScreen
from rnn_tui.engine.watch.pace import Pace
from rnn_tui.engine.watch.pass_reader import PassReader
from rnn_tui.engine.watch.ranks import others_wait
from rnn_tui.engine.watch.watched_curves import WatchedCurves
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.frame import Failure, Status
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import name_of, name_of_answer
from rnn_tui.protocol.subject import Ability, Subject

__all__ = ["WatchPictures"]

_MOST_MADE = 32  # pictures of one kept update
_TOO_LATE = "The script has ended, and this had not been looked at before."


class WatchPictures:
    """Makes pictures of the pass that has just been captured, and of nothing older: its weights have moved since."""

    def __init__(
        self,
        observer: Observer,
        control: Control,
        *,
        name: str,
        script: str,
        words: Sequence[str],
        can: tuple[Ability, ...],
        history: int = 0,
    ) -> None:
        """Begin with nothing; `history`: bytes for updates to look back at."""
        self.revision = 0
        self.description = 1
        self.chosen = 0  # the number of the network that is shown
        self.exit_code: int | None = None  # of a script that has ended
        self.problem = ""  # how it has ended, in a line
        self.may_show = False  # whether pictures are made now, by the thread that trains
        self.is_new = False  # whether a pass is there whose weights have not moved, or the script has ended
        self.is_asked = False  # whether a view waits for a frame
        self.preparation = 0.0  # seconds that were spent on the newest pass to show it
        self.back = LookBack(history)
        self._looked_at = 0  # the number of the network that `look` has taken
        self._observer = observer
        self._control = control
        self._script = script
        self._description = Description(observer, control, self.back, name=name, script=script, words=words, can=can)
        self._passes = PassReader(observer, script=script, words=self._description.words)
        self._guard = Guard()
        self._curves = WatchedCurves(observer, self._guard)
        self._gpu = GpuWatch()
        self._on_screen = OnScreen(PassFacts.before_any(script, name))
        self._of_past: dict[Wanted, Frame] = {}  # pictures of the kept update on the screen
        self._last: Frame | None = None  # the newest that was made
        self._described: object = None
        self._shown: WatchedNetwork | None = None
        self._pace = Pace()

    # ---- called by the host -----------------------------------------------------------------------------------

    @property
    def network(self) -> WatchedNetwork | None:
        """The recurrent network that is shown."""
        every = self._observer.networks.all
        if every:
            self._shown = every[min(self.chosen, len(every) - 1)]
        elif self.exit_code is None:
            return None
        return self._shown  # of a script that has ended the last one: its models are gone

    def choose(self, number: int) -> None:
        """Show another network; where it is not in the kept update on the screen, the nearest in which it is."""
        self.chosen = number
        at = self.back.at
        if at is not None and at.of(self.network) is None:
            try:
                self.back.go_to(at.ticks, self._observer.tick, self.network)
            except HistoryError:
                self.back.at = None

    def count_pass(self, now: float) -> None:
        """Note that a pass is over."""
        self._pace.count(now)
        self.revision += 1

    def stands_among(self, folder: str, rank: int) -> None:
        """Describe the script as one of several ranks, whose notes are in a folder."""
        self._description.ranks, self._description.rank = folder, rank

    @property
    def facts(self) -> PassFacts:
        """What is known of the pass that is shown."""
        return self._on_screen.facts

    @property
    def subject(self) -> Subject:
        """The script, as it is described to a view."""
        return self._description.subject(self._on_screen.facts, self.network)

    @property
    def seconds_a_pass(self) -> float:
        """How long the newest pass took; 0: unknown."""
        return self._pace.seconds_a_pass

    @property
    def is_another(self) -> bool:
        """Whether another network has been chosen since the last look."""
        return self.chosen != self._looked_at

    def look(self) -> None:
        """Take what was captured of the pass that is over as the one to show; describe it where it is another kind."""
        observer, network = self._observer, self.network
        self._looked_at = self.chosen
        observer.losses.drain()
        observed = None
        if network is not None:
            observed = self._guard.make("steps", lambda: self._passes.read(network), None)
        if network is not None and observed is not None:
            self._passes.note(network, observed)
        self._on_screen.newest = network, observed
        if self.back.at is None:
            self._on_screen.adopt(network, observed, self._passes.rate_of(network))
            self._describe()

    def forget(self) -> None:
        """Let go of a pass whose weights are about to move."""
        self._on_screen.forget()

    def is_due(self, now: float) -> bool:
        """Tell whether the next pass is captured to be kept, though nobody looks: not from a GPU, which would wait."""
        return self._on_screen.facts.device == "cpu" and bool(self._observer.networks.known) and self.back.is_due(now)

    def keep(self, now: float) -> bool:
        """Keep the pass that is over, to look back at it, if it is time for that; return whether it was kept."""
        if not self.back.wants(self._observer.tick, now):
            return False
        passes = self._passes.read_all(first=self._on_screen.newest)
        if not passes:
            return False
        observer = self._observer
        update = kept_update(
            passes,
            observer.tick,
            largest=self.back.largest if self.back.may_be_too_large else None,
            loss_of=lambda network: observer.losses_of(network).last(),
            rate_of=self._passes.rate_of,
        )
        if isinstance(update, int):
            self.back.give_up(update)
            self._describe()
            return False
        self.back.keep(update)
        return True

    def end(self, code: int, problem: str) -> None:
        """Keep the last picture of a script that has ended, and say how that was."""
        self.exit_code, self.problem = code, problem
        self._observer.losses.drain()
        self.forget()
        self.revision += 1
        self.description += 1

    # ---- pictures ---------------------------------------------------------------------------------------------

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether this is a moment to show something new; what cannot be shown now is captured soon."""
        del asked
        self.is_asked = True
        if self.may_show and (self.is_new or self.back.at is not None):
            return look.seen != self.revision
        if look.seen < 0:
            self._observer.wanted = True
        return False

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state, as far as it is wanted; of a script that has ended the last that was looked at."""
        self.is_asked = False
        newest, _ = self._on_screen.newest
        if self._on_screen.go_to(self.back.at, self.network, self._passes.rate_of(newest)):
            self._of_past.clear()
            self._describe()
        if self._on_screen.update is not None:
            return self._past(wanted)
        if self.exit_code is not None and self._last is not None:
            return self._again(self._last, wanted)
        self._last = self._frame(wanted)
        return self._last

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description, unless the view knows it already."""
        if look.opened == self.description:
            return None
        has_words = look.opened >= 0
        return self._description.opened(self._on_screen.facts, self.network, run=self.description, has_words=has_words)

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where the script is, for a client that does not look at it."""
        return self._description.whereabouts(self._on_screen.facts, self.network, self._status(), views=views)

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
        return self._guard.take_failures()

    # ---- how --------------------------------------------------------------------------------------------------

    def _past(self, wanted: Wanted) -> Frame:
        """Return a frame of a kept update; what does not change is made once."""
        made = self._of_past.get(wanted)
        if made is None:
            if len(self._of_past) >= _MOST_MADE:
                self._of_past.clear()
            made = self._frame(wanted)
            if not made.failures:
                self._of_past[wanted] = made
            return made
        curves = self._curves.told(self.network, wanted.curve, rate=None)
        failures = self._guard.take_failures()
        return replace(made, revision=self.revision, status=self._status(), **curves, failures=failures)

    def _frame(self, wanted: Wanted) -> Frame:
        make, probe = self._guard.make, self._on_screen.probe
        facts, is_past = self._on_screen.facts, self._on_screen.update is not None
        rate = facts.rate.lr if self.is_new and not is_past and self.exit_code is None else None
        return Frame(
            request=0,
            revision=self.revision,
            status=self._status(),
            steps=make("steps", lambda: probe.steps(wanted) if probe and wanted.count else None, None),
            states=make("states", lambda: probe.states(wanted) if probe and wanted.count and wanted.units else (), ()),
            **self._curves.told(self.network, wanted.curve, rate=rate),
            tensors=make("tensors", lambda: probe.tensors(wanted) if probe else (), ()),
            inside=make("inside", lambda: probe.inside(wanted, self._guard) if probe else (), ()),
            failures=self._guard.take_failures(),  # the last to be evaluated
        )

    def _again(self, last: Frame, wanted: Wanted) -> Frame:
        """Return the last frame with what is known of the end. Its weights have moved: nothing is computed again."""
        had = {name_of_answer(type(each)) for each in last.inside}
        missing = [name for each in wanted.inside if (name := name_of(each)) not in had]
        then, curves = last.status, self._curves.told(self.network, wanted.curve, rate=None)
        return replace(
            last,
            revision=self.revision,
            status=replace(self._status(), tick=then.tick, fed=then.fed, loss=then.loss),
            **curves,
            failures=self._guard.take_failures() + tuple(Failure(part=each, problem=_TOO_LATE) for each in missing),
        )

    def _describe(self) -> None:
        """Count a new description where what it says has changed."""
        networks = self._observer.networks
        facts = self._on_screen.facts.described, networks.revision, self.chosen, self.back.problem
        if facts != self._described:
            self._described = facts
            self.description += 1
            self._description.note(self._on_screen.facts, self.network)

    def _status(self) -> Status:
        observer, control = self._observer, self._control
        has_ended = self.exit_code is not None
        past, kept = self._on_screen.update, self._on_screen.kept
        tick = observer.tick if past is None else past.ticks
        loss = observer.losses_of(self.network).last() if past is None else None if kept is None else kept.loss
        return Status(
            tick=tick,
            newest=observer.tick,
            branch="main",
            branches=1,
            epochs=0,
            epoch=tick,
            fed=self._on_screen.facts.fed,
            loss=loss,
            running_loss=None,
            state="done" if has_ended else "paused" if control.held else "playing",
            speed=control.speed,
            ticks_per_second=0.0 if has_ended or control.held else self._pace.passes_a_second,
            lr=self._on_screen.facts.rate.lr,
            lr_groups=self._on_screen.facts.rate.groups,
            gpu=self._gpu.load(torch.device(self._on_screen.facts.device)),
            notice=self.problem or " ".join(filter(None, (control.notice, others_wait() if control.held else ""))),
            exit_code=self.exit_code,
        )
