"""Pictures take a quarter of the time at most while something trains; equal wishes share one frame; keys come first."""

import math
from typing import Any

import pytest

from rnn_tui.engine.host import gallery
from rnn_tui.engine.host.budget import Budget
from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.gallery import Gallery, View
from rnn_tui.protocol.commands import Open, Play
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from tests.engine.answers.test_guard import CHARACTERS
from tests.engine.driven import Driven
from tests.engine.scripts import Scripted

_COST = 0.02  # seconds that a frame takes, on the clock of these tests
_TICK = 0.005


class Clock:
    """Time that passes when a tick is done or a frame is made, and only then."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pictures = 0.0

    def __call__(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        return self.now


class Hall:
    """A driver that plays, its gallery, and views of which the first has the controls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *views: Wanted, cost: float = _COST) -> None:
        self.clock = Clock()
        self.drawing = 0.0  # seconds that the views say they take
        self.frames: list[tuple[View, Frame]] = []
        self.made = 0
        self.driver = Driven()
        obey(self.driver, Open(experiment=CHARACTERS))
        made = self.driver.frames.frame

        def frame(wanted: Wanted) -> Frame:
            self.made += 1
            self.clock.now += cost
            self.clock.pictures += cost
            return made(wanted)

        monkeypatch.setattr(self.driver.frames, "frame", frame)
        monkeypatch.setattr(gallery, "time", self.clock)
        self.views = [View(Scripted(), wanted=each) for each in views]
        self.gallery = Gallery(self.driver, self.driver.frames, self._send)
        for each in (self.gallery._driving, self.gallery._watching):
            each._clock = self.clock
            each._earned_at = self.clock.now

    def _send(self, connection: Any, frame: Frame) -> None:
        self.frames.append((next(each for each in self.views if each.connection is connection), frame))

    def turn(self) -> None:
        """A tick, and pictures for all who ask at once for the next when they have theirs."""
        self.driver.turn()
        self.clock.now += _TICK
        for view in self.views:
            if view.look is None:
                view.look, view.asked = (
                    FrameRequest(number=1, wanted=view.wanted, seen=self.driver.revision - 1, drawing=self.drawing),
                    self.clock.now,
                )
        self.gallery.show(self.views, self.views[0])

    def run(self, seconds: float) -> float:
        """The share of the time that pictures took."""
        began, before = self.clock.now, self.clock.pictures
        while self.clock.now < began + seconds:
            self.turn()
        return (self.clock.pictures - before) / (self.clock.now - began)

    def shown(self, view: int) -> int:
        return sum(1 for each, _ in self.frames if each is self.views[view])


def test_pictures_take_less_than_a_quarter_of_the_time_whoever_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wants something else: a tenth is for those that watch, about a twenty-fifth for the one that drives."""
    hall = Hall(monkeypatch, *(Wanted(count=6, row=number) for number in range(30)))
    assert hall.run(8) == pytest.approx(0.15, abs=0.03)
    assert hall.shown(0) >= 18
    assert min(map(hall.shown, range(30))) > 0


@pytest.mark.parametrize(("cost", "share", "a_second"), [(0.002, 0.04, 20), (0.04, 0.09, 2.2), (0.4, 0.25, 0.6)])
@pytest.mark.sampled(1)
def test_pictures_that_no_key_asks_for_take_a_twenty_fifth_or_come_often_enough_or_take_a_quarter(
    cost: float, share: float, a_second: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Hall(monkeypatch, Wanted(count=6), cost=cost)
    assert hall.run(20) == pytest.approx(share, abs=0.02)
    assert hall.shown(0) / 20 == pytest.approx(a_second, rel=0.2)


def test_what_was_done_before_a_frame_was_made_counts_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, Wanted(count=6), cost=0.002)
    monkeypatch.setattr(hall.driver.frames, "preparation", 0.003)
    assert hall.run(20) == pytest.approx(0.04 * 2 / 5, rel=0.2)


@pytest.mark.parametrize(
    ("fills", "tries", "share"), [(False, False, 0.04), (True, False, 0.005), (False, True, 0.005)]
)  # of the engine's time
@pytest.mark.sampled(1)
def test_where_training_fills_all_cores_or_would_drawing_counts_as_well(
    fills: bool, tries: bool, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame of 2 ms, and 18 ms in the view to draw it."""
    hall = Hall(monkeypatch, Wanted(count=6), cost=0.002)
    monkeypatch.setattr("rnn_tui.engine.host.driver.fills_cores", lambda: fills)
    monkeypatch.setattr(type(hall.driver.session), "tries_threads", tries)
    hall.drawing = 0.018
    assert hall.run(20) == pytest.approx(share, rel=0.2)


