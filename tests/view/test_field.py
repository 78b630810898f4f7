"""A field on the screen: its panes, the cursor of the map, a network as a run of its own, and the dialog on A."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.geometry import Size
from textual.pilot import Pilot

from rnn_tui.draw.field.map_layout import layout_of
from rnn_tui.experiment.comparison import Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.core import Stop
from rnn_tui.protocol.field import KeepMember, KeptMember, OpenField
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.field_view import FieldView
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.pane_grid.field_layout import field_layout, map_height
from rnn_tui.view.panes.registry import FIELD
from rnn_tui.view.screens.compare import CompareScreen
from rnn_tui.view.screens.editors import TextInput
from rnn_tui.view.screens.quit import QuitScreen
from rnn_tui.view.screens.saving import numbers_of
from tests.fake_fields import LAST, epochs_of, facts_of, field_of
from tests.view.fake_engine import FakeEngine
from tests.view.fake_field import FieldEngine
from tests.view.helpers import screen_lines, settled, text_of, until


@asynccontextmanager
async def showing(
    kind: str = "seeds", size: tuple[int, int] = (120, 36), epoch: int = 60
) -> AsyncIterator[tuple[Pilot[Any], RnnApp, FieldEngine]]:
    """An app on a field, with its first frame on the screen."""
    engine, field = FieldEngine(epoch), field_of(kind)
    app = RnnApp(engine, LaunchOptions(experiment=field.base, comparison=field))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot, app, engine)
        assert [type(each) for each in engine.heard()] == [OpenField]
        yield pilot, app, engine


async def shown_member(pilot: Pilot[Any], app: RnnApp, member: int, words: str) -> None:
    """Wait for a network in all panes."""
    await until(pilot, lambda: app.main.scene is not None and app.main.scene.opened.run == 10_000 + member)
    assert f"shown: {words}" in text_of(app, "#status")


async def test_the_field_and_the_chosen_network_are_on_the_screen() -> None:
    async with showing() as (_, app, engine):
        shown = [pane.ID for pane in app.main.grid.shown]
        assert shown == ["map", "learnt", "bundle", "network", "loss", "prediction"]
        assert "64 networks · shown: seed 1" in text_of(app, "#status")
        learnt = sum(1 for at, epoch in enumerate(epochs_of(field_of())) if epoch <= 60 and at % 17 != 16)
        assert f"epoch 60/100 · {learnt} of 64 learnt · 61 learning · 3 diverged" in text_of(app, "#status")
        assert f"Learnt · {learnt} of 64: " in text_of(app, "#learnt")
        assert "median" in text_of(app, "#bundle")
        assert "time" not in {pane.ID for pane in app.main.grid.shown}
        assert not app.main.query_one("#timeline").display
        assert engine.looks[-1].wanted.field is not None


async def test_arrows_move_the_cursor_of_the_map_and_all_panes_follow() -> None:
    async with showing() as (pilot, app, engine):
        assert app.focused is app.main.grid.pane("map")
        for key, member in (("right", 1), ("down", 9), ("left", 8), ("end", 15), ("up", 7)):
            await pilot.press(key)
            await shown_member(pilot, app, member, f"seed {member + 1}")
        for key, member in (("greater_than_sign", 8),):
            await pilot.press(key)
            await shown_member(pilot, app, member, f"seed {member + 1}")
        assert engine.looks[-1].wanted.member == 8
        assert engine.heard() == []  # nothing about the training has been told
        app.main.grid.network.focus()  # where the arrows are what they always are
        await pilot.press("left", "home")
        assert engine.heard() == []
        assert "not for many networks at once" in "\n".join(screen_lines(app))


async def test_the_mouse_tells_numbers_and_chooses_a_network() -> None:
    async with showing() as (pilot, app, _):
        await pilot.hover("#bundle", offset=(30, 4))
        await until(pilot, lambda: re.search(r"epoch \d+: median", text_of(app, "#bundle")))
        await pilot.hover("#learnt", offset=(30, 4))
        await until(pilot, lambda: re.search(r"by epoch \d+: \d+ of 64", text_of(app, "#learnt")))
        await pilot.hover("#map", offset=(8, 1))
        await until(pilot, lambda: "seed 1: not learnt yet" in text_of(app, "#map").splitlines()[-1])
        lines = text_of(app, "#map").splitlines()
        row = next(at for at, line in enumerate(lines) if line.strip("│ ").startswith("17 "))
        await pilot.click("#map", offset=(8, row))
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.member in (16, 17))


async def test_colours_groups_and_rows_are_others_by_key() -> None:
    async with showing("cells") as (pilot, app, engine):
        assert "by cell" in text_of(app, "#learnt")  # the setting with the fewest values
        await pilot.press("D")
        await until(pilot, lambda: engine.looks[-1].wanted.field.grouped_by == "training.lr")  # type: ignore[union-attr]
        await until(pilot, lambda: "0.001 " in text_of(app, "#bundle"))
        assert "Learnt by learning rate" in text_of(app, "#learnt")
        assert "rnn 1 [" in text_of(app, "#map")
        await pilot.press("X")
        await until(pilot, lambda: "1 rnn [" in text_of(app, "#map"))
        await pilot.press("C")
        await until(pilot, lambda: "loss now " in text_of(app, "#map").splitlines()[0])


def test_measures_and_groups_come_round() -> None:
    facts, view = facts_of(field_of("cells")), FieldView()
    measures, groups = [], []
    for _ in range(4):
        measures.append(view.measure_of(facts))
        groups.append(view.grouping_of(facts.comparison))
        view = view.next_measure(facts).next_grouping(facts.comparison)
    assert measures == ["learnt", "loss", "norm", "learnt"]  # nothing is held out
    assert groups == ["network.cell", "training.lr", "training.seed", ""]


async def test_the_lower_border_names_the_axes_that_are_logarithmic() -> None:
    async with showing() as (pilot, app, _):
        bundle = app.main.grid.pane("bundle")
        for key, told in (("", "y logarithmic"), ("x", "x and y logarithmic"), ("y", "x logarithmic"), ("x", "")):
            await pilot.press(*filter(None, [key]))
            await until(pilot, lambda told=told: (bundle.border_subtitle or "") == told)  # type: ignore[misc]


async def test_a_picture_that_answers_another_question_is_not_shown() -> None:
    """Between the key and its answer, the epochs on the screen are no losses."""
    async with showing() as (pilot, app, engine):
        assert "27" in text_of(app, "#map")
        engine.holds = True
        held, engine._answer = engine._answer, lambda: None  # type: ignore[method-assign]
        await pilot.press("C")
        await until(pilot, lambda: "loss now" in text_of(app, "#map").splitlines()[0])
        assert "27" not in "".join(text_of(app, "#map").splitlines()[1:9])
        engine._answer = held  # type: ignore[method-assign]
        engine.move()
        await until(pilot, lambda: "1.59" in text_of(app, "#map") or "0.6" in text_of(app, "#map"))


async def test_enter_opens_the_network_esc_comes_back_and_q_asks_about_all(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = FakeEngine()
    monkeypatch.setattr("rnn_tui.view.app.visiting.start_engine", lambda _: alone)
    async with showing("rates") as (pilot, app, engine):
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.member != 0)
        assert app.main.scene is not None
        await app.main.press(["member(1)"] * 3)  # as a tour presses keys: none of them is lost
        member = app.main.scene.member
        assert member == [each for line in layout_of(field_of("rates")).members for each in line][4]
        await pilot.press("enter")
        await until(pilot, lambda: alone.commands)
        (opened,) = alone.heard()
        assert isinstance(opened, Open)
        assert opened.experiment == field_of("rates").experiment(member)
        assert opened.keep is None
        assert not opened.may_keep
        await until(pilot, lambda: "map" not in [pane.ID for pane in app.main.grid.shown])
        looks = len(engine.looks)
        engine.move(tick=900)  # the field goes on, and nobody looks
        await settled(pilot, app, alone)
        assert len(engine.looks) == looks
        await pilot.press("escape")
        await until(pilot, lambda: Stop() in alone.commands)
        await until(pilot, lambda: len(engine.looks) > looks)
        await until(pilot, lambda: "map" in [pane.ID for pane in app.main.grid.shown])
        assert alone.let_gone
        assert engine.heard() == []
        assert app.main.scene.member == member
        await pilot.press("q")
        await until(pilot, lambda: "Stop all networks." in "\n".join(screen_lines(app)))
        assert "Leave them training without this view, saved on the disk." in "\n".join(screen_lines(app))
        await pilot.press("escape")
        engine.die("The engine has gone.")
        await until(pilot, lambda: "The engine has gone." in "\n".join(screen_lines(app)))


async def test_the_network_at_the_cursor_is_kept_by_a_key() -> None:
    async with showing() as (pilot, app, engine):
        await pilot.press("K")
        await until(pilot, lambda: "Network 1 is being kept" in "\n".join(screen_lines(app)))
        assert engine.heard() == [KeepMember(member=0)]
        engine.say(KeptMember(member=0, passes=60, name="hihello-3f"))
        await until(pilot, lambda: "is kept: rnn-tui resume hihello-3f" in "\n".join(screen_lines(app)))


async def test_q_leaves_a_field_that_has_ended_without_a_question() -> None:
    async with showing(epoch=LAST) as (pilot, app, engine):
        app.run_state.keeping.add(3)  # a network that is being kept is waited for
        await pilot.press("q")
        assert isinstance(app.screen, QuitScreen)
        await pilot.press("escape")
        app.run_state.keeping.clear()
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert engine.heard() == [Stop()]
        assert app.run_state.ends_with_view


async def test_the_dialog_begins_a_field() -> None:
    engine = FieldEngine()
    app = RnnApp(engine, LaunchOptions(experiment=LESSONS["hihello"]))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot, app, engine)
        engine.heard()
        await pilot.press("A")
        await until(pilot, lambda: "✓ 64 networks" in "\n".join(screen_lines(app)))
        first = app.screen.query(TextInput)[1]
        first.value = "cell=rnn,gruu"
        await until(pilot, lambda: "gruu is not rnn" in "\n".join(screen_lines(app)))
        first.value = "hidden=5,6"  # each network is checked only as the field is to begin, but values are at once
        await until(pilot, lambda: "hidden=6: does not fit a direct head" in "\n".join(screen_lines(app)))
        first.value = "cell=rnn,gru"
        await until(pilot, lambda: "✓ 128 networks" in "\n".join(screen_lines(app)))
        await pilot.press("enter")
        await until(pilot, lambda: engine.field)
        (command,) = engine.heard()
        assert isinstance(command, OpenField)
        assert command.comparison.base == LESSONS["hihello"]
        assert command.comparison.varied == (
            Varied(path="network.cell", values=("rnn", "gru")),
            Varied(path="training.seed", values=tuple(range(4, 68))),  # the lesson has seed 4
        )
        await until(pilot, lambda: "map" in [pane.ID for pane in app.main.grid.shown])


def test_the_dialog_shows_what_varies() -> None:
    field = field_of("cells")
    screen = CompareScreen(field.base, field.varied)
    assert [text for _, text in screen._settings] == [
        "",
        "cell=rnn,gru,lstm",
        "lr=0.001,0.003,0.01,0.03,0.1,0.3",
        "seed=1..4",
    ]


async def test_numbers_of_a_field_in_a_file() -> None:
    async with showing("rates") as (_, app, _engine):
        assert app.main.scene is not None
        found = {name: numbers_of(app.main.scene, app.main.grid.pane(name), "csv") for name in FIELD}
        rows = found["map"].splitlines()
        assert len([row for row in rows if ".state," in row]) == 24
        (learnt,) = [row for row in rows if "map.learning rate 0.001 · seed 2.learnt," in row]
        assert float(learnt.rpartition(",")[2]) == epochs_of(field_of("rates"))[1]
        assert "bundle.0.001.median," in found["bundle"]
        assert "learnt.0.3.of," in found["learnt"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (Size(80, 21), "narrow: map learnt | "),
        (Size(80, 40), "narrow: map learnt bundle | "),
        (Size(120, 33), "middle: map learnt bundle | network loss prediction"),
        (Size(120, 22), "middle: map learnt | network prediction"),
        (Size(200, 57), "wide: map learnt bundle | network states loss prediction"),
    ],
)
def test_what_is_shown_in_which_room(size: Size, shown: str) -> None:
    layout = field_layout(size, has_right=True)
    assert f"{layout.shape}: {' '.join(layout.field)} | {' '.join(layout.member)}" == shown
    assert "learnt" not in field_layout(size, has_right=False).field


def test_the_map_takes_what_its_networks_need() -> None:
    assert map_height(33, [29, 21, 13], 2) == 13
    assert map_height(57, [29, 21, 13], 2) == 29
    assert map_height(33, [70], 2) == 15
    assert map_height(33, [35, 17], 2) == 17
    assert map_height(21, [70], 0) == 21
