"""What the view knows of its run, and what it tells the engine before there is a frame."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open, PhaseBack, Play, SaveOptions, SetSpeed, StepBack
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldFacts, OpenField
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.runs.kept_comparison import FIELD
from rnn_tui.runs.manifest import MANIFEST
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.run_commands import command_for
from rnn_tui.view.model.run_state import RunState
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY, frame_of
from tests.view.helpers import running, until

HIHELLO = LESSONS["hihello"]


def frame(speed: float = 4.0, state: str = "playing", kept: str = "") -> Frame:
    status = replace(MIDWAY, speed=speed, state=state)
    found = frame_of(FrameRequest(number=1), HIHELLO, status, run=1, revision=1)
    assert isinstance(found.opened, Opened)
    return replace(found, opened=replace(found.opened, kept=kept))


def test_a_frame_is_drawn_once_its_run_has_been_described() -> None:
    run = RunState(LaunchOptions(experiment=LESSONS["ohlol"]))
    assert not run.update(replace(frame(), opened=None))
    assert (run.frame, run.experiment) == (None, LESSONS["ohlol"])
    assert run.update(frame(state="paused"))
    assert (run.held, run.experiment) == (True, HIHELLO)
    assert run.update(replace(frame(), opened=None))
    assert not run.held


def test_speeds_add_up_until_a_frame_has_them() -> None:
    run = RunState(LaunchOptions(experiment=HIHELLO))
    run.update(frame(speed=4.0))
    found = [command_for("faster", run), command_for("faster", run)]
    assert found == [SetSpeed(speed=8.0), SetSpeed(speed=15.0)]
    run.update(frame(speed=8.0))  # the first one has arrived, the second has not
    assert command_for("faster", run) == SetSpeed(speed=30.0)
    run.update(frame(speed=30.0))
    assert run.asked_speed is None
    run.update(frame(speed=2.0))  # another view has slowed it down
    assert command_for("slower", run) == SetSpeed(speed=1.0)


@pytest.mark.parametrize("pace", [0.0, 0.5, 1.0, 15.0])
def test_in_slow_motion_the_way_back_is_by_phases(pace: float) -> None:
    run = RunState(LaunchOptions(experiment=HIHELLO))
    run.update(frame())
    assert run.frame is not None
    run.frame = replace(run.frame, phase=None, status=replace(run.frame.status, slow=pace))
    assert run.is_slow == (pace > 0)
    assert command_for("tick_back", run) == (PhaseBack() if pace else StepBack(unit="tick"))


@pytest.mark.parametrize("saved", [True, False])
def test_another_engine_goes_on_from_a_checkpoint_only(saved: bool, tmp_path: Path) -> None:
    run = RunState(LaunchOptions(experiment=HIHELLO, keep=SaveOptions(folder=str(tmp_path), every=7)))
    run.update(frame(kept=str(tmp_path)))
    if saved:
        (tmp_path / MANIFEST).write_text("{}")
    run.begin_again()
    assert (run.opened, run.frame) == (None, None)
    first = run.first_command()
    assert isinstance(first, Open)
    assert first.keep == (SaveOptions(folder=str(tmp_path), resume=True) if saved else None)


def test_a_run_is_left_without_a_question_where_it_has_ended_on_the_disk() -> None:
    for state, kept, is_finished in (("done", "/there", True), ("done", "", False), ("paused", "/there", False)):
        run = RunState(LaunchOptions(experiment=HIHELLO))
        run.update(frame(state=state, kept=kept))
        assert run.is_finished == is_finished
    run.update(replace(frame(state="done", kept="/there"), views=2))
    assert not run.is_finished


def test_a_comparison_is_opened_as_a_field() -> None:
    comparison = Comparison(base=HIHELLO, varied=(Varied(path="training.seed", values=(1, 2)),))
    run = RunState(LaunchOptions(experiment=HIHELLO, comparison=comparison, paused=True, stops_when_learnt=True))
    assert run.first_command() == OpenField(comparison=comparison, play=False, stops_when_learnt=True)


def test_a_comparison_is_kept_as_runs_of_this_view_are(tmp_path: Path) -> None:
    comparison = Comparison(base=HIHELLO, varied=(Varied(path="training.seed", values=(1, 2)),))
    unnamed = RunState(LaunchOptions(experiment=LESSONS["ohlol"], keep=SaveOptions(every=5)))
    assert unnamed.open_field(comparison).keep == SaveOptions(every=5)
    named = RunState(LaunchOptions(experiment=HIHELLO, keep=SaveOptions(folder="/somewhere/one"), may_keep=False))
    assert named.open_field(comparison) == OpenField(comparison=comparison, may_keep=False)
    described = frame(kept=str(tmp_path))
    assert described.opened is not None
    named.update(replace(described, opened=replace(described.opened, field=FieldFacts(comparison=comparison))))
    (tmp_path / FIELD).write_text("{}")
    named.begin_again()  # another engine
    first = named.first_command()
    assert isinstance(first, OpenField)
    assert first.keep == SaveOptions(folder=str(tmp_path), resume=True)


def test_a_run_that_is_opened_later_has_a_folder_of_its_own() -> None:
    named = RunState(LaunchOptions(experiment=HIHELLO, keep=SaveOptions(folder="/somewhere/one")))
    assert named.open_instead(LESSONS["ohlol"]).keep is None
    unnamed = RunState(LaunchOptions(experiment=HIHELLO, keep=SaveOptions(every=5)))
    assert unnamed.open_instead(LESSONS["ohlol"]).keep == SaveOptions(every=5)


async def test_a_key_between_the_greeting_and_the_first_frame_is_not_lost() -> None:
    engine = FakeEngine()
    engine.holds = True  # the first tick takes long
    async with running(engine=engine, ready=False) as (pilot, app, _):
        await until(pilot, lambda: any(isinstance(each, Open) for each in engine.commands))
        engine.heard()
        await pilot.press("space")
        await until(pilot, lambda: engine.commands)
        assert app.run_state.opened is None
        assert engine.heard() == [Play(on=False)]
