"""Several views on one run, who has the controls, and what becomes of a run that is left, or whose views vanish."""

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.engine.host.connection import Connection
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import load_run
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Command, GoTo, Open, Play, SetSpeed, SlowMotion, Step, TakeControls
from rnn_tui.protocol.core import Detach, Inquire, Refused, Stop
from rnn_tui.protocol.engine_messages import Frame, Left, Whereabouts
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.rendezvous import SOCKET, Note, OnDisconnect, read_note
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import MAX_COMMAND, pack
from rnn_tui.runs import catalog as runs
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest
from tests.engine.guests import PATIENCE, House, house
from tests.examples import examples

pytestmark = pytest.mark.usefixtures("quick_disk", "empty_place")

HIHELLO = LESSONS["hihello"]
EVERYTHING = Wanted(count=6, top=5, units=5, layers=(0, 9), first=0, tensors=True, curve=CurveWanted(columns=400))


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path: that of a socket may have about a hundred bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def empty_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rnn_tui.runs.folders.user_data_folder", lambda _: tmp_path)


def experiment(epochs: int = 0, speed: float = 0.0) -> Experiment:
    training = replace(HIHELLO.training, epochs=epochs)
    return replace(HIHELLO, training=training, run=replace(HIHELLO.run, speed=speed, until=()))


def playing(epochs: int = 0, speed: float = 0.0) -> Open:
    return Open(experiment=experiment(epochs, speed))


def paused() -> Open:
    return Open(experiment=experiment(), play=False)


def where(it: House) -> Whereabouts:
    guest = it.guest()
    guest.say(Inquire())
    found = guest.hear(Whereabouts)
    guest.vanish()
    return found


def where_once(it: House, state: str) -> Whereabouts:
    """Return where the run is when it has come into a state."""
    end = time.monotonic() + PATIENCE
    while (found := where(it)).status is None or found.status.state != state or found.views:
        assert time.monotonic() < end, found
    return found


def test_two_views_see_the_same_and_one_has_the_controls(place: Path) -> None:
    with house(place) as it:
        first, second = it.guest(), it.guest()
        first.say(paused())
        assert (first.look().views, first.look().controls) == (1, True)
        other = second.look()
        assert (other.views, other.controls, other.status.tick) == (2, False, 0)
        second.say(Step())
        assert "T takes them" in second.hear(Refused).problem
        first.say(Step())
        assert first.look().status == second.look(seen=other.revision).status
        second.say(TakeControls(), Step())
        taken = second.look()
        assert (taken.controls, taken.status.tick) == (True, 2)
        first.say(Step())
        assert first.hear(Refused)
        assert (first.look().controls, first.look().status.tick, first.look().views) == (False, 2, 2)


def test_a_field_takes_the_place_of_a_run_for_all_its_views(place: Path) -> None:
    many = Comparison(base=experiment(), varied=(Varied(path="training.seed", values=(1, 2)),))
    with house(place) as it:
        first, second = it.guest(), it.guest()
        first.say(paused())
        seen = first.look().revision
        assert second.look().opened is not None
        first.say(OpenField(comparison=many, play=False))
        field = first.look(seen=seen)
        assert field.revision > seen
        assert field.opened is not None
        assert field.opened.field is not None
        assert field.opened.field.comparison == many
        assert second.look_until(lambda frame: frame.opened is not None and frame.opened.field is not None)
        first.say(Step())
        assert first.look_until(lambda frame: frame.status.update == 1).status.loss is not None
        wrong = replace(many, varied=(Varied(path="training.lr", values=(-1.0, 1.0)),))
        first.say(paused(), OpenField(comparison=wrong))
        assert "training.lr" in first.hear(Refused).path
        run = first.look_until(lambda frame: frame.status.tick == 0)  # what was there goes on
        assert run.opened is None or run.opened.field is None