@pytest.mark.parametrize("seconds", [1e9, math.inf, math.nan])
def test_nonsense_about_drawing_holds_nothing_up_and_wins_nothing(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = Hall(monkeypatch, Wanted(count=6), cost=0.002)
    monkeypatch.setattr("rnn_tui.engine.host.driver.fills_cores", lambda: True)
    hall.drawing = seconds
    assert 0 < hall.run(8) <= 0.05


def test_one_waits_for_its_own_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that watch are in debt, the one that drives is not; it is the time of the first that is there."""
    hall = Hall(monkeypatch, Wanted(count=6), Wanted(count=5))
    driver, watcher = hall.views
    hall.turn()
    hall.gallery._watching.spend(hall.gallery._watching.left + 0.2)
    waits = []
    for asking in ([watcher], [driver], [driver, watcher]):
        for view in hall.views:
            view.look = FrameRequest(number=2, wanted=view.wanted, seen=-1) if view in asking else None
        waits.append(hall.gallery.wait(hall.views, driver))
    assert waits == [pytest.approx(0.2 / 0.1), 0.0, 0.0]
    driver.look = watcher.look = None
    assert hall.gallery.wait(hall.views, driver) is None


def test_frames_for_others_are_bounded_however_many_ways_there_are_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is held has one revision for hours, while the time cursor moves."""
    hall = Hall(monkeypatch, Wanted(count=6))
    obey(hall.driver, Play(on=False))
    for number in range(100):
        hall.views[0].ask(FrameRequest(number=number, wanted=Wanted(count=6, forecast=number)))
        hall.gallery.show(hall.views, hall.views[0])
    assert hall.made == 100
    assert len(hall.gallery._made) <= 32
    hall.views[0].ask(FrameRequest(number=100, wanted=Wanted(count=6, forecast=99)))
    hall.gallery.show(hall.views, hall.views[0])
    assert hall.made == 100  # the newest are still there


def test_who_wants_the_same_shares_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, *[Wanted(count=6)] * 30)
    obey(hall.driver, Play(on=False))
    for view in hall.views:
        view.ask(FrameRequest(number=3, wanted=view.wanted))
    hall.gallery.show(hall.views, hall.views[0])
    assert hall.made == 1
    assert [frame.controls for _, frame in hall.frames] == [True] + 29 * [False]
    assert {(frame.request, frame.views, frame.opened is not None) for _, frame in hall.frames} == {(3, 30, True)}


def test_a_frame_with_a_failure_is_not_shown_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, Wanted(count=6))
    obey(hall.driver, Play(on=False))
    with monkeypatch.context() as patch:
        patch.setattr("rnn_tui.engine.answers.probe.Probe.steps", lambda *_: 1 / 0)
        hall.views[0].ask(FrameRequest(number=1, wanted=Wanted(count=6)))
        hall.gallery.show(hall.views, hall.views[0])
    hall.views[0].ask(FrameRequest(number=2, wanted=Wanted(count=6)))
    hall.gallery.show(hall.views, hall.views[0])
    assert [bool(frame.failures) for _, frame in hall.frames] == [True, False]


def test_a_key_is_answered_at_once_on_credit_and_who_watches_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, Wanted(count=6), Wanted(count=6, row=1))
    hall.run(1)
    for number in range(20):  # a key every few ticks: none waits, though nothing is left
        hall.views[0].ask(FrameRequest(number=number, wanted=Wanted(count=6, first=number % 2)))
        hall.driver.turn()
        hall.gallery.show(hall.views, hall.views[0])
        assert hall.views[0].look is None
    watching = hall.shown(1)
    hall.views[1].ask(FrameRequest(number=1, wanted=Wanted(count=6, row=2)))
    hall.gallery._watching.spend(1.0)
    hall.gallery.show(hall.views, hall.views[0])
    assert hall.shown(1) == watching


def test_it_is_known_beforehand_whether_somebody_may_have_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, Wanted())
    show, known = hall.gallery.show, list[bool]()

    def checked(views: Any, holder: Any) -> None:
        known.append(hall.gallery.is_awaited(views, holder))
        before = len(hall.frames)
        show(views, holder)
        assert known[-1] == (len(hall.frames) > before)

    monkeypatch.setattr(hall.gallery, "show", checked)
    for _ in range(300):
        hall.turn()
    assert {*known} == {True, False}


def test_while_nothing_trains_there_is_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(monkeypatch, Wanted(count=6), Wanted(count=6, row=1))
    obey(hall.driver, Play(on=False))
    for number in range(100):
        for view in hall.views:
            view.ask(FrameRequest(number=number, wanted=view.wanted))
        hall.gallery.show(hall.views, hall.views[0])
    assert len(hall.frames) == 200


def test_a_tick_that_is_not_due_yet_leaves_time_for_who_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a pace that an eye can follow nothing is taken from training."""
    hall = Hall(monkeypatch, Wanted(count=6))
    monkeypatch.setattr(hall.driver, "patience", lambda: 0.2)
    for _ in range(100):
        hall.turn()
    assert hall.shown(0) == 100


def test_updates_are_kept_for_whichever_view_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from rnn_tui.protocol.inspect.weights import WeightsAsk

    hall = Hall(monkeypatch, Wanted(inside=(WeightsAsk(kind="update"),)), Wanted(count=6))
    obey(hall.driver, Play(on=False))
    assert hall.driver.session is not None
    for view in hall.views:
        view.ask(FrameRequest(number=1, wanted=view.wanted))
    hall.gallery.show(hall.views, hall.views[0])
    assert hall.driver.session.trainer.keeps_update


def test_a_budget_earns_its_share_and_saves_little() -> None:
    clock = Clock()
    it = Budget(0.25, most=0.1, clock=clock)
    it.spend(0.35)
    assert it.left == pytest.approx(-0.25)
    assert it.wait() == pytest.approx(1.0)
    clock.now += 1.0
    assert it.left == pytest.approx(0.0)
    clock.now += 1000
    assert it.left == pytest.approx(0.1)
    assert it.wait() == 0
