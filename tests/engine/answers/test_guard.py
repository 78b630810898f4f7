"""A picture that fails: it is told in the frame, the rest of the frame is there, and training goes on to the bit."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from msgspec.structs import asdict, replace

import rnn_tui.engine
from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import NextPhase, Open
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame import Failure
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect import ASKS as KINDS
from rnn_tui.protocol.inspect import Ask, name_of
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.protocol.wire import pack
from tests.engine.driven import Driven

SOME: tuple[Ask, ...] = (
    CellAsk(step=-1, compare=True),
    GatesAsk(order="rows"),
    GradientsAsk(at=-1),
    WeightsAsk(kind="update"),
    SpaceAsk(),
    SaliencyAsk(step=-1),
    SampleAsk(prime="h", length=9),
    ReadingAsk(order="quotes"),
)
ASKS = (*SOME, *(kind() for kind in KINDS if kind not in map(type, SOME)))
ALL = Wanted(
    count=6,
    top=5,
    units=5,
    layers=(0, 9),
    first=0,
    tensors=True,
    curve=CurveWanted(columns=40),
    inside=ASKS,
    forecast=30,
)
ERRORS: tuple[Exception, ...] = (
    ZeroDivisionError("a bug\nof two lines"),
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"),
    RecursionError("maximum recursion depth exceeded"),
)
PARTS = {  # of a frame: what is made to fail
    "status": "rnn_tui.engine.host.frames.status_of",
    "opened": "rnn_tui.engine.host.frames.Frames._opened",
    "steps": "rnn_tui.engine.answers.probe.Probe.steps",
    "states": "rnn_tui.engine.answers.probe.Probe.states",
    "phase": "rnn_tui.engine.answers.probe.describe",
    "curve": "rnn_tui.engine.host.frames.loss_curve",
    "characters": "rnn_tui.engine.host.frames.character_curve",
    "held_out": "rnn_tui.engine.training.eval_history.EvalHistory.told",
    "others": "rnn_tui.engine.host.frames.other_curves",
    "predictions": "rnn_tui.engine.training.loss_history.PredictionHistory.newest",
    "learnt": "rnn_tui.engine.session.session.Session.learnt",
    "tensors": "rnn_tui.engine.answers.probe.tensor_facts",
    "checks": "rnn_tui.engine.answers.probe.checks",
    "forecast": "rnn_tui.engine.answers.probe.forecast",
    "inside": "rnn_tui.engine.answers.probe.Focus",
    **{name_of(ask): "rnn_tui.engine.answers.{0}.{0}_facts".format(name_of(ask)) for ask in ASKS},
}
HEADER = {"look", "revision", "views", "controls", "failures", "learnt"}
ENGINE = str(Path(rnn_tui.engine.__file__).parent)
GUARD = str(Path(rnn_tui.engine.__file__).with_name("answers") / "guard.py")


def changed(name: str, **sections: dict[str, Any]) -> Experiment:
    values = to_dict(LESSONS[name])
    for section, settings in sections.items():
        values[section] |= settings
    return from_dict(values)


SEQUENCES = changed(
    "ohlol-lstm",
    network={"dropout": 0.3, "initial_state": "random"},
    training={"epochs": 0, "weight_decay": 0.01},
    run={"until": (), "speed": 0},
)
CHARACTERS = changed("hihello", training={"epochs": 0}, run={"until": (), "speed": 0})
NUMBERS = changed(
    "sine",
    network={"dropout": 0.2, "layers": 2, "initial_state": "random"},
    training={"epochs": 0},
    run={"until": (), "speed": 0},
)
OF_THEM = {"sequences": SEQUENCES, "characters": CHARACTERS, "numbers": NUMBERS}


def driving(experiment: Experiment) -> tuple[Driven, Session]:
    """A driver that plays it, and its session, which has not ticked yet."""
    driver = Driven()
    obey(driver, Open(experiment=experiment))
    assert driver.session is not None
    return driver, driver.session


def look(driver: Driven) -> Frame:
    frame, opened = driver.frames.frame(ALL), driver.frames.opened(FrameRequest(number=7))
    return replace(frame, opened=opened, failures=frame.failures + driver.frames.take_failures())


def bits(frame: Frame) -> bytes:
    """A frame without what hangs on the clock."""
    status = replace(frame.status, ticks_per_second=0.0, seconds_left=None)
    opened = None if frame.opened is None else replace(frame.opened, name="")
    return pack(replace(frame, status=status, opened=opened))


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise type(error)(*error.args)

    return fail


@pytest.mark.sampled(9)
@pytest.mark.parametrize("part", PARTS)
def test_what_fails_is_told_and_nothing_else_is_harmed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, session = driving(NUMBERS if part == "forecast" else CHARACTERS)
    for number, error in enumerate((*ERRORS, None)):
        for _ in range(5):
            driver.turn()
        if part == "phase":
            obey(driver, NextPhase())
        whole = look(driver)
        assert whole.failures == ()
        if error is None:
            break
        with monkeypatch.context() as patch:
            fail = raising(error)
            patch.setattr(PARTS[part], property(fail) if part == "learnt" else fail)
            frame = look(driver)
        words = (type(error).__name__, *str(error).splitlines()[:1])
        told = {each.part: each.problem for each in frame.failures}
        assert told == {part: ": ".join(words)}, number
        there, expected = asdict(frame), asdict(whole)
        if part in there:
            missing = {part}
        else:
            missing = {"inside"}
            names = {name_of(ask) for ask in ASKS} - {part}
            assert {type(each).__name__.removesuffix("Facts").lower() for each in frame.inside} == names
        for name in there.keys() - HEADER - missing - {"status", "opened"}:
            assert pack(replace(whole, **{name: there[name]})) == pack(replace(whole, **{name: expected[name]})), name
        assert frame.status.tick == session.trainer.ticks
        assert frame.opened is not None or part == "opened"
        if part == "phase":
            obey(driver, NextPhase())
            session.finish_tick()
            driver.play(True)
    alone = Session(session.began)  # which draws the same random numbers anew
    while alone.trainer.ticks < session.trainer.ticks:
        alone.tick()
    assert list(session.losses) == list(alone.losses)
    assert list(session.branch.character_losses) == list(alone.branch.character_losses)
    for one, other in zip(session.trainer.model.parameters(), alone.trainer.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_who_asks_where_the_run_is_hears_it_without_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, session = driving(CHARACTERS)
    driver.turn()
    with monkeypatch.context() as patch:
        patch.setattr(PARTS["status"], raising(MemoryError()))
        found = driver.frames.whereabouts(views=1)
    assert found.status is not None
    assert (found.status.tick, found.status.state) == (session.trainer.ticks, "playing")
    assert look(driver).failures == ()


def test_the_log_has_each_kind_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    driver, _ = driving(CHARACTERS)
    monkeypatch.setattr(PARTS["cell"], raising(ZeroDivisionError("a bug")))
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            assert look(driver).failures == (Failure(part="cell", problem="ZeroDivisionError: a bug"),)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "'cell'" in record.getMessage()


def test_errors_of_training_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses that wait are fetched for a frame: what goes wrong there is no picture's affair."""
    driver, _ = driving(CHARACTERS)
    driver.turn()
    monkeypatch.setattr("rnn_tui.engine.training.recorder.Recorder.drain", raising(RuntimeError("device-side assert")))
    with pytest.raises(RuntimeError, match="device-side assert"):
        look(driver)
    with pytest.raises(RuntimeError, match="device-side assert"):
        driver.turn()


