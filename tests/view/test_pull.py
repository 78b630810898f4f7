"""When the view asks, and for what: with a clock of our own, and an engine in three lines."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import Curve
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.view.model.frame_requests import FrameRequests
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import running, settled, text_of, until

WANTED = Wanted(count=6, top=3, units=5, layers=(0, 1))
CURVE = CurveWanted(columns=40)
POINTS = Curve(x=np.ones(1), low=np.ones(1), high=np.ones(1))


CELL, TEXT, SAMPLE = CellAsk(step=-1), ReadingAsk(), SampleAsk(prime="h")
FACTS = ReadingFacts(inputs=np.zeros(0, np.int32), h=np.zeros(0, np.float32))
HIHELLO = LESSONS["hihello"]
OPENED = Opened(run=7, experiment=HIHELLO, began=HIHELLO, weights=60, device="cpu", torch="2")


def answer(
    look: FrameRequest, revision: int, *, playing: bool = True, learns: bool = True, opened: bool = False
) -> Frame:
    return Frame(
        request=look.number,
        revision=revision,
        status=replace(MIDWAY, state="playing" if playing else "paused"),
        inside=(FACTS,) * len(look.wanted.inside),
        curve=POINTS if look.wanted.curve is not None and learns else None,
        opened=OPENED if opened else None,
    )


def sent(look: FrameRequest | None) -> FrameRequest:
    assert look is not None
    return look


@dataclass
class World:
    """The view and an engine, one millisecond after the other."""

    fps: float = 20.0
    latency: int = 1  # ms until the engine has an answer
    busy_until: int = 10_000  # ms: it plays, and each millisecond is a tick; then it is paused
    learns: bool = True
    wanted: Wanted = WANTED
    dear: int = 0  # ms that an answer to what is dear takes beyond the latency
    looks: list[tuple[int, FrameRequest]] = field(default_factory=list)  # (ms, look)
    frames: list[Frame] = field(default_factory=list)

    def run(self, milliseconds: int) -> "World":
        requests, pending, ask_at = FrameRequests(self.fps), None, 0.0
        for now in range(milliseconds):
            if now >= ask_at:
                look = requests.next_request(self.wanted, CURVE if self.learns else None, now / 1000)
                ask_at = math.inf
                if look is not None:
                    self.looks.append((now, look))
                    pending = look
            revision = min(now, self.busy_until)
            took = self.latency + (self.dear if pending is not None and pending.wanted.inside else 0)
            if pending is not None and now >= self.looks[-1][0] + took and pending.seen != revision:
                frame = answer(pending, revision, playing=now < self.busy_until, learns=self.learns)
                self.frames.append(frame)
                pending = None
                requests.arrived(frame, now / 1000)
                ask_at = now + round(requests.wait(now / 1000) * 1000)
        return self


@given(fps=st.floats(1, 60), latency=st.integers(0, 300))
def test_never_above_its_pace_and_one_in_flight(fps: float, latency: int) -> None:
    world = World(fps=fps, latency=latency).run(3000)
    times = [now for now, _ in world.looks]
    gaps = np.diff(times)
    assert all(gap >= 1000 / fps - 1 and gap >= latency for gap in gaps)
    assert len(world.looks) - len(world.frames) in (0, 1)
    assert [look.number for _, look in world.looks] == list(range(1, len(times) + 1))
    assert len(times) >= 3000 / max(1000 / fps + 1, latency + 1) - 1  # and not much slower either


@given(fps=st.floats(8, 60), latency=st.integers(0, 100))
def test_curves_come_at_most_every_150_ms_and_not_much_later(fps: float, latency: int) -> None:
    world = World(fps=fps, latency=latency).run(3000)
    times = [now for now, look in world.looks if look.wanted.curve is not None]
    gaps = np.diff(times)
    assert times[0] == 0
    assert gaps.size >= 8
    assert all(gap >= 149 for gap in gaps)
    assert all(gap <= 150 + 1000 / fps + latency + 2 for gap in gaps)


@given(fps=st.floats(1, 60), latency=st.integers(0, 100), stop=st.integers(0, 700))
def test_at_rest_the_last_curve_is_the_newest_and_then_it_is_quiet(fps: float, latency: int, stop: int) -> None:
    world = World(fps=fps, latency=latency, busy_until=stop).run(6000)
    newest = [frame.revision for frame in world.frames if frame.curve is not None][-1]
    assert newest == stop
    after = [look for now, look in world.looks if now > stop]
    assert len(after) <= 4
    assert after[-1].seen == stop  # held by the engine until there is something newer


@given(fps=st.floats(1, 60), latency=st.integers(0, 100), stop=st.integers(0, 700))
def test_where_nothing_is_learnt_there_is_no_curve_and_no_busy_loop(fps: float, latency: int, stop: int) -> None:
    world = World(fps=fps, latency=latency, busy_until=stop, learns=False).run(6000)
    assert all(look.wanted.curve is None for _, look in world.looks)
    assert len([look for now, look in world.looks if now > stop]) <= 3


@given(fps=st.floats(8, 60), latency=st.integers(0, 20), dear=st.integers(0, 150))
def test_what_is_dear_takes_a_tenth_of_the_time_and_comes_once_a_second_at_least(
    fps: float, latency: int, dear: int
) -> None:
    world = World(fps=fps, latency=latency, wanted=replace(WANTED, inside=(CELL, SAMPLE)), dear=dear).run(5000)
    assert all(CELL in look.wanted.inside for _, look in world.looks)
    times = [now for now, look in world.looks if SAMPLE in look.wanted.inside]
    gaps, took = np.diff(times), latency + dear
    assert times[0] == 0
    assert all(gap >= min(max(200, 9 * took), 1000) - 1 for gap in gaps)
    assert all(gap <= min(max(200, 9 * (took + 1)), 1000) + 1000 / fps + took + 2 for gap in gaps)


@given(latency=st.integers(0, 100), stop=st.integers(0, 700))
def test_at_rest_the_last_text_is_the_newest_and_then_it_is_quiet(latency: int, stop: int) -> None:
    world = World(latency=latency, busy_until=stop, wanted=replace(WANTED, inside=(TEXT,)), dear=30).run(5000)
    assert [frame.revision for frame in world.frames if frame.inside][-1] == stop
    after = [look for now, look in world.looks if now > stop]
    assert len(after) <= 5
    assert after[-1].seen == stop


def test_another_text_is_asked_for_at_once_until_it_has_come() -> None:
    requests, first = FrameRequests(), replace(WANTED, inside=(SAMPLE,))
    requests.arrived(answer(sent(requests.next_request(first, None, 0.0)), 5), 0.01)
    assert sent(requests.next_request(first, None, 0.05)).wanted.inside == ()
    hotter = replace(WANTED, inside=(replace(SAMPLE, temperature=1.5),))
    look = sent(requests.next_request(hotter, None, 0.06))
    assert (look.wanted, look.seen) == (hotter, -1)
    row = replace(hotter, row=1)  # something else, before it has come
    assert sent(requests.next_request(row, None, 0.07)).wanted == row
    assert requests.next_request(row, None, 0.08) is None
    requests.arrived(answer(look, 5), 0.08)  # too late
    assert requests.next_request(row, None, 0.09) is None


def test_a_text_of_another_run_is_none() -> None:
    requests, wanted = FrameRequests(), replace(WANTED, inside=(SAMPLE,))
    requests.arrived(answer(sent(requests.next_request(wanted, None, 0.0)), 5), 0.01)
    requests.arrived(answer(sent(requests.next_request(wanted, None, 0.05)), 6, opened=True), 0.06)
    assert sent(requests.next_request(wanted, None, 0.1)).wanted.inside == (SAMPLE,)


def test_the_same_is_not_asked_for_twice() -> None:
    requests = FrameRequests()
    first = sent(requests.next_request(WANTED, None, 0.0))
    assert requests.in_flight
    assert requests.next_request(WANTED, None, 0.3) is None
    requests.arrived(answer(first, 5), 0.0)
    assert not requests.in_flight
    assert sent(requests.next_request(WANTED, None, 0.4)).seen == 5


def test_something_else_is_asked_for_at_once_and_without_being_held() -> None:
    requests = FrameRequests()
    first = sent(requests.next_request(WANTED, None, 0.0))
    other = replace(WANTED, row=1)
    second = sent(requests.next_request(other, None, 0.001))
    assert (second.number, second.seen, second.wanted) == (first.number + 1, -1, other)
    requests.arrived(answer(first, 5), 0.0)  # it was under way already
    assert requests.in_flight
    assert requests.next_request(other, None, 0.002) is None
    requests.arrived(answer(second, 5), 0.0)
    assert not requests.in_flight
    assert sent(requests.next_request(other, None, 0.1)).seen == 5
    requests.arrived(answer(FrameRequest(number=3), 6), 0.0)
    assert sent(requests.next_request(WANTED, None, 0.2)).seen == -1  # revision 6 is known, but not this part of it


def test_a_changed_curve_is_fetched_also_at_rest() -> None:
    requests = FrameRequests()
    requests.arrived(answer(sent(requests.next_request(WANTED, CURVE, 0.0)), 5, playing=False), 0.0)
    held = sent(requests.next_request(WANTED, CURVE, 0.05))
    assert (held.seen, held.wanted.curve) == (5, None)
    requests.curve_changed()
    logarithmic = replace(CURVE, log_x=True)
    look = sent(requests.next_request(WANTED, logarithmic, 0.06))  # the one in flight is held, and brings no curve
    assert (look.seen, look.wanted.curve) == (-1, logarithmic)
    assert requests.next_request(WANTED, logarithmic, 0.07) is None
    requests.arrived(answer(look, 5, playing=False), 0.0)
    assert sent(requests.next_request(WANTED, logarithmic, 0.08)).seen == 5


def test_the_run_that_is_known_is_named() -> None:
    requests = FrameRequests()
    first = sent(requests.next_request(WANTED, None, 0.0))
    assert first.opened == -1
    requests.arrived(answer(first, 5, opened=True), 0.0)
    assert sent(requests.next_request(WANTED, None, 0.1)).opened == 7


@pytest.mark.parametrize("fps", [1.0, 20.0, 60.0])
def test_how_long_to_wait(fps: float) -> None:
    requests = FrameRequests(fps)
    assert requests.wait(0.0) == 0
    requests.next_request(WANTED, None, 100.0)
    assert requests.wait(100.0) == pytest.approx(1 / fps)
    assert requests.wait(100 + 0.25 / fps) == pytest.approx(0.75 / fps)
    assert requests.wait(102.0) == 0


async def test_a_key_whose_effect_takes_long_is_acknowledged_and_then_no_more() -> None:
    async with running("hihello") as (pilot, app, engine):
        engine.holds = True  # a tick that takes long
        answered = len(engine.frames)
        await pilot.press("{", "down", "space")
        await until(pilot, lambda: "key heard: after this tick" in text_of(app, "#status"))
        assert len(engine.frames) == answered
        engine.holds = False
        engine.move(tick=engine.status.tick + 1)
        await until(pilot, lambda: "key heard" not in text_of(app, "#status"))
        await settled(pilot, app, engine)
        assert "key heard" not in text_of(app, "#status")


async def test_a_key_that_changes_nothing_in_a_run_that_rests_is_not_waited_for() -> None:
    """The engine holds a look that has seen everything; a key's sign must not wait for that one."""
    async with running("hihello", paused=True) as (pilot, app, engine):
        for key in ("{", "[", "b", "T", "x", "x", "i"):
            await pilot.press(key)
            await settled(pilot, app, engine)
            assert not app.frames.acknowledges, key
        app.frames._acknowledge_late()  # a timer that ended just before its answer came
        assert "key heard" not in text_of(app, "#status")
        await pilot.press("F")  # pauses once more
        await pilot.pause()
        assert not app.frames.acknowledges


