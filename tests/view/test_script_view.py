"""The view of a script that is watched: what it shows, in which words, and what it offers to do."""

import unicodedata
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from textual.widgets import Static, Tree

from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.commands import GoTo, Interrupt, Play, SelectNetwork, SetBreakpoints, SetSpeed, Step, StepBack
from rnn_tui.protocol.core import Detach, Stop
from rnn_tui.protocol.engine_messages import Left, Whereabouts
from rnn_tui.protocol.frame import Failure, SeriesNumbers, Steps
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.first_frame import before_first_frame
from rnn_tui.view.model.glyphs import Glyphs
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.screens.engine_gone import EngineGoneScreen
from rnn_tui.view.screens.explain import ExplainScreen
from rnn_tui.view.screens.help import HelpScreen
from rnn_tui.view.screens.networks import NetworksScreen
from rnn_tui.view.screens.quit_script import QuitScriptScreen
from rnn_tui.view.terminal.exit import last_lines
from tests.draw.grids import number_in
from tests.view.dialogs import Host, assert_inside, screen_text
from tests.view.fake_scripts import WORDS, ScriptEngine, script
from tests.view.helpers import PANE_KEYS, running, screen_lines, settled, text_of, until

NETWORKS = ("encoder.rnn", "decoder.cells.0", "decoder.cells.1")
NOTES = ("Dropout between the layers is not seen.", "The decoder was compiled.")
OWN = [key for key in KEYS if key.runs == "own"]
OURS = ("seed", "epoch ", "tick", "full speed", "floor", "guessing", "playing", "paused", "lesson")


def watching(which: Any, **more: Any) -> Any:
    return running(which.experiment, engine=ScriptEngine(which), **more)


def shown(app: RnnApp) -> str:
    return "\n".join(screen_lines(app))


def notified(app: RnnApp) -> list[str]:
    return [str(each.message) for each in app._notifications]


# ---- what is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "words"), [((120, 36), "12,345 weights · Adam lr 0.001 · cpu"), ((80, 24), "Adam")])
async def test_the_status_speaks_of_a_script(size: tuple[int, int], words: str) -> None:
    async with watching(script(), size=size) as (_, app, _engine):
        first, second = screen_lines(app)[:2]
        assert first.startswith(" train.py --epochs 3 · encoder.rnn · LSTM 8 × 2, embedding 16 · ")
        assert words in first
        assert second.strip() == "▶ running · update 1,234 · loss 1.660 · 87 updates/s"
        assert not [word for word in OURS if word in shown(app)]


@pytest.mark.sampled(5)
async def test_of_many_facts_the_first_ones_are_left() -> None:
    facts = "LSTM 8 × 2, both directions, 34 features, embedding 16 of 50,000 tokens"
    async with watching(script(subject={"network_facts": facts}), size=(80, 24)) as (_, app, _engine):
        first = screen_lines(app)[0]
        assert first.startswith(" train.py --epochs 3 · encoder.rnn · LSTM 8 × 2 · both directions · ")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"state": "paused"}, "‖ held · update 1,234 · loss 1.660"),
        ({"state": "paused", "tick": 1200}, "‖ held · update 1,200 of 1,234 · loss 1.660"),
        ({"state": "done", "exit_code": 0}, "■ ended with exit code 0 · update 1,234 · loss 1.660"),
        ({"state": "done", "exit_code": 1}, "■ ended with exit code 1 · update 1,234 · loss 1.660"),
        ({"state": "done", "exit_code": -9}, "■ ended by SIGKILL · update 1,234 · loss 1.660"),
        ({"state": "done", "exit_code": -99}, "■ ended by signal 99 · update 1,234 · loss 1.660"),
        ({"state": "done"}, "■ ended · update 1,234 · loss 1.660"),
        ({"speed": 4.0, "ticks_per_second": 3.9}, "▶ running · update 1,234 · loss 1.660 · 4 updates/s (at most 4)"),
        ({"loss": None}, "▶ running · update 1,234 · 87 updates/s"),
    ],
)
@pytest.mark.sampled(3)
async def test_the_status_says_what_the_script_does(status: dict[str, Any], words: str) -> None:
    async with watching(script(status=status)) as (_, app, _engine):
        assert screen_lines(app)[1].strip() == words


