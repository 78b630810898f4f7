"""What the engine answers is drawn in the pane that asked, with its exact values under the mouse."""

from typing import Any

import numpy as np
import pytest

from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.inspect.cell import CellFacts, GateTerms
from rnn_tui.protocol.inspect.gates import GatesFacts, GateValues
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsFacts, gradient_way
from rnn_tui.protocol.inspect.saliency import SaliencyFacts
from rnn_tui.protocol.inspect.space import SpaceFacts
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightsFacts
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until


def floats(*values: float) -> Any:
    return np.array(values, np.float32)


def integers(*values: int) -> Any:
    return np.array(values, np.int32)


def whole(count: int) -> Any:
    return np.arange(count, dtype=np.int32)


GRID: Any = np.arange(20, dtype=np.float32).reshape(5, 4) / 20  # of 5 units over the 4 steps that are fed
CELL = CellFacts(
    step=3,
    input_size=5,
    hidden_size=5,
    features=whole(5),
    units=whole(5),
    states=whole(5),
    x=floats(0, 0, 1, 0, 0),
    h_before=floats(0.1, 0.2, 0.3, 0.4, 0.5),
    h_before_units=floats(0.1, 0.2, 0.3, 0.4, 0.5),
    gates=(
        GateTerms(
            name="h",
            squash="tanh",
            w_ih=np.full((5, 5), 0.25, np.float32),
            from_input=floats(0.25, 0.25, 0.25, 0.25, 0.25),
            b_ih=floats(0.125, 0.125, 0.125, 0.125, 0.125),
            w_hh=np.full((5, 5), -0.5, np.float32),
            from_state=floats(-0.75, -0.75, -0.75, -0.75, -0.75),
            b_hh=floats(0.0625, 0.0625, 0.0625, 0.0625, 0.0625),
            total=floats(-0.3125, -0.3125, -0.3125, -0.3125, -0.3125),
            value=floats(*[float(np.tanh(-0.3125))] * 5),
        ),
    ),
    h=floats(*[float(np.tanh(-0.3125))] * 5),
)
GATES = GatesFacts(
    hidden_size=5, units=whole(5), gates=(GateValues(name="z", about="keeps h", signed=False, values=GRID),)
)
GRADIENTS = GradientsFacts(
    at=3,
    radius=(("h", 0.875),),
    norm=2.5,
    clipped=1.0,
    peak=0.5,
    flows=(
        GradientFlow(
            layer=0,
            direction=0,
            whole=floats(0.5, 0.25, 0.125, 0.0625),
            alone=floats(1e-9, 1e-6, 1e-3, 0.5),
            saturated=0.25,
            whole_ways=(gradient_way([0.5, 0.25, 0.125, 0.0625], 0),),
            alone_ways=(gradient_way([1e-9, 1e-6, 1e-3, 0.5], 0, 3),),
        ),
    ),
)
WEIGHTS = WeightsFacts(
    matrices=(
        MatrixFact(
            name="weight_ih_l0",
            shape=(5, 5),
            norm=1.234,
            lowest=-0.5,
            highest=0.75,
            rows=whole(5),
            columns=whole(5),
            values=np.linspace(-0.5, 0.75, 25, dtype=np.float32).reshape(5, 5),
            counts=integers(*[1] * 24),
        ),
    )
)
SPACE = SpaceFacts(
    rows=integers(0),
    characters=integers(0, 1, 0, 2).reshape(1, 4),
    points=np.array([[[-0.6, 0.5], [0.6, 0.5], [0.6, -0.5], [-0.6, -0.5]]], np.float32),
    start=floats(0, 0).reshape(1, 2),
    shares=(0.62, 0.21),
)
SALIENCY = SaliencyFacts(step=3, character=3, inputs=integers(0, 1, 0, 2, 3, 3), values=floats(0.5, -0.25, 0.125, 1.5))
PICTURES: dict[str, tuple[str, Answer, list[str]]] = {
    "i": ("cell", CELL, ["t=4", "b_hh", "= −0.30"]),
    "g": ("gates", GATES, ["RNN 5", "keeps h", ".6500"]),
    "v": (
        "gradients",
        GRADIENTS,
        ["loss at t=4", "vanishes", "2.0e−09", "ρ(W_hh) 0.88", "2.500 → 1.000"],
    ),
    "w": ("weights", WEIGHTS, ["W_ih", "(5, 5)", "1.234"]),
    "p": ("space", SPACE, ["PC1 62 %", "PC2 21 %", "h₀"]),
    "a": ("saliency", SALIENCY, ["for 'l' at t=4", "+1.50000", "gradient × input"]),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("key", PICTURES)
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_answer_is_drawn(key: str, size: tuple[int, int]) -> None:
    name, answer, words = PICTURES[key]
    engine = FakeEngine()
    engine.extra = {"inside": (answer,)}
    async with running(engine=engine, size=size) as (pilot, app, _):
        await pilot.press(key)
        await until(pilot, lambda: all(word in text_of(app, f"#{name}") for word in words))


async def test_without_an_answer_the_pane_waits() -> None:
    async with running() as (pilot, app, engine):
        for key, (name, _, _) in PICTURES.items():
            looks = len(engine.looks)
            await pilot.press(key)
            await until(
                pilot,
                lambda: (
                    any(look.wanted.inside for look in engine.looks[looks:])  # noqa: B023
                    and engine.looks[-1].seen == engine.revision
                ),
            )
            assert app.main.grid.pane(name).border_title
            await pilot.press(key)


MICE = {  # a cell of the pane's content, and what is told of it
    "g": ((30, 1), "unit 1: z = "),
    "v": ((14, 2), "‖∂L/∂h‖ = 5.000000e−01 of the whole loss"),
    "p": ((1, 1), ""),
    "a": ((2, 1), "t=1 h: +0.5000000"),
}


@pytest.mark.parametrize("key", MICE)
@pytest.mark.sampled(2)
async def test_exact_values_under_the_mouse(key: str) -> None:
    name, answer, _ = PICTURES[key]
    place, words = MICE[key]
    engine = FakeEngine()
    engine.extra = {"inside": (answer,)}
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press(key)
        pane = app.main.grid.pane(name)
        await until(pilot, lambda: pane.region and text_of(app, f"#{name}").count("─") < 400)
        await pilot.pause()
        await pilot.hover(pane, offset=(place[0] + 1, place[1] + 1))
        await until(pilot, lambda: words in str(pane.border_subtitle))


async def test_a_click_on_a_point_or_a_character_sets_the_time_cursor() -> None:
    engine = FakeEngine()
    engine.extra = {"inside": (SALIENCY,)}
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press("a")
        pane = app.main.grid.pane("saliency")
        await until(pilot, lambda: "gradient × input" in text_of(app, "#saliency"))
        await pilot.hover(pane, offset=(3, 2))
        await pilot.click(pane, offset=(3, 2))
        await until(pilot, lambda: app.main.view.cursor == 0)