def test_a_look_is_answered_when_the_company_changes(place: Path) -> None:
    with house(place) as it:
        first, second = it.guest(), it.guest()
        first.say(paused())
        seen = first.look().revision
        first.say(FrameRequest(number=99, seen=seen))  # nothing is new, until
        second.look()
        answer = first.look_until(lambda frame: frame.views == 2)
        assert answer.revision > seen
        first.say(FrameRequest(number=999, seen=answer.revision))
        second.vanish()  # who watches goes, and nothing else is new
        gone = first.hear(Frame)
        assert (gone.request, gone.views, gone.controls) == (999, 1, True)


def test_a_look_that_comes_during_a_tick_is_answered_before_the_next(place: Path) -> None:
    sequence = LESSONS["hihello-sequence"]
    endless = replace(
        sequence,
        training=replace(sequence.training, epochs=0),
        run=replace(sequence.run, speed=0.0, until=()),
    )
    begun, may_end = threading.Semaphore(0), threading.Semaphore(0)
    with house(place) as it:
        guest = it.guest()
        guest.say(Open(experiment=endless))
        guest.look()
        driver, turn = it.server._host, it.server._host.turn

        def long_tick() -> None:
            begun.release()
            may_end.acquire()
            turn()

        driver.turn = long_tick  # type: ignore[method-assign]
        assert begun.acquire(timeout=PATIENCE)
        guest.say(FrameRequest(number=99, wanted=Wanted(count=6)))
        may_end.release()
        assert begun.acquire(timeout=PATIENCE)  # the next tick, which does not end
        while guest.hear(Frame).request != 99:
            pass
        driver.turn = turn  # type: ignore[method-assign]
        may_end.release()


def test_the_controls_go_to_who_stays(place: Path) -> None:
    with house(place) as it:
        first, second, third = it.guest(), it.guest(), it.guest()
        first.say(paused())
        for each in (first, second, third):
            each.look()
        first.vanish()
        assert second.look_until(lambda frame: frame.views == 2).controls
        assert not third.look().controls
        second.say(Step())
        assert third.look_until(lambda frame: frame.status.tick == 1)


def test_who_asks_where_a_run_is_is_no_view(place: Path) -> None:
    with house(place, "stop") as it:
        guest = it.guest()
        assert guest.greeting.version == VERSION
        assert where(it).name == ""
        guest.say(paused())
        guest.look()
        found = where(it)
        assert found.views == 1
        assert found.experiment is not None
        assert found.experiment.name == "hihello"
        assert found.kept == ""
        assert found.name.startswith("hihello-")
        assert guest.look().controls


