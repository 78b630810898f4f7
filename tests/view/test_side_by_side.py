"""Two or three runs side by side: one pane, one time axis, one scale, one cursor."""

import numpy as np
import pytest
from textual.app import App

from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open, Step, TakeControls
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.inspect.gates import GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsFacts
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.app.side_app import SideApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.screens.explain import ExplainScreen
from rnn_tui.view.screens.help import HelpScreen
from rnn_tui.view.screens.quit import QuitScreen
from rnn_tui.view.screens.side_by_side import SideBySideScreen
from rnn_tui.view.widgets.pane import Pane
from tests.field_engine import FieldEngine
from tests.view.helpers import until

_CELLS = Comparison(base=LESSONS["hihello-lstm"], varied=(Varied(path="network.cell", values=("lstm", "gru", "lstm")),))


def _field() -> tuple[FieldEngine, list[SideRun]]:
    engine = FieldEngine(OpenField(comparison=_CELLS))
    for _ in range(5):
        engine.step(Step())
    return engine, [SideRun(f"network {member + 1}", member=member) for member in range(3)]


def _panes(app: App[int]) -> list[Pane]:
    return list(app.screen.query(Pane))


def _scenes(app: App[int]) -> list[Scene]:
    return [pane._scene for pane in _panes(app) if pane._scene is not None]


def _drawn(app: App[int], name: str) -> bool:
    """Tell whether all three runs are shown in that pane, with what it draws."""
    panes, scenes = _panes(app), _scenes(app)
    if len(scenes) != 3 or {pane.ID for pane in panes} != {name}:
        return False
    return all(
        {"states": scene.frame.states, "loss": scene.curve and scene.others}.get(name, scene.frame.inside)
        for scene in scenes
    )


async def test_members_of_a_field_in_one_pane_each() -> None:
    engine, runs = _field()
    app = SideApp([(engine, runs)], ViewSettings(), pane="states")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: _drawn(app, "states"))
        assert isinstance(engine.commands[0], TakeControls)
        scenes = _scenes(app)
        assert [scene.experiment.network.cell for scene in scenes] == ["lstm", "gru", "lstm"]
        assert len({scene.axis for scene in scenes}) == 1
        assert all(scene.frame.states[0].h.shape[1] == 6 for scene in scenes)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: [scene.cursor for scene in _scenes(app)] == [4] * 3)
        await pilot.press("v")
        await until(pilot, lambda: _drawn(app, "gradients"))
        facts = [scene.answer(GradientsFacts) for scene in _scenes(app)]
        assert len({each.peak for each in facts if each is not None}) == 1
        await pilot.press("5", "3")  # 5 is the map of a field, which is not here
        await until(pilot, lambda: _drawn(app, "loss"))
        engine.step(Step())
        await until(pilot, lambda: [scene.frame.status.update for scene in _scenes(app)] == [6] * 3)
        first, second, _ = _scenes(app)
        assert second.curve is not None
        np.testing.assert_array_equal(first.others[0].curve.low, second.curve.low)
        shared = [scene.beside for scene in _scenes(app)]
        lowest = min(float(each.low.min()) for scene in _scenes(app) for each in [scene.curve] if each is not None)
        assert {each.lowest for each in shared if each is not None} == {lowest}
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape", "h")
        await until(pilot, lambda: isinstance(app.screen, ExplainScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SideBySideScreen))
        await pilot.press("escape", "escape")  # the first one lets the cursor follow, the second does nothing
        await until(pilot, lambda: isinstance(app.screen, SideBySideScreen) and app.screen.view.cursor is None)
        runs[0].first = OpenField(comparison=_CELLS)  # these networks were begun for this view
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        await pilot.press("q")
    assert app.return_code == 0
    assert engine.is_left


async def test_a_key_of_the_field_leads_there_and_back() -> None:
    engine, _ = _field()
    app = RnnApp(engine, LaunchOptions(experiment=_CELLS.base, comparison=_CELLS))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.field_facts is not None)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, SideBySideScreen) and _drawn(app, "states"))
        (link,) = engine.others
        assert link.looks[-1].wanted.member == 0
        assert link.looks[-1].wanted.beside == (1, 2)
        names = [str(each.render()) for each in app.screen.query(".side-name")]
        assert [name.partition(" · ")[0] for name in names] == ["cell lstm", "cell gru", "cell lstm"]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main and TakeControls() in engine.commands)
        assert link.is_left
        assert not engine.is_left


async def test_runs_with_an_engine_each() -> None:
    sources = []
    for name in ("hihello-lstm", "hihello-gru"):
        engine = FieldEngine(Open(experiment=LESSONS[name], play=False))
        engine.step(Step())
        sources.append((engine, [SideRun(name)]))
    app = SideApp(sources, ViewSettings(), pane="states")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(_scenes(app)) == 2)
        assert not sources[0][0].commands, "another view may have the controls, and keeps them"
        names = [str(each.render()) for each in app.screen.query(".side-name")]
        assert names[0].startswith("hihello-lstm · ‖ paused · epoch 1 · loss ")
        sources[1][0].say("gone")
        await until(pilot, lambda: "gone" in str(list(app.screen.query(".side-name"))[1].render()))
        await pilot.press("q")  # nothing ends with this view
    assert app.return_code == 0


@pytest.mark.parametrize("name", ["states", "gates"])
async def test_the_scale_is_that_of_the_largest(name: str) -> None:
    engine, runs = _field()
    app = SideApp([(engine, runs)], ViewSettings(), pane=name)
    async with app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: _drawn(app, name))
        frame = engine.host.frame(engine.looks[-1].wanted)
        alone = [frame, *frame.beside]
        if name == "states":
            largest = max(each.states[0].largest_c for each in alone)
            assert {scene.frame.states[0].largest_c for scene in _scenes(app)} == {largest}
        else:
            assert {_largest(scene.frame) for scene in _scenes(app)} - {0.0} == {max(map(_largest, alone))}


def _largest(frame: Frame) -> float:
    """Return the largest |c| that the pane of gates draws to; 0 where there is no c."""
    (facts,) = frame.inside
    assert isinstance(facts, GatesFacts)
    return next((gate.largest for gate in facts.gates if gate.name == "c"), 0.0)