async def test_before_the_first_frame_it_starts() -> None:
    which = script()
    engine = ScriptEngine(which)
    engine.holds = True
    async with running(which.experiment, engine=engine, subject=which.subject, ready=False) as (pilot, app, _):
        await until(pilot, lambda: "… starting" in shown(app))
        assert "train.py --epochs 3" in screen_lines(app)[0]
        assert "Waiting for the first update." in text_of(app, "#network")
        assert "torch is being loaded" not in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "The script is starting" in shown(app))


def test_before_the_first_frame_nothing_is_made_up() -> None:
    which = script()
    frame, opened = before_first_frame(which.experiment, Wanted(count=12), subject=which.subject)
    assert frame.steps is None
    assert not frame.status.notice
    assert opened.subject == which.subject


async def test_numbers_of_a_script_are_drawn_over_time_with_their_targets() -> None:
    """Draw no target where there is none; tokens stay where they are read."""
    which = script()
    engine = ScriptEngine(which)
    truth, predicted = np.sin(np.arange(12.0)), np.cos(np.arange(12.0))
    truth[2] = predicted[2] = np.nan
    none, inputs = np.zeros(0, np.float32), np.arange(1, 13, dtype=np.int32)
    numbers = SeriesNumbers(values=np.zeros(0), truth=truth, predicted=predicted, of=3)
    steps = Steps(
        first=0, inputs=inputs, targets=np.zeros(0, np.int32), top=np.zeros((12, 0), np.int32),
        top_p=np.zeros((12, 0), np.float32), target_p=none, losses=none, numbers=numbers,
    )  # fmt: skip
    engine.extra = {"steps": steps}
    async with running(which.experiment, engine=engine) as (_, app, _engine):
        rows = [line.strip("│ ").split() for line in text_of(app, "#network").splitlines()]
        drawn = {row[0]: row[1:] for row in rows if row}
        known = [at for at in range(8) if at != 2]  # there is room for eight columns
        np.testing.assert_allclose([number_in(each) for each in drawn["target"]], truth[known], atol=6e-3)
        np.testing.assert_allclose([number_in(each) for each in drawn["output"]], predicted[known], atol=6e-3)
        assert drawn["input"][:2] == ["the", "cat"]
        picture = text_of(app, "#prediction")
        assert "━ target ━ predicted" in picture
        assert "the first of 3 numbers" in shown(app)


async def test_a_cell_that_somebody_has_written_has_the_name_of_its_class() -> None:
    for cell, name in (("Memory", "Memo…"), ("MGU", "MGU"), ("\x1b[1mX", "␛[1mX")):
        async with watching(script(subject={"cell": cell})) as (pilot, app, engine):
            rows = [line.strip("│ ").split() for line in text_of(app, "#network").splitlines()]
            named = [row[:2] for row in rows if row and row[0] == name]
            assert named == [[name, "2"], [name, "1"]]
            await pilot.press("g")
            await until(pilot, lambda: app.main.query("#gates"))
            await settled(pilot, app, engine)
            assert f"{safe(cell)} 8 · layer 1" in shown(app)
            assert "LSTM 8 ·" not in text_of(app, "#network")


async def test_the_chart_stays_when_a_batch_of_another_shape_comes() -> None:
    """Its curve does not come with every frame, and it is the same network."""
    which = script()
    engine = ScriptEngine(which)
    async with running(which.experiment, engine=engine) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.curve is not None)
        curve = app.main.scene and app.main.scene.curve
        engine.extra = {"curve": None}
        engine.run += 1
        engine.experiment = replace(which.experiment, data=replace(which.experiment.data, batch=2))
        engine.move()
        await until(pilot, lambda: app.run_state.opened is not None and app.run_state.opened.run == engine.run)
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.opened.run == engine.run)
        assert app.main.scene is not None
        assert app.main.scene.curve is curve


