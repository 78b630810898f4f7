"""In the middle of a tick panes show what has happened by then: the very numbers that stand there once it is whole."""

from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import structs
from numpy.testing import assert_allclose

from rnn_tui.engine.session import Session
from rnn_tui.experiment import Experiment
from rnn_tui.inside import Answer, Ask, CellAsk, GatesAsk, GradientsAsk, SaliencyAsk, SpaceAsk
from rnn_tui.protocol import Wanted
from rnn_tui.rules import from_dict

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
SIZE = {"hidden_size": 5, "head": "linear", "layers": 2}
BOTH_WAYS = [
    from_dict(
        {
            "data": {"inputs": ["hihe", "loli"], "targets": ["ihel", "hieh"], "vocabulary": "hielo"},
            "network": {**SIZE, "cell": cell, "bidirectional": both, "initial_state": "random"},
            "training": {"tick": "sequence", "lr": 0.1},
        }
    )
    for cell in ("rnn", "gru", "lstm")
    for both in (True, False)
]


def name(experiment: Experiment) -> str:
    return f"{experiment.network.cell}-{experiment.network.directions}"


def answer(session: Session, ask: Ask) -> Any:
    (found,) = session.probe.inside(Wanted(row=1, first=0, count=99, inside=(ask,)))
    return found


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


@pytest.mark.parametrize("experiment", BOTH_WAYS, ids=name)
@pytest.mark.parametrize("passes", [0, 1])
def test_what_is_known_in_the_middle_of_a_tick_is_what_stands_there_after_it(
    experiment: Experiment, passes: int
) -> None:
    whole = Session(experiment)
    for _ in range(passes + 1):
        whole.tick()
    slow = Session(experiment)  # from now on the random numbers are its own
    for _ in range(passes):
        slow.tick()
    places = [(layer, way) for layer in range(2) for way in range(experiment.network.directions)]
    steps = range(experiment.length)
    cells: dict[tuple[int, int, int], Answer] = {
        (*place, t): answer(whole, CellAsk(step=t, layer=place[0], direction=place[1]))
        for place in places
        for t in steps
    }
    gates = {place: answer(whole, GatesAsk(layer=place[0], direction=place[1])) for place in places}
    space = {place: answer(whole, SpaceAsk(layer=place[0], direction=place[1])) for place in places}
    said = [answer(whole, SaliencyAsk(step=t)) for t in steps]
    flows = [answer(whole, GradientsAsk(at=t)) for t in steps]
    shown, both = 0, experiment.network.bidirectional
    while not shown or slow.is_held:
        slow.next_phase()
        motion = slow.probe.motion
        assert motion is not None
        for layer, way in places:
            begin, end = motion.known(layer, way)
            for t in steps:
                cell = answer(slow, CellAsk(step=t, layer=layer, direction=way))
                if begin <= t < end:
                    same(cell, cells[layer, way, t])
                else:
                    assert "not been computed yet" in cell.note
            seen = answer(slow, GatesAsk(layer=layer, direction=way))
            assert bool(seen.gates) == (begin < end)
            for gate, after in zip(seen.gates, gates[layer, way].gates, strict=False):
                assert seen.first == begin
                assert_allclose(gate.values, after.values[:, begin:end], **CLOSE)
            points = answer(slow, SpaceAsk(layer=layer, direction=way))
            if both and motion.answered:  # else the axes move with every step
                assert_allclose(np.abs(points.points), np.abs(space[layer, way].points), rtol=1e-4, atol=1e-5)
            assert points.points.shape[1] == (len(steps) if both and motion.answered else motion.answered)
        for t in steps:
            saliency, gradients = answer(slow, SaliencyAsk(step=t)), answer(slow, GradientsAsk(at=t))
            if t >= motion.answered:
                assert saliency.note
                assert gradients.note
                continue
            assert saliency.character == said[t].character
            assert_allclose(saliency.values, said[t].values[: len(saliency.values)], **CLOSE)
            assert len(saliency.values) == (len(steps) if both else motion.answered)
            for flow, after in zip(gradients.flows, flows[t].flows, strict=True):
                assert_allclose(flow.alone, after.alone[: len(flow.alone)], **CLOSE)
                assert len(flow.alone) == len(saliency.values)
        shown += 1
    assert shown > 2 * len(steps)


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_the_cell_on_the_screen_is_that_of_the_phase(tick: str) -> None:
    session = Session(from_dict({"network": {"layers": 2}, "training": {"tick": tick}}))
    found: list[tuple[str, int, int]] = []
    for _ in range(10):
        session.next_phase()
        assert session.probe.motion is not None
        now, cells = session.probe.motion.now, [answer(session, CellAsk(step=-1, layer=layer)) for layer in (0, 1)]
        found.append((now.kind, *(-1 if cell.note else cell.step for cell in cells)))
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
    swept = []
    while not swept or session.is_held:
        session.next_phase()
        assert session.probe.motion is not None
        now = session.probe.motion.now
        if now.kind == "cell" and now.direction:
            cell = answer(session, CellAsk(step=-1, layer=now.layer, direction=1))
            assert cell.note == ""
            swept.append(cell.step)
    assert swept == [3, 2, 1, 0] * 2