# ---- at any line ----------------------------------------------------------------------------------------------------


def lines_of(make: Callable[[], object]) -> list[tuple[str, int]]:
    """Every line of the engine that is run, in the order in which it was first run; those of the guard left out."""
    found: dict[tuple[str, int], None] = {}

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if not is_picture(frame):
            return trace if frame.f_code.co_filename.startswith(ENGINE) else None
        if event == "line":
            found[frame.f_code.co_filename, frame.f_lineno] = None
        return trace

    run_traced(trace, make)
    return list(found)


def is_picture(frame: FrameType) -> bool:
    """Return whether a line is guarded: called from the guard, and not part of the guard itself."""
    name = frame.f_code.co_filename
    if not name.startswith(ENGINE) or name == GUARD:
        return False
    caller: FrameType | None = frame.f_back
    while caller is not None and caller.f_code.co_filename != GUARD:
        caller = caller.f_back
    return caller is not None


def fail_at(line: tuple[str, int], make: Callable[[], Frame]) -> Frame:
    """Return what is made where memory runs out at a line, the first time that it is run."""

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and (frame.f_code.co_filename, frame.f_lineno) == line and is_picture(frame):
            sys.settrace(None)
            raise MemoryError
        return trace if frame.f_code.co_filename == line[0] else None

    frame: Frame = run_traced(trace, make)
    return frame


def run_traced(trace: Callable[[FrameType, str, object], Any], make: Callable[[], Any]) -> Any:
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return make()
    finally:
        sys.settrace(before)


def chosen(lines: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """All of them where RNN_TUI_ROUNDS is set, else a few from everywhere."""
    return iter(lines if "RNN_TUI_ROUNDS" in os.environ else lines[:: max(1, len(lines) // 20)])


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", OF_THEM)
def test_memory_that_runs_out_at_any_line_leaves_nothing_behind(name: str) -> None:
    """The next frame is as if nothing had been, and so is the next loss: a twin has never failed."""
    (driver, session), (twin, other) = driving(OF_THEM[name]), driving(OF_THEM[name])
    random = torch.get_rng_state()  # what the one that has its turn goes on from
    for _ in range(9):
        driver.turn()
    lines = lines_of(lambda: look(driver))
    after = torch.get_rng_state()
    torch.set_rng_state(random)
    for _ in range(9):
        twin.turn()
    look(twin)
    assert torch.equal(after, torch.get_rng_state())
    assert len(lines) > 300
    failed = 0
    for number, line in enumerate(chosen(lines), 1):
        random = torch.get_rng_state()
        failed += bool(fail_at(line, lambda: look(driver)).failures)
        driver.turn()
        found, after = look(driver), torch.get_rng_state()
        torch.set_rng_state(random)
        twin.turn()
        assert bits(found) == bits(look(twin)), line
        assert torch.equal(after, torch.get_rng_state()), line
        assert failed > 0.7 * number - 5  # not each line is run at each tick
    assert list(session.losses) == list(other.losses)
    for one, another in zip(session.trainer.model.parameters(), other.trainer.model.parameters(), strict=True):
        assert torch.equal(one, another)