# ---- what can be done -----------------------------------------------------------------------------------------------


def first_key(app: RnnApp) -> str:
    line = screen_lines(app)[-1]
    return line.partition("→")[0]


async def test_space_says_what_it_does() -> None:
    for size in ((120, 36), (80, 24)):
        async with watching(script(), size=size) as (pilot, app, engine):
            await until(pilot, lambda: first_key(app) == "space hold ")
            engine.move(state="paused")
            await until(pilot, lambda: first_key(app) == "space go on ")
            engine.move(state="playing")
            await until(pilot, lambda: first_key(app) == "space hold ")


COMMANDS = {
    "space": Play(on=False),
    "right": Step(),
    "left": StepBack(),
    "home": GoTo(tick=0),
    "end": GoTo(tick=-1),
    "minus": SetSpeed(speed=1000.0),
}


@pytest.mark.parametrize(
    ("can", "status"), [(("back", "log"), {}), (("step", "back"), {"state": "done", "exit_code": 0})]
)
async def test_a_step_in_the_past_leads_to_the_next_update_that_is_kept(can: Any, status: dict[str, Any]) -> None:
    """Also where the script cannot be stepped: it is watched read-only, or has ended."""
    which = script(status=status, subject={"can": can})
    async with watching(which) as (pilot, app, engine):
        await pilot.press("right")
        assert not engine.heard()
        assert notified(app)[-1].startswith("→ (update): ")
        engine.move(tick=1200)
        await until(pilot, lambda: "update 1,200 of 1,234" in shown(app))
        await pilot.press("right", "left", "end")
        assert engine.heard() == [Step(), StepBack(), GoTo(tick=-1)]


async def test_keys_for_what_can_be_done() -> None:
    async with watching(script()) as (pilot, _, engine):
        for key, command in COMMANDS.items():
            await pilot.press(key)
            assert engine.heard() == [command], key
            await until(pilot, lambda: engine.frames[-1].revision == engine.revision)
            engine.move(state="playing", speed=0.0)
        await pilot.press("B", "space", "tab", *"0.5", "enter")
        await until(pilot, lambda: engine.heard() == [SetBreakpoints(until=("loss<0.5",))])


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", OWN, ids=lambda key: key.keys)
async def test_keys_of_own_runs_say_that_they_do_not_apply(key: Any) -> None:
    async with watching(script()) as (pilot, app, engine):
        view, panes = app.main.view, app.main.grid.shown
        await pilot.press(key.keys.split(",")[0])
        await until(pilot, lambda: notified(app))
        (line,) = notified(app)
        assert line == f"{key.shown} ({key.label}): not for a script that is watched."
        assert engine.heard() == []
        assert app.screen is app.main
        assert (app.main.view, app.main.grid.shown) == (view, panes)


async def test_without_an_ability_its_keys_say_why() -> None:
    async with watching(script(subject={"can": ()})) as (pilot, app, engine):
        keys = [key for key in KEYS if key.needs is not None]
        assert {key.needs for key in keys} >= {"hold", "step", "speed", "breakpoints", "back"}
        for key in keys:
            before = len(notified(app))
            await pilot.press(key.keys.split(",")[0])
            await until(pilot, lambda: len(notified(app)) > before)  # noqa: B023
            assert notified(app)[-1].startswith(f"{key.shown} (")
            assert notified(app)[-1].endswith(".")
        assert engine.heard() == []
        assert app.screen is app.main
        assert not app.main.query_one("#timeline").display


async def test_footer_palette_and_help_offer_what_can_be_done_and_no_more() -> None:
    async with watching(script(subject={"can": ("hold",)})) as (pilot, app, engine):
        line = "space hold M networks h explain [] time i inside z zoom ? keys q quit"
        await until(pilot, lambda: screen_lines(app)[-1].rstrip() == line)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Hold  (space)" in titles
        assert "Networks  (M)" in titles
        for absent in ("(F)", "(→)", "(R)", "(l)", "(G)", "(←)", "(B)"):
            assert not [title for title in titles if absent in title], absent
        engine.change(can=("hold", "step", "back"))
        await until(pilot, lambda: screen_lines(app)[-1].startswith("space hold → update ← back M networks"))
    app = Host(HelpScreen(replace(script().subject, can=("hold",), notes=NOTES)))
    async with app.run_test(size=(200, 90)) as pilot:
        await pilot.pause()
        text = " ".join(screen_text(pilot).replace("│", " ").split())
        assert " space Hold the script at the end of an update" in text
        assert NOTES[0] in text
        for absent in (
            "Start again with",
            "Train differently",
            "one update, and hold",
            "Choose another lesson",
            "floor",
        ):
            assert absent not in text