def test_what_is_left_trains_on_is_found_and_is_whole_on_the_disk(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(playing(epochs=40, speed=400.0))
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.say(Detach())
        left = guest.hear(Left)
        assert not left.problem
        assert not left.stopped
        assert left.run.name == Path(left.run.kept).name
        at = read_manifest(Path(left.run.kept)).tick
        assert 3 < at < 240
        guest.vanish()
        assert it.has_ended()  # when its epochs are over, since nobody is there
    folder = Path(left.run.kept)
    session, _ = load_run(folder, read_experiment(folder))
    alone = Session(experiment(epochs=40))
    while alone.tick():
        pass
    assert session.trainer.ticks == 240
    assert list(session.losses) == list(alone.losses)


def test_what_is_left_before_its_first_tick_is_whole_on_the_disk_in_the_end(place: Path) -> None:
    """Commands that were typed after the goodbye are not obeyed."""
    with house(place) as it:
        guest = it.guest()
        guest.say(playing(epochs=12), Detach(), SlowMotion(on=True, pace=0.1), Play(on=False), FrameRequest(number=1))
        assert guest.hear(Left).run.views == 1
        assert where(it).views == 0
        assert it.has_ended()
        guest.vanish()
    (kept,) = runs.list_runs()
    assert kept.manifest is not None
    assert kept.manifest.tick == 72


def test_what_is_left_paused_at_its_beginning_can_be_come_back_to(place: Path) -> None:
    with house(place, idle=0.2) as it:
        guest = it.guest()
        guest.say(paused(), Detach())
        name = guest.hear(Left).run.name
        guest.vanish()
        assert it.has_ended()
    (kept,) = runs.list_runs()
    assert Path(kept.folder).name == name


def test_breakpoints_hold_for_who_looks_and_for_nobody_else(place: Path) -> None:
    stopping = replace(experiment(epochs=12), run=replace(HIHELLO.run, speed=400.0, until=("tick=10", "tick=20")))
    with house(place) as it:
        guest = it.guest()
        guest.say(Open(experiment=stopping))
        assert guest.look_until(lambda frame: frame.status.state == "paused").status.tick == 10
        guest.say(Play(on=True), Detach())
        folder = Path(guest.hear(Left).run.kept)
        guest.vanish()
        assert it.has_ended()
    assert read_manifest(folder).tick == 72


def test_where_the_socket_has_gone_it_does_not_stay_where_nobody_finds_it(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(playing())
        guest.look_until(lambda frame: frame.status.tick > 3)
        (place / SOCKET).unlink()
        guest.say(Detach())
        left = guest.hear(Left)
        assert left.stopped
        assert "socket" in left.problem
        guest.vanish()
        it.server._looked_at = 0.0
        assert it.has_ended()
        assert read_manifest(Path(left.run.kept)).tick > 3


def test_which_run_it_is_lies_beside_the_socket(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(paused())
        name = where(it).name
        guest.look()
        assert read_note(place) == Note(name=name, process=os.getpid())
        guest.say(Step(), Detach())
        kept = guest.hear(Left).run.kept
        it.guest().look()
        assert read_note(place) == Note(name=name, kept=kept, process=os.getpid())


def test_one_comes_back_and_drives(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(playing(speed=500.0))
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.say(Detach())
        at = guest.hear(Left).run.status
        guest.vanish()
        assert at is not None
        back = it.guest()
        frame = back.look_until(lambda frame: frame.status.tick > at.tick + 3)
        assert frame.controls
        assert frame.views == 1
        assert frame.opened is not None
        back.say(Play(on=False))
        assert back.look().status.state == "paused"


@pytest.mark.parametrize(("word", "state"), [("train", "playing"), ("pause", "paused")])
def test_a_view_that_vanishes_leaves_the_run_as_it_was_told(place: Path, word: OnDisconnect, state: str) -> None:
    with house(place, word) as it:
        guest = it.guest()
        guest.say(playing())
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.vanish()
        found = where_once(it, state)
        folder = Path(found.kept)
        assert read_manifest(folder).tick > 3
        assert not it.server._is_over()


def test_a_view_that_vanishes_ends_the_run_where_it_was_told_so(place: Path) -> None:
    with house(place, "stop") as it:
        guest = it.guest()
        guest.say(playing())
        guest.look()
        guest.vanish()
        assert it.has_ended()


def test_in_its_past_a_run_is_left_at_its_newest_tick(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        for command in (paused(), Step(unit="epoch"), Step(unit="epoch")):
            guest.say(command)
            guest.look_until(lambda frame: frame.status.state == "paused")
        guest.say(GoTo(tick=5), Detach())
        folder = Path(guest.hear(Left).run.kept)
        assert read_manifest(folder).tick == 12


def test_a_paused_run_that_nobody_looks_at_is_put_away_after_a_while(place: Path) -> None:
    with house(place, idle=0.2) as it:
        guest = it.guest()
        guest.say(paused(), Step())
        guest.look_until(lambda frame: frame.status.tick == 1)
        guest.vanish()
        assert it.has_ended()
    (kept,) = runs.list_runs()
    assert kept.manifest is not None
    assert kept.manifest.tick == 1


@pytest.mark.parametrize("command", [None, paused()], ids=["nothing", "nothing done"])
def test_where_nothing_would_be_lost_nothing_is_left(place: Path, command: Open | None) -> None:
    with house(place) as it:
        guest = it.guest()
        if command is not None:
            guest.say(command)
            guest.look()
        guest.vanish()
        assert it.has_ended()
    assert not runs.list_runs()


def test_a_text_from_stdin_is_told_not_to_be_kept_and_goes_on(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(replace(playing(), may_keep=False))
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.say(Detach())
        assert "stdin" in guest.hear(Left).problem
        guest.vanish()
        assert where_once(it, "playing").kept == ""


def test_stop_tells_everybody_and_keeps_where_asked(place: Path) -> None:
    with house(place) as it:
        first, second, third = it.guest(), it.guest(), it.guest()
        first.say(playing())
        for each in (first, second):
            each.look_until(lambda frame: frame.status.tick > 3)
        third.say(Stop(keep=True))
        left = [each.hear(Left) for each in (first, second, third)]
        assert {each.stopped for each in left} == {True}
        assert it.has_ended()
        status = left[0].run.status
        assert status is not None
        assert read_manifest(Path(left[0].run.kept)).tick == status.tick


def test_stop_without_a_wish_to_keep_leaves_nothing(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(playing())
        guest.look_until(lambda frame: frame.status.tick > 3)
        guest.say(Stop())
        assert guest.hear(Left).run.kept == ""
        assert it.has_ended()
    assert not runs.list_runs()


def test_who_does_not_read_gets_one_frame_and_no_more(place: Path) -> None:
    with house(place) as it:
        sleeper, guest = it.guest(), it.guest()
        sleeper.say(playing())
        sleeper.look()
        for number in range(1000):  # it looks and looks, and takes nothing
            sleeper.say(FrameRequest(number=100 + number, wanted=EVERYTHING))
        before = guest.look().status.tick
        assert guest.look_until(lambda frame: frame.status.tick > before + 100)
        (view,) = [each for each in it.server._views if each.connection.is_behind] or [it.server._views[0]]
        assert len(view.connection._outgoing) < 100_000


def a_lot_of_nonsense() -> st.SearchStrategy[bytes]:
    messages = st.sampled_from(
        [pack(each) for each in (FrameRequest(number=1), Play(on=True), Step(), SetSpeed(speed=5.0))]
    )
    broken = st.builds(
        lambda data, at, new: data[: at % len(data)] + new + data[at % len(data) + 1 :],
        messages,
        st.integers(0, 1000),
        st.binary(max_size=3),
    )
    framed = st.binary(max_size=60).map(lambda body: len(body).to_bytes(4, "big") + body)
    return st.lists(st.one_of(st.binary(max_size=60), messages, broken, framed), max_size=6).map(b"".join)


def test_nonsense_hurts_nobody_but_who_speaks_it(place: Path) -> None:
    with house(place) as it:
        guest = it.guest()
        guest.say(paused())
        guest.look()

        @settings(max_examples=examples(100))
        @given(a_lot_of_nonsense())
        def speaks(nonsense: bytes) -> None:
            other = it.guest()
            other.socket.sendall(nonsense)
            other.vanish()
            frame = guest.look()
            assert frame.status.tick == 0  # the others may look, and no more

        speaks()
        assert guest.look_until(lambda frame: frame.views == 1).controls


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff" * 64, (MAX_COMMAND + 1).to_bytes(4, "big"), (5).to_bytes(4, "big") + b"hello"],
    ids=["length", "just too long", "body"],
)
def test_nonsense_is_refused_in_words(place: Path, nonsense: bytes) -> None:
    with house(place) as it:
        checkpointer, guest = it.guest(), it.guest()
        checkpointer.say(paused())
        guest.socket.sendall(nonsense)
        assert guest.hear(Refused).problem
        assert guest.is_cut_off()
        assert checkpointer.look().views == 1


@pytest.mark.parametrize("words", [(), (Inquire(),), (FrameRequest(number=1),)], ids=["silent", "asking", "looking"])
def test_a_crowd_gives_way_to_who_comes_later_and_never_takes_the_controls(
    place: Path, words: tuple[Command, ...]
) -> None:
    """Of the crowd, the one that has been silent longest goes; who lists, attaches or stops is always heard."""
    with house(place) as it:
        first = it.guest()
        first.say(playing())
        first.look()
        crowd = [it.guest() for _ in range(40)]
        for each in crowd[-31:]:
            each.say(*words)
        for each in crowd[:9]:
            assert each.is_cut_off()
        assert where(it).name
        attached = it.guest()
        assert attached.look_until(lambda frame: frame.status.tick > 3).views > 1
        attached.say(TakeControls())
        assert attached.look_until(lambda frame: frame.controls)
        stopper = it.guest()
        stopper.say(Stop())
        assert stopper.hear(Left).stopped
        assert it.has_ended()


def test_one_that_asks_and_never_reads_is_hung_up_on_before_it_fills_the_memory(place: Path) -> None:
    with house(place) as it:
        first, deaf = it.guest(), it.guest()
        first.say(paused())
        first.look()
        deaf.socket.settimeout(0.2)
        most, asked = 0, pack(Inquire()) * 200
        for _ in range(2000):
            try:
                deaf.socket.sendall(asked)
            except TimeoutError:  # it is heard a few words at a time, and the rest waits on its side
                continue
            except OSError:
                break
            first.look()
            most = max(most, *(len(each._outgoing) for each in it.reception._connections.values()))
        else:
            raise AssertionError("it is still there")
        assert most < 1_000_000
        assert first.look().views == 1


def test_bytes_without_end_are_bounded_and_nobody_else_waits(place: Path) -> None:
    """A command that never ends is refused as soon as it says how long it would be."""
    with house(place) as it:
        first, endless = it.guest(), it.guest()
        first.say(playing())
        first.look()
        endless.socket.sendall(MAX_COMMAND.to_bytes(4, "big"))
        for _ in range(MAX_COMMAND // (1 << 20) - 1):
            endless.socket.sendall(bytes(1 << 20))
            assert first.look_until(lambda frame: frame.status.tick > 0)
            assert all(len(each._incoming._bytes) <= MAX_COMMAND + (1 << 17) for each in connections(it))
        with contextlib.suppress(OSError):
            endless.socket.sendall(bytes(2 << 20))
        assert endless.is_cut_off()


def connections(it: House) -> list[Connection]:
    return list(it.reception._connections.values())


def test_who_talks_without_end_slows_nobody_s_training(place: Path) -> None:
    """Its words are heard a few at a time, and what they take is earned first."""
    with house(place) as it:
        first, talker = it.guest(), it.guest()
        first.say(playing())
        first.look()
        for _ in range(200):
            talker.say(*[FrameRequest(number=1, seen=10**9)] * 50)
            before = len(it.server._views)
        assert before == 2
        tick = first.look().status.tick
        assert first.look_until(lambda frame: frame.status.tick > tick + 100)


def test_the_output_of_a_script_is_read_for_whoever_asks(place: Path) -> None:
    with house(place) as it:
        driver, reader = it.guest(), it.guest()
        driver.say(playing())
        reader.say(ReadLog(count=3))
        assert reader.hear(LogLines) == LogLines()  # this run prints nothing
        asked: list[ReadLog] = []
        it.server._read_log = lambda ask: asked.append(ask) or LogLines(lines=("epoch 1",), total=1)  # type: ignore[func-returns-value]
        reader.say(ReadLog(count=5, first=2))
        assert reader.hear(LogLines).lines == ("epoch 1",)
        assert asked == [ReadLog(count=5, first=2)]

        def fails(_: ReadLog) -> LogLines:
            raise OSError(5, "Input/output error")

        it.server._read_log = fails
        reader.say(ReadLog())
        assert "Input/output error" in reader.hear(LogLines).lines[0]
        assert driver.look().views == 1  # a reader is no view
