"""A field of networks as a host serves it: what is shown of a member is its single run."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import torch

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.host import field_host
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.commands import Open, Play, Restart, Step
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.field import DONE, FieldWanted, OpenField, SelectMember
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.wire import Buffer, decode_message, pack
from tests.run_or_field import RunOrField

_COMPARISON = Comparison(
    base=LESSONS["hihello-gru"],
    varied=(Varied(path="training.lr", values=(0.05, 0.01)), Varied(path="training.seed", values=(0, 1, 2))),
)
_WANTED = Wanted(
    count=6,
    top=3,
    units=5,
    layers=(0, 1),
    tensors=True,
    curve=CurveWanted(columns=200),
    field=FieldWanted(is_map=True, columns=50, lines=4, measure="loss"),
)


@pytest.fixture
def host() -> RunOrField:
    host = RunOrField()
    host.obey(OpenField(comparison=_COMPARISON, play=False))
    return host


def _run(host: RunOrField) -> None:
    host.obey(Play(on=True))
    while host.playing:
        host.turn()


def _over_the_wire(frame: Frame) -> Frame:
    (body,) = Buffer().feed(pack(frame))
    found = decode_message(body)
    assert isinstance(found, Frame)
    return found


def test_a_member_is_shown_as_its_single_run(host: RunOrField) -> None:
    for _ in range(9):
        host.obey(Step())
    host.obey(SelectMember(member=4))
    frame = _over_the_wire(host.frame(_WANTED))
    session = Session(_COMPARISON.experiment(4), history=0)
    for _ in range(9):
        session.tick()
    expected = Probe(session.trainer)
    steps = expected.steps(_WANTED)
    assert frame.steps is not None
    np.testing.assert_allclose(frame.steps.top_p, steps.top_p, rtol=1e-4)
    np.testing.assert_allclose(frame.states[0].h, expected.states(_WANTED)[0].h, rtol=1e-4, atol=1e-5)
    assert frame.curve is not None
    np.testing.assert_allclose(frame.curve.low, list(session.losses), rtol=1e-4)
    assert frame.status.update == 9
    assert frame.status.loss == pytest.approx(session.losses.last(), rel=1e-4)
    assert all(check.holds for check in frame.checks)
    assert not frame.failures


def test_it_takes_one_thread_unless_more_are_asked_for(host: RunOrField) -> None:
    assert torch.get_num_threads() == 1
    run = msgspec.structs.replace(_COMPARISON.base.run, threads=2)
    base = msgspec.structs.replace(_COMPARISON.base, run=run)
    host.obey(OpenField(comparison=msgspec.structs.replace(_COMPARISON, base=base), play=False))
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


def test_its_speed_is_that_of_the_last_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(field_host, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    field = FieldHost()
    field.obey(OpenField(comparison=_COMPARISON, play=True))
    for seconds in (*[0.5] * 6, *[0.125] * 8):  # then faster, for a second
        now[0] += seconds
        field._step()
    assert field.updates_per_second == 6 / 0.125


def test_the_description_says_what_is_compared(host: RunOrField) -> None:
    opened = host.opened(FrameRequest(number=1))
    assert opened is not None
    assert opened.field is not None
    assert opened.field.comparison == _COMPARISON
    assert opened.experiment == _COMPARISON.experiment(0)
    host.obey(SelectMember(member=5))
    opened = host.opened(FrameRequest(number=2, opened=opened.run))
    assert opened is not None
    assert opened.experiment == _COMPARISON.experiment(5)
    assert host.opened(FrameRequest(number=3, opened=opened.run)) is None


def test_each_view_may_look_at_a_member_of_its_own(host: RunOrField) -> None:
    host.obey(Step())
    losses = []
    for member in (1, 5):
        wanted = msgspec.structs.replace(_WANTED, member=member)
        opened = host.opened(FrameRequest(number=1, wanted=wanted))
        assert opened is not None
        assert opened.experiment == _COMPARISON.experiment(member)
        assert host.opened(FrameRequest(number=2, opened=opened.run, wanted=wanted)) is None
        losses.append(host.frame(wanted).status.loss)
    assert host.frame(_WANTED).status.loss not in losses
    assert losses[0] != losses[1]


def test_members_are_shown_beside_one_another(host: RunOrField) -> None:
    host.obey(Step())
    wanted = msgspec.structs.replace(_WANTED, member=1, beside=(4, 5))
    opened = host.opened(FrameRequest(number=1, wanted=wanted))
    assert opened is not None
    assert [each.experiment for each in (opened, *opened.beside)] == [_COMPARISON.experiment(n) for n in (1, 4, 5)]
    frame = _over_the_wire(host.frame(wanted))
    alone = [host.frame(msgspec.structs.replace(_WANTED, member=member)) for member in (1, 4, 5)]
    for shown, single in zip((frame, *frame.beside), alone, strict=True):
        assert shown.status == single.status
        np.testing.assert_array_equal(shown.states[0].h, single.states[0].h)
        assert shown.curve is not None
        assert single.curve is not None
        np.testing.assert_array_equal(shown.curve.low, single.curve.low)
    other = host.opened(FrameRequest(number=2, opened=opened.run, wanted=msgspec.structs.replace(wanted, beside=(4,))))
    assert other is not None
    assert len(other.beside) == 1


def test_a_field_goes_on_to_its_end(host: RunOrField) -> None:
    _run(host)
    picture = host.frame(_WANTED).field
    assert picture is not None
    assert set(picture.states) == {DONE}
    assert (picture.going, picture.done, picture.diverged, picture.newest) == (0, 6, 0, 100)
    assert picture.measured is not None
    for member in range(6):
        session = Session(_COMPARISON.experiment(member), history=0)
        while not session.done:
            session.tick()
        session.recording.drain()
        assert picture.measured[member] == pytest.approx(session.losses.last(), rel=1e-3)
    assert host.is_done
    assert host.frame(_WANTED).status.state == "done"
    assert host.field is not None
    counts = [int((host.field.results.learnt[members] > 0).sum()) for members in (slice(0, 3), slice(3, 6))]
    rates = [each for each, count in zip((0.05, 0.01), counts, strict=True) if count == max(counts)]
    assert any(each.startswith(f"Best: {rate:g}, {max(counts)} of 3") for each in picture.findings for rate in rates)


def test_what_is_found_is_said_while_the_networks_stand_still(host: RunOrField) -> None:
    host.obey(Play(on=True))
    host.turn()
    for is_said in (False, True):
        picture = host.frame(_WANTED).field
        assert picture is not None
        assert bool(picture.findings) == is_said
        host.obey(Play(on=False))


def test_what_a_view_has_seen_is_not_sent_again(host: RunOrField) -> None:
    first = host.frame(_WANTED).field
    assert first is not None
    assert _WANTED.field is not None
    seen = msgspec.structs.replace(_WANTED, field=msgspec.structs.replace(_WANTED.field, seen=first.revision))
    assert host.frame(seen).field is None
    assert host.frame(_WANTED).field is first
    host.obey(Step())
    newer = host.frame(seen).field
    assert newer is not None
    assert newer.revision > first.revision
    assert newer.newest == 1


def test_it_begins_again_from_the_first_weights(host: RunOrField) -> None:
    host.obey(Step())
    first = host.frame(_WANTED).status.loss
    host.obey(Step())
    host.obey(Restart())
    assert host.frame(_WANTED).status.tick == 0
    host.obey(Play(on=False))
    host.obey(Step())
    assert host.frame(_WANTED).status.loss == first


def test_a_member_that_is_not_there_is_refused(host: RunOrField) -> None:
    with pytest.raises(ExperimentError, match="no network 7"):
        host.obey(SelectMember(member=6))


def test_the_same_engine_opens_a_run_and_then_a_field() -> None:
    host = RunOrField()
    host.obey(Open(experiment=LESSONS["hihello"], play=False))
    seen = host.description, host.revision
    host.obey(OpenField(comparison=_COMPARISON, play=False))
    assert host.description > seen[0]
    assert host.revision > seen[1]
    assert host.opened(FrameRequest(number=1, opened=seen[0])) is not None
    seen = host.description, host.revision
    host.obey(Open(experiment=LESSONS["ohlol"], play=False))
    assert host.description > seen[0]
    opened = host.opened(FrameRequest(number=2, opened=seen[0]))
    assert opened is not None
    assert opened.field is None
    assert opened.experiment.name == "ohlol"