async def test_keys_of_scripts_are_not_offered_in_own_runs() -> None:
    async with running() as (pilot, app, engine):
        assert not [command for command in app.get_system_commands(app.screen) if "(M)" in command.title]
        assert "networks" not in screen_lines(app)[-1]
        await pilot.press("M")
        await until(pilot, lambda: notified(app) == ["M (networks): only for a script that is watched."])
        assert engine.heard() == []


# ---- its networks ---------------------------------------------------------------------------------------------------


async def test_a_network_is_chosen_by_its_name_with_the_keyboard() -> None:
    which = script(subject={"networks": NETWORKS, "network": 1})
    async with watching(which, size=(80, 24)) as (pilot, app, engine):
        assert "decoder.cells.0 (2 of 3: M)" in screen_lines(app)[0]
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, NetworksScreen))
        await until(pilot, lambda: app.screen.query_one(Tree).cursor_node.data == 1)
        assert "0  ◀ shown · LSTM 8 × 2" in shown(app)
        assert_inside(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: engine.heard() == [SelectNetwork(number=2)])
        engine.change(network=2)
        await until(pilot, lambda: "decoder.cells.1 (3 of 3: M)" in screen_lines(app)[0])


async def test_a_network_is_chosen_with_the_mouse_and_a_folder_is_none() -> None:
    async with watching(script(subject={"networks": NETWORKS}), size=(80, 24)) as (pilot, app, engine):
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, NetworksScreen) and "cells" in shown(app))
        tree = app.screen.query_one(Tree)
        lines = screen_lines(app, tree.region)
        for words in ("decoder", "cells"):
            at = next(y for y, line in enumerate(lines) if words in line)
            await pilot.click(tree, offset=(lines[at].index(words), at))
            await pilot.pause()
        assert isinstance(app.screen, NetworksScreen)
        assert engine.heard() == []
        at = next(y for y, line in enumerate(lines) if "─ 1" in line)
        await pilot.click(tree, offset=(lines[at].index("1"), at))
        await until(pilot, lambda: engine.heard() == [SelectNetwork(number=2)])


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (("encoder.rnn",), "has one recurrent network: encoder.rnn (LSTM 8 × 2, embedding 16)."),
        (("",), "has one recurrent network: (the model itself)"),
        ((), "No recurrent network of train.py --epochs 3 has been called yet."),
    ],
)
async def test_with_less_than_two_networks_it_says_so(networks: tuple[str, ...], words: str) -> None:
    subject = replace(script().subject, networks=networks, notes=NOTES)
    app = Host(NetworksScreen(subject))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = " ".join(screen_text(pilot).replace("│", " ").split())
        assert words in text
        assert NOTES[1] in text
        assert not app.screen.query(Tree)
        await pilot.press("escape")
        await pilot.pause()
        assert app.answer is None