def test_a_look_that_replaces_one_that_must_be_answered_must_be_answered_too() -> None:
    requests = FrameRequests()
    requests.arrived(answer(sent(requests.next_request(WANTED, None, 0.0)), 5, playing=False), 0.0)
    assert not requests.is_owed
    assert sent(requests.next_request(WANTED, None, 0.1)).seen == 5
    assert not requests.is_owed  # held, until something new happens
    assert sent(requests.next_request(replace(WANTED, row=1), None, 0.2)).seen == -1
    assert requests.is_owed
    assert sent(requests.next_request(WANTED, None, 0.3)).seen == -1
    assert requests.is_owed


@pytest.mark.parametrize(
    ("views", "controls", "state", "period"),
    [
        (12, False, "playing", 0.02 * 11 / (0.25 * 2)),  # eleven that watch share half a core of two
        (2, False, "playing", 0.05),  # one alone stays far below that
        (12, True, "playing", 0.05),  # who drives
        (12, False, "paused", 0.05),  # nothing trains
    ],
)
def test_those_that_watch_share_the_machine(views: int, controls: bool, state: str, period: float) -> None:
    """Each frame takes 20 ms of the processor."""
    requests = FrameRequests(20.0, cores=2)
    now = cpu = 0.0
    for number in range(60):
        now, cpu = now + 10, cpu + 0.02
        look = requests.next_request(WANTED, None, now)
        assert look is not None
        came = answer(look, number, playing=state == "playing")
        requests.arrived(replace(came, views=views, controls=controls), now, cpu)
    assert requests.wait(now) == pytest.approx(period, rel=0.02)
