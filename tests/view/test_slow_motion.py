"""Slow motion on the main screen: its keys, its lines, and a backward pass that can be read off the screen."""

import numpy as np
import pytest

from rnn_tui.protocol.commands import NextPhase, PhaseBack, Play, SlowMotion, StepBack
from rnn_tui.protocol.phase import Gradient, Moved, Phase, PhaseKind
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.speeds import FIRST_PACE, next_pace
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, settled, text_of, until

NORMS = (0.703, 0.814, 0.998)
BACKWARD = Phase(
    kind="backward",
    time_step=3,
    words="Backward to t=3: the loss reaches h through its output and through the next h, at t=4.",
    numbers=(("‖∂L/∂h‖", 0.703),),
    gradients=(
        Gradient(
            layer=0,
            direction=0,
            first=3,
            norms=np.array(NORMS, np.float32),
            units=np.arange(5, dtype=np.int32),
            values=np.full((5, 3), 0.25, np.float32),
        ),
    ),
    largest=0.998,
    largest_value=0.4,
)
UPDATE = Phase(
    kind="update",
    time_step=0,
    words="Update: Adam moves the weights, which all time steps share. A new pass begins.",
    moved=(Moved(name="weight_ih_l0", distance=0.447, relative=0.32),),
)


def forward(kind: PhaseKind, step: int) -> Phase:
    return Phase(kind=kind, time_step=step, words=f"t={step}: words about {kind}", numbers=(("h =", 0.5),))


def held(app: RnnApp, engine: FakeEngine) -> bool:
    """Return whether what the engine holds at is on the screen."""
    scene = app.main.scene
    return scene is not None and scene.frame.revision == engine.revision


async def test_s_goes_into_slow_motion_and_out_of_it() -> None:
    async with running() as (pilot, app, engine):
        lines = app.main.query_one("#phase")
        assert not lines.region
        await pilot.press("s")
        assert engine.heard() == [SlowMotion(on=True, pace=FIRST_PACE)]
        await until(pilot, lambda: lines.region)
        assert "slow motion" in text_of(app, "#status")
        assert "1.5 phases/s" in text_of(app, "#status")
        await until(pilot, lambda: "n: one phase" in text_of(app, lines))
        await pilot.press("space")
        assert engine.heard() == [Play(on=False)]
        await until(pilot, lambda: "paused" in text_of(app, "#status"))
        await pilot.press("s")
        assert engine.heard() == [SlowMotion(on=False)]
        await until(pilot, lambda: not lines.region)
        assert "ticks/s" in text_of(app, "#status")


async def test_plus_and_minus_change_the_pace_of_slow_motion() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("s")
        engine.heard()
        for key, pace in (("plus", 2.0), ("minus", 1.5), ("minus", 1.0)):
            await until(pilot, lambda: held(app, engine))
            await pilot.press(key)
            assert engine.heard() == [SlowMotion(on=True, pace=pace)]


def test_the_ladder_of_paces_has_ends() -> None:
    paces = [0.5]
    while next_pace(paces[-1], 1) != paces[-1]:
        paces.append(next_pace(paces[-1], 1))
    assert FIRST_PACE in paces
    assert paces == sorted(paces)
    assert [next_pace(each, -1) for each in paces] == [paces[0], *paces[:-1]]
    assert next_pace(7.0, -1) == 5.0


async def test_n_shows_a_phase_under_the_network_and_in_it() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"phase": forward("cell", 4)}
        await pilot.press("n")
        assert engine.heard() == [NextPhase()]
        await until(pilot, lambda: app.main.query_one("#phase").region)
        await until(pilot, lambda: "▲ t=4: words about cell" in text_of(app, "#phase"))
        assert "h = +0.500" in text_of(app, "#phase")
        assert text_of(app, "#network").count("┏") == 1
        assert app.main.scene is not None
        assert app.main.scene.cursor == 4  # the cursor of all panes goes with it
        network, lines = app.main.query_one("#network").region, app.main.query_one("#phase").region
        assert lines.y == network.bottom
        assert lines.width == network.width


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_backward_can_be_read_off_the_screen(size: tuple[int, int]) -> None:
    async with running(paused=True, size=size) as (pilot, app, engine):
        engine.extra = {"phase": BACKWARD}
        engine.move(fed=6)
        await settled(pilot, app, engine)
        assert "Backward to t=3" in text_of(app, "#phase")
        network = text_of(app, "#network")
        assert network.count("◀") == 2
        assert network.count("↓") == 3
        assert "‖∂L/∂h‖" in network
        assert "∂L/∂h of each unit" in text_of(app, "#states")
        told = "".join(text_of(app, "#phase").split())
        assert "throughthenexth,att=4." in told
        assert "‖∂L/∂h‖0.703" in told
        if size[0] > 80:
            assert [f"{norm:.3f}" in network for norm in NORMS] == [True] * 3


async def test_the_update_tells_how_far_the_weights_moved() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"phase": UPDATE}
        engine.move(fed=0)
        await until(pilot, lambda: "‖ΔW_ih‖ 0.45 (32%)" in text_of(app, "#phase"))
        assert text_of(app, "#network").count("ΔW") == 6


@pytest.mark.parametrize("size", [(64, 20), (80, 24), (120, 36)])
async def test_nothing_moves_from_phase_to_phase(size: tuple[int, int]) -> None:
    async with running(paused=True, size=size) as (pilot, app, engine):
        await pilot.press("s")
        await until(pilot, lambda: app.main.query_one("#phase").region)
        await settled(pilot, app, engine)
        assert "Slow motion" in text_of(app, "#phase")
        places = {each.id: each.region for each in app.main.query("#panes *")}
        for phase in (forward("embed", 0), forward("loss", 5), BACKWARD, UPDATE):
            engine.extra = {"phase": phase}
            engine.move()
            await settled(pilot, app, engine)
            assert {each.id: each.region for each in app.main.query("#panes *")} == places
            assert phase.words.split()[0] in text_of(app, "#phase")


async def test_the_lines_stay_under_a_network_that_fills_the_screen() -> None:
    async with running(paused=True) as (pilot, app, engine):
        engine.extra = {"phase": BACKWARD}
        engine.move(fed=6)
        await until(pilot, lambda: app.main.query_one("#phase").region)
        await pilot.press("1")
        await until(pilot, lambda: app.main.query_one("#network").region.width == 120)
        await until(pilot, lambda: "through the next h, at t=4." in text_of(app, "#phase"))


async def test_back_is_one_phase_back_there_and_one_tick_elsewhere() -> None:
    async with running(paused=True) as (pilot, app, engine):
        await pilot.press("left")
        assert engine.heard() == [StepBack(unit="tick")]
        engine.extra = {"phase": BACKWARD}
        await pilot.press("N")
        assert engine.heard() == [NextPhase(unit="part")]
        await settled(pilot, app, engine)
        await pilot.press("left")
        assert engine.heard() == [PhaseBack()]