async def test_a_name_may_be_the_beginning_of_another() -> None:
    app = Host(NetworksScreen(replace(script().subject, networks=("rnn", "rnn.inner", "[b]x[/b]\x1b"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "[b]x[/b]␛" in screen_text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answer == 0


# ---- leaving --------------------------------------------------------------------------------------------------------


async def test_an_interrupted_script_is_left_when_it_has_ended() -> None:
    async with watching(script(), size=(80, 24)) as (pilot, app, engine):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScriptScreen))
        assert_inside(pilot)
        await pilot.press("q")
        await until(pilot, lambda: engine.heard() == [Interrupt()])
        engine.move(tick=1235, newest=1235)
        await until(pilot, lambda: "update 1,235" in shown(app))
        assert app.is_running
        engine.move(state="done", exit_code=130)
        await until(pilot, lambda: not app.is_running)
        assert app.return_code == 0


async def test_it_is_killed() -> None:
    async with watching(script()) as (pilot, app, engine):
        await pilot.press("q", "k")
        await until(pilot, lambda: not app.is_running)
        assert engine.heard() == [Stop(keep=False)]
        assert app.run_state.ends_with_view


@pytest.mark.parametrize("keys", [("q", "d"), ("d",)])
async def test_it_is_left_running(keys: tuple[str, ...]) -> None:
    async with watching(script()) as (pilot, app, engine):
        await pilot.press(*keys)
        await until(pilot, lambda: engine.heard() == [Detach()])
        assert not [line for line in notified(app) if "saved" in line]
        engine.say(Left(run=Whereabouts(process=1, views=0, name="train-1"), stopped=False))
        await until(pilot, lambda: not app.is_running)
        run = app.run_state
        assert list(last_lines(run.opened, run.left, ends_run=False)) == ["Left running: rnn-tui attach train-1"]


async def test_one_stays() -> None:
    async with watching(script()) as (pilot, app, engine):
        await pilot.press("q", "escape")
        await until(pilot, lambda: app.screen is app.main)
        assert engine.heard() == []


async def test_read_only_a_view_that_came_later_can_only_leave_it() -> None:
    async with watching(script(subject={"can": ("back",)})) as (pilot, app, engine):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScriptScreen))
        text = "\n".join(str(each.content) for each in app.screen.query(Static))
        assert "read-only" in text
        assert "Interrupt" not in text
        await pilot.press("q", "k")
        await pilot.pause()
        assert isinstance(app.screen, QuitScriptScreen)
        assert engine.heard() == []
        await pilot.press("d")
        await until(pilot, lambda: engine.heard() == [Detach()])


async def test_when_it_has_ended_the_last_picture_stays_and_q_leaves_at_once() -> None:
    async with watching(script()) as (pilot, app, engine):
        picture = text_of(app, "#network")
        engine.move(state="done", exit_code=1, notice="ValueError: no such file")
        await until(pilot, lambda: "ended with exit code 1" in screen_lines(app)[1])
        assert "ValueError: no such file" in shown(app)
        assert text_of(app, "#network").splitlines()[1:3] == picture.splitlines()[1:3]
        assert screen_lines(app)[-1].startswith("← back M networks L output h explain [] time")
        await pilot.press("space")
        await until(pilot, lambda: notified(app) == ["space (hold): the script has ended."])
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert engine.heard() == []
        run = app.run_state
        assert list(last_lines(run.opened, run.left, ends_run=run.ends_with_view, ended=run.has_ended)) == []


async def test_a_script_that_has_gone_is_not_started_again() -> None:
    engine = ScriptEngine(script())
    async with running(script().experiment, engine=engine) as (pilot, app, _):
        engine.die("Killed.")
        await until(pilot, lambda: isinstance(app.screen, EngineGoneScreen))
        await until(pilot, lambda: "The script has gone" in shown(app))
        assert "start again" not in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, EngineGoneScreen)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


# ---- notes, and what is not seen ------------------------------------------------------------------------------------


async def test_notes_stand_in_the_notice_once_and_in_the_explanation_always() -> None:
    async with watching(script(subject={"notes": NOTES}), size=(80, 24)) as (pilot, app, engine):
        await until(pilot, lambda: NOTES[0] in " ".join(shown(app).split()))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: NOTES[0] not in shown(app))
        engine.move(tick=1235)
        await until(pilot, lambda: "update 1,235" in shown(app))
        assert NOTES[0] not in shown(app)
        engine.change(notes=(*NOTES, "A third one."))  # only what is new
        await until(pilot, lambda: "A third one." in shown(app))
        assert NOTES[0] not in shown(app)
        await pilot.press("1", "h")
        await until(pilot, lambda: isinstance(app.screen, ExplainScreen))
        text = " ".join(shown(app).replace("│", " ").split())
        assert "note Dropout between the layers is not seen. The decoder was compiled. A third one." in text
        assert "slow motion" not in text


