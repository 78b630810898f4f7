"""In the middle of a tick panes show what has happened by then: the very numbers that stand there once it is whole."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import structs
from numpy.testing import assert_allclose

from rnn_tui.engine.answers.phase_text import describe
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.space import SpaceAsk

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
SIZE = {"hidden_size": 5, "head": "linear", "layers": 2}
BOTH_WAYS = [
    from_dict(
        {
            "data": {"inputs": ["hih", "lol"], "targets": ["ihe", "hie"], "vocabulary": "hielo"},
            "network": {**SIZE, "cell": cell, "bidirectional": both, "initial_state": "random"},
            "training": {"tick": "sequence", "lr": 0.1},
        }
    )
    for cell in ("rnn", "gru", "lstm")
    for both in (True, False)
]


def name(experiment: Experiment) -> str:
    return f"{experiment.network.cell}-{experiment.network.directions}"


def answers(session: Session, asks: Sequence[Ask]) -> dict[Ask, Any]:
    """All in one look."""
    return dict(zip(asks, session.probe.inside(Wanted(row=1, first=0, count=99, inside=tuple(asks))), strict=True))


def answer(session: Session, ask: Ask) -> Any:
    return answers(session, [ask])[ask]


def same(one: Any, other: Any) -> None:
    """Every field of two answers, arrays as close as float32 has them."""
    if isinstance(one, msgspec.Struct):
        for field in structs.fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            same(mine, theirs)
    elif isinstance(one, np.ndarray | float):
        assert_allclose(one, other, **CLOSE)
    else:
        assert one == other


@pytest.mark.sampled(1)
@pytest.mark.parametrize("experiment", BOTH_WAYS, ids=name)
def test_what_is_known_in_the_middle_of_a_tick_is_what_stands_there_after_it(experiment: Experiment) -> None:
    whole = Session(experiment)
    whole.tick()
    whole.tick()
    slow = Session(experiment)  # from now on the random numbers are its own
    slow.tick()
    places = [(layer, way) for layer in range(2) for way in range(experiment.network.directions)]
    steps = range(experiment.length)
    asks: list[Ask] = [CellAsk(step=t, layer=layer, direction=way) for layer, way in places for t in steps]
    asks += [kind(layer=layer, direction=way) for layer, way in places for kind in (GatesAsk, SpaceAsk)]
    asks += [SaliencyAsk(step=t) for t in steps] + [GradientsAsk(at=t) for t in steps]
    expected = answers(whole, asks)
    shown, both = 0, experiment.network.bidirectional
    while not shown or slow.is_held:
        slow.phases.next()
        motion = slow.probe.motion
        assert motion is not None
        found = answers(slow, asks)
        for layer, way in places:
            begin, end = motion.known(layer, way)
            for t in steps:
                ask: Ask = CellAsk(step=t, layer=layer, direction=way)
                if begin <= t < end:
                    same(found[ask], expected[ask])
                else:
                    assert "not been computed yet" in found[ask].note
            ask = GatesAsk(layer=layer, direction=way)
            seen = found[ask]
            assert bool(seen.gates) == (begin < end)
            for gate, after in zip(seen.gates, expected[ask].gates, strict=False):
                assert seen.first == begin
                assert_allclose(gate.values, after.values[:, begin:end], **CLOSE)
            ask = SpaceAsk(layer=layer, direction=way)
            points = found[ask].points
            if both and motion.answered:  # else the axes move with every step
                assert_allclose(np.abs(points), np.abs(expected[ask].points), rtol=1e-4, atol=1e-5)
            assert points.shape[1] == (len(steps) if both and motion.answered else motion.answered)
        for t in steps:
            saliency, gradients = found[SaliencyAsk(step=t)], found[GradientsAsk(at=t)]
            if t >= motion.answered:
                assert saliency.note
                assert gradients.note
                continue
            assert saliency.character == expected[SaliencyAsk(step=t)].character
            assert_allclose(saliency.values, expected[SaliencyAsk(step=t)].values[: len(saliency.values)], **CLOSE)
            assert len(saliency.values) == (len(steps) if both else motion.answered)
            for flow, after in zip(gradients.flows, expected[GradientsAsk(at=t)].flows, strict=True):
                assert_allclose(flow.alone, after.alone[: len(flow.alone)], **CLOSE)
                assert len(flow.alone) == len(saliency.values)
        shown += 1
    assert shown > 2 * len(steps)


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_the_cell_on_the_screen_is_that_of_the_phase(tick: str) -> None:
    session = Session(from_dict({"network": {"layers": 2}, "training": {"tick": tick}}))
    found: list[tuple[str, int, int]] = []
    for _ in range(10):
        session.phases.next()
        assert session.probe.motion is not None
        now, cells = session.probe.motion.now, [answer(session, CellAsk(step=-1, layer=layer)) for layer in (0, 1)]
        below, above = (-1 if cell.note else cell.step for cell in cells)
        found.append((now.kind, below, above))
    assert found == [
        ("embed", -1, -1),
        ("cell", 0, -1),
        ("cell", 0, 0),
        ("softmax", 0, 0),
        ("loss", 0, 0),
        ("embed", 0, 0),
        ("cell", 1, 0),
        ("cell", 1, 1),
        ("softmax", 1, 1),
        ("loss", 1, 1),
    ]


def test_the_cell_on_the_screen_sweeps_from_the_right() -> None:
    session = Session(BOTH_WAYS[0])
    swept: list[int] = []
    while not swept or session.is_held:
        session.phases.next()
        assert session.probe.motion is not None
        now = session.probe.motion.now
        if now.kind == "cell" and now.direction:
            cell = answer(session, CellAsk(step=-1, layer=now.layer, direction=1))
            assert cell.note == ""
            swept.append(cell.step)
    assert swept == [2, 1, 0] * 2


@pytest.mark.parametrize("experiment", BOTH_WAYS[:2], ids=name)
def test_the_step_that_is_lit_is_never_called_one_that_has_not_been_fed(experiment: Experiment) -> None:
    slow = Session(experiment)
    seen: set[str] = set()
    while not seen or slow.is_held:
        slow.phases.next()
        motion = slow.probe.motion
        assert motion is not None
        t, kind = motion.now.step, motion.now.kind
        seen.add(kind)
        if kind == "update":
            continue
        for ask in (SaliencyAsk(step=t), GradientsAsk(at=t), GatesAsk(), SpaceAsk(), CellAsk(step=t)):
            assert "been fed" not in answer(slow, ask).note, (kind, t, ask)
    assert {"embed", "cell", "head", "softmax", "loss"} <= seen


@pytest.mark.parametrize("experiment", BOTH_WAYS[:2], ids=name)
def test_what_comes_next_is_what_then_comes(experiment: Experiment) -> None:
    """The words name the kind of the phase that follows, and its time step where that is another one."""
    session, kinds = Session(experiment), {"embed": "the input", "head": "the linear head"}
    told: list[str] = []
    found: list[tuple[str, int]] = []
    while not found or session.is_held:
        session.phases.next()
        motion = session.probe.motion
        assert motion is not None
        told.append(describe(motion, 0, (0, 3)).next)
        found.append((motion.now.kind, motion.now.step))
    for words, (before, then) in zip(told, pairwise(found), strict=False):
        assert kinds.get(then[0], then[0]) in words
        if then[0] != "backward":
            assert (f"at t={then[1] + 1}" in words) == (then[1] != before[1])
    assert told[-1] == "the next tick"