@pytest.mark.parametrize(
    ("which", "pane", "words"),
    [
        (script(predicts=False), "#prediction", "No prediction is seen"),
        (script(has_loss=False, status={"loss": None}), "#loss", "No loss has been seen"),
        (script(is_seen=False, status={"tick": 0, "newest": 0, "fed": 0}), "#network", "Waiting for the first update."),
        (script(is_seen=False, status={"tick": 0, "newest": 0, "fed": 0}), "#states", "Waiting for the first update."),
        (script(is_seen=False, status={"tick": 0, "newest": 0, "fed": 0, "state": "done"}), "#network", "has ended"),
    ],
)
@pytest.mark.sampled(2)
async def test_a_pane_that_cannot_be_filled_says_why(which: Any, pane: str, words: str) -> None:
    async with watching(which) as (_, app, _engine):
        assert words in " ".join(text_of(app, pane).replace("│", " ").split())


async def test_without_a_loss_the_view_does_not_ask_for_one_without_end() -> None:
    async with watching(script(has_loss=False, status={"loss": None, "state": "paused"})) as (pilot, _, engine):
        looks = len(engine.looks)
        for _turn in range(40):
            await pilot.pause(0.01)
        assert len(engine.looks) == looks


async def test_a_script_without_a_recurrent_call_shows_its_losses() -> None:
    which = script(is_seen=False, predicts=False, evaluated=True, subject={"networks": (), "network_facts": ""})
    async with watching(which, size=(80, 24)) as (pilot, app, engine):
        assert [pane.ID for pane in app.main.grid.shown] == ["loss"]
        assert text_of(app, "#loss").splitlines()[0].startswith("╭─ Loss · evaluated 1.900 ─")
        assert "nan" not in shown(app).lower()
        assert app.main.query_one("#loss").size.width > 70
        engine.become(script())  # it is called after all
        await until(pilot, lambda: {"network", "states", "loss", "prediction"} == {p.ID for p in app.main.grid.shown})


# ---- words ----------------------------------------------------------------------------------------------------------

MANY = tuple(f"{'abcdefghij'[: 1 + at % 10]}{at}" for at in range(50_000))
SCRIPTS = {
    "words": script(),
    "50,000 words": script(words=MANY),
    "fewer words than tokens": script(classes=40, subject={"words": WORDS}),
    "classes": script(classes=21, subject={"words": WORDS, "classes_from": 15}),
    "numbers of tokens": script(classes=7_000),
    "features": script(classes=10, embedding=0, subject={"reads": "numbers"}),
    "no prediction": script(predicts=False),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
@pytest.mark.parametrize("name", SCRIPTS)
async def test_no_pane_shows_a_stand_in(name: str, size: tuple[int, int]) -> None:
    async with watching(SCRIPTS[name], size=size) as (pilot, app, engine):
        for key in ("", *PANE_KEYS, "right_curly_bracket", "1", "4"):
            if key and PANE_KEYS.get(key) != "sample":
                await pilot.press(key)
                await settled(pilot, app, engine)
            for pane in [*app.main.grid.shown, app.main]:
                text = text_of(app, pane)
                bad = {each for each in text if unicodedata.category(each) == "Co" or each == "�"}
                assert not bad, (key, pane)
                border = f"{getattr(pane, 'border_title', '')}{getattr(pane, 'border_subtitle', '')}"
                assert not [each for each in border if unicodedata.category(each) == "Co"]


async def test_words_are_cut_with_a_sign_and_stand_whole_where_there_is_room() -> None:
    async with watching(script()) as (pilot, app, _):
        assert "inter…" in text_of(app, "#network")
        assert "international" not in text_of(app, "#network")
        assert "likely international .50" in text_of(app, "#prediction")
        assert "␣of" in text_of(app, "#network")  # a space that belongs to a word
        await pilot.press("u")
        await until(pilot, lambda: "the looked <pad> and '' mat ␣of a . on news sat" in text_of(app, "#reading"))


async def test_two_words_that_are_cut_alike_are_not_the_same() -> None:
    words = tuple(f"internationally{at}" for at in range(15))
    async with watching(script(words=words)) as (_, app, _engine):
        assert "✗" in text_of(app, "#network")
        assert "✓" in text_of(app, "#network")


async def test_tokens_without_words_are_numbers() -> None:
    which = script(classes=40)
    async with watching(which) as (_, app, _engine):
        line = next(line for line in text_of(app, "#network").splitlines() if "input" in line)
        assert line.strip("│ ").split() == ["input", *(str((7 * step + 1) % 40) for step in range(12))]


async def test_classes_have_numbers_of_their_own() -> None:
    which = script(classes=21, subject={"words": (*WORDS, "one too many"), "classes_from": 15})
    glyphs = Glyphs(which.experiment, which.subject)
    assert list(glyphs[:2]) == ["<pad>", "the"]
    assert list(glyphs[14:]) == ["''", "0", "1", "2", "3", "4", "5"]


async def test_what_reads_features_shows_no_index() -> None:
    async with watching(SCRIPTS["features"]) as (pilot, app, _):
        line = next(line for line in text_of(app, "#network").splitlines() if "input" in line)
        assert set(line.strip("│ ").split()[1:]) == {"·"}
        await pilot.press("a")
        await until(pilot, lambda: "+0.8415" in text_of(app, "#saliency"))
        assert "t=9  8 " in text_of(app, "#saliency")  # its time step stands for what is read


async def test_columns_do_not_jump_with_the_passes() -> None:
    """Rows of other lengths, and shorter words, leave them as they are; so do the cursor and the row."""
    first = script(words=MANY)
    async with watching(first) as (pilot, app, engine):
        await pilot.press("left_square_bracket", "left_square_bracket", "right_curly_bracket")
        await until(pilot, lambda: app.main.scene is not None and app.main.scene.view.row == 1)
        engine.become(script(words=MANY, length=12))
        scene = app.main.scene
        assert scene is not None
        column, cursor = scene.axis.column, scene.view.cursor
        for length in (9, 11, 12):
            engine.become(script(words=MANY, length=length))
            await until(pilot, lambda: app.main.scene.experiment.length == length)  # noqa: B023
            scene = app.main.scene
            assert (scene.axis.column, scene.view.cursor, scene.view.row) == (column, cursor, 1)
        engine.become(script(words=tuple("ab")))
        await until(pilot, lambda: app.main.scene.glyphs[0] == "a")
        assert app.main.scene.axis.column == column


async def test_another_network_is_looked_at_from_its_beginning() -> None:
    async with watching(script(subject={"networks": NETWORKS})) as (pilot, app, engine):
        await pilot.press("left_square_bracket", "right_curly_bracket")
        await until(pilot, lambda: app.main.view.row == 1)
        engine.change(networks=(*NETWORKS, "head.rnn"))  # another has been called meanwhile
        await until(pilot, lambda: "(1 of 4: M)" in screen_lines(app)[0])
        assert app.main.view.row == 1
        engine.change(network=1)
        await until(pilot, lambda: "decoder.cells.0" in screen_lines(app)[0])
        assert (app.main.view.row, app.main.view.cursor) == (0, None)


async def test_a_picture_that_cannot_be_had_says_why_in_a_script() -> None:
    engine = ScriptEngine(script())
    problem = "The script has ended, and this had not been looked at before."
    engine.extra = {"failures": (Failure(part="steps", problem=problem),)}
    async with running(script().experiment, engine=engine, size=(120, 36)) as (_, app, _):
        text = " ".join(text_of(app, "#network").replace("│", " ").split())
        assert f"✗ No picture: {problem} " in text
        assert "Training goes on" not in text


async def test_outputs_that_are_not_known_are_left_out() -> None:
    async with watching(script(predicts=False)) as (_, app, _engine):
        assert "output" not in text_of(app, "#network")
        assert "LSTM 2" in text_of(app, "#network")
