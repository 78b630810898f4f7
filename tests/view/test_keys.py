"""Every key of the table, on the main screen: what it says to the engine, or how it changes the look."""

import os

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    NextBranch,
    NextPhase,
    Open,
    Play,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
    TakeControls,
)
from rnn_tui.protocol.core import Detach, Stop
from rnn_tui.protocol.engine_messages import Left, Whereabouts
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.screens.quit import QuitScreen
from rnn_tui.view.terminal.exit import last_lines
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import PANE_KEYS, running, screen_lines, text_of, until

ALL = [name for key in KEYS for name in key.keys.split(",")]
EARLY = ALL if "RNN_TUI_ROUNDS" in os.environ else ALL[::4]  # a screen for each takes its time

# The fake run plays `hihello` (seed 4, by character) at 4 ticks/s; 4 of 6 steps are fed: the cursor is at 3.
COMMANDS: dict[str, Command] = {
    "space": Play(on=False),
    "right": Step(),
    "shift+right": Step(unit="epoch"),
    "left": StepBack(),
    "shift+left": StepBack(unit="epoch"),
    "home": GoTo(tick=0),
    "end": GoTo(tick=-1),
    "plus": SetSpeed(speed=8),
    "equals_sign": SetSpeed(speed=8),
    "minus": SetSpeed(speed=2),
    "m": SetTick(tick="sequence"),
    "r": Restart(),
    "R": Restart(seed=5),
    "n": NextPhase(),
    "N": NextPhase(unit="part"),
    "s": SlowMotion(on=True),
}
VIEWS = {
    "left_square_bracket": ViewState(cursor=2),
    "right_square_bracket": ViewState(cursor=4),
    "x": ViewState(log_x=True),
    "y": ViewState(log_y=True),
    "Y": ViewState(chart="gradient"),
}
ZOOMS = {"1": "network", "2": "states", "3": "loss", "4": "prediction"}
SCREENS = {
    "l": "LessonsScreen",
    "W": "ToursScreen",
    "e": "ExperimentScreen",
    "B": "BreakpointsScreen",
    "O": "GenerationScreen",
    "A": "CompareScreen",
    "c": "ReproduceScreen",
    "h": "ExplainScreen",
    "E": "SaveScreen",
    "question_mark": "HelpScreen",
    "f1": "HelpScreen",
}
INSIDE = {*PANE_KEYS, "enter", "o", "comma", "full_stop"}  # see test_inside.py
OTHERS = {
    "left_curly_bracket",
    "right_curly_bracket",
    "k",
    "up",
    "down",
    "z",
    "F",
    "b",
    "tab",
    "backspace",
    "S",
    "escape",
    "q",
    "ctrl+q",
    "d",
    "T",
    "ctrl+z",
    "ctrl+l",
    "f",
    "L",
    "M",  # see test_script_view.py
    "P",  # see test_ranks.py
    *(name for key in KEYS if key.runs == "field" for name in key.keys.split(",")),  # see test_field.py
}  # tests of their own


def test_no_key_is_left_out() -> None:
    assert sorted(ALL) == sorted([*COMMANDS, *VIEWS, *ZOOMS, *SCREENS, *INSIDE, *OTHERS])


async def test_keys_that_tell_the_engine_something() -> None:
    async with running() as (pilot, app, engine):
        view = app.main.view
        for key, command in COMMANDS.items():
            await pilot.press(key)
            assert engine.heard() == [command], key
            await until(pilot, lambda: engine.frames[-1].revision == engine.revision)  # it is looked at what came of it
            engine.move(state="playing", speed=4.0)
            await until(pilot, lambda: app.main.scene and app.main.scene.frame.revision == engine.revision)
        assert app.main.view == view
        assert app.screen is app.main


async def test_keys_that_change_the_look_tell_the_engine_nothing_else() -> None:
    async with running() as (pilot, app, engine):
        for key, view in VIEWS.items():
            app.main.view = ViewState()
            app.main._redraw()
            await pilot.press(key)
            assert app.main.view == view
            assert app.main.scene is not None
            assert app.main.scene.view == view
        assert engine.heard() == []


@pytest.mark.parametrize("paused", [True, False])
async def test_a_logarithmic_time_axis_is_fetched_at_once_also_at_rest(paused: bool) -> None:
    async with running(paused=paused) as (pilot, _, engine):
        for on in (True, False):
            frames = len(engine.frames)
            await pilot.press("x")
            await until(pilot, lambda: len(engine.frames) > frames)  # noqa: B023
            curves = [look.wanted.curve for look in engine.looks if look.wanted.curve is not None]
            assert curves[-1].log_x is on


async def test_space_plays_what_is_paused_and_what_is_done() -> None:
    async with running(paused=True) as (pilot, app, engine):
        assert "paused" in text_of(app, "#status")
        await pilot.press("space")
        assert engine.heard() == [Play(on=True)]
        await until(pilot, lambda: "playing" in text_of(app, "#status"))
        engine.move(state="done")
        await until(pilot, lambda: "done" in text_of(app, "#status"))
        await pilot.press("space")
        assert engine.heard() == [Play(on=True)]


LADDER = [
    ("plus", 1000.0, 0.0), ("plus", 0.0, 0.0), ("minus", 0.0, 1000.0), ("minus", 1.0, 1.0), ("plus", 5.0, 8.0),
    ("minus", 5.0, 4.0), ("minus", 7.0, 4.0), ("plus", 7.0, 8.0), ("plus", 5000.0, 0.0), ("minus", 5000.0, 1000.0),
    ("plus", 0.5, 1.0),
]  # fmt: skip


async def test_the_pace_goes_to_the_next_step_of_its_ladder() -> None:
    async with running() as (pilot, app, engine):
        for key, now, then in LADDER:
            engine.move(speed=now)
            await until(pilot, lambda: app.main.scene and app.main.scene.frame.revision == engine.revision)
            await pilot.press(key)
            assert engine.heard() == [SetSpeed(speed=then)], (key, now)


async def test_m_goes_back_to_characters() -> None:
    async with running("hihello-sequence") as (pilot, _, engine):
        await pilot.press("m")
        assert engine.heard() == [SetTick(tick="character")]


async def test_the_cursor_stays_inside_and_escape_lets_it_follow() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press(*["left_square_bracket"] * 4)
        assert app.main.view.cursor == 0
        await pilot.press(*["right_square_bracket"] * 6)
        assert app.main.view.cursor == 5
        await pilot.press("escape")
        assert app.main.view.cursor is None
        assert app.main.scene is not None
        assert app.main.scene.cursor == 3
        engine.move(fed=5)
        await until(pilot, lambda: app.main.scene and app.main.scene.cursor == 4)


async def test_curly_brackets_pick_the_row_of_a_batch() -> None:
    async with running("three-words") as (pilot, app, engine):
        await pilot.press("right_curly_bracket")
        assert app.main.view.row == 1
        await until(pilot, lambda: engine.looks[-1].wanted.row == 1)
        await until(pilot, lambda: app.main.scene and app.main.scene.inputs == list("eolll"))
        assert "row 2 of 3" in text_of(app, "#network")
        await pilot.press(*["right_curly_bracket"] * 2)
        assert app.main.view.row == 2
        await pilot.press(*["left_curly_bracket"] * 3)
        assert app.main.view.row == 0
        await until(pilot, lambda: app.main.scene and app.main.scene.inputs == list("hello"))


async def test_up_and_down_show_other_layers_and_say_which() -> None:
    async with running("ohlol-lstm", size=(80, 24)) as (pilot, app, _):
        assert "layer 1 of 2" in text_of(app, "#states")
        await pilot.press("up")
        assert app.main.view.layer == 1
        await until(pilot, lambda: "layer 2 of 2" in text_of(app, "#states"))
        assert "h₂→" in text_of(app, "#states")
        await pilot.press("up")
        assert app.main.view.layer == 1
        await pilot.press(*["down"] * 3)
        assert app.main.view.layer == 0
        await until(pilot, lambda: "h₁→" in text_of(app, "#states"))


async def test_a_pane_fills_the_screen_and_goes_back() -> None:
    async with running() as (pilot, app, engine):
        sizes = {pane.id: pane.region for pane in app.main.grid.panes}
        whole = app.main.query_one("#panes").region
        for key, name in [*ZOOMS.items(), ("z", "prediction")]:  # which has the focus by then
            for back in (key, "escape"):
                await pilot.press(key)
                await until(pilot, lambda: app.main.query_one(f"#{name}").region == whole)  # noqa: B023
                assert not any(pane.region for pane in app.main.grid.panes if pane.id != name)
                await pilot.press(back)
                await until(pilot, lambda: {pane.id: pane.region for pane in app.main.grid.panes} == sizes)
        assert engine.heard() == []


async def test_one_zoom_replaces_another_and_the_engine_is_asked_for_what_is_seen() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("3")
        await until(pilot, lambda: engine.looks[-1].wanted.count == 0)  # no pane with time steps is left
        await pilot.press("2")
        await until(pilot, lambda: engine.looks[-1].wanted.count == 6)
        await until(pilot, lambda: not app.main.query_one("#loss").region)
        assert app.main.query_one("#states").region == app.main.query_one("#panes").region


async def test_tab_goes_round_the_panes_that_are_there() -> None:
    async with running() as (pilot, app, _):
        app.main.set_focus(None)
        seen = []
        for _again in range(5):
            await pilot.press("tab")
            seen.append(app.main.focused and app.main.focused.id)
        assert seen == ["network", "states", "loss", "prediction", "network"]
        await pilot.press("shift+tab")
        assert app.main.focused
        assert app.main.focused.id == "prediction"


async def test_keys_that_open_a_screen_and_escape_closes_it() -> None:
    async with running(size=(80, 24)) as (pilot, app, engine):
        for key, name in SCREENS.items():
            await pilot.press(key)
            await until(pilot, lambda: type(app.screen).__name__ == name)  # noqa: B023
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        assert engine.heard() == []


async def test_what_a_screen_gives_back_is_opened() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("l")
        await until(pilot, lambda: type(app.screen).__name__ == "LessonsScreen")
        app.screen.dismiss(LESSONS["hello"])
        await until(pilot, lambda: engine.heard() == [Open(experiment=LESSONS["hello"])])
        await until(pilot, lambda: app.main.query_one("#shapes").region)
        assert not app.main.query_one("#loss").region


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_asks_and_again_stops_the_run(key: str) -> None:
    async with running() as (pilot, app, engine):
        await pilot.press(key)
        assert isinstance(app.screen, QuitScreen)
        assert engine.heard() == []
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert (app.return_code, app.run_state.ends_with_view) == (0, True)
        assert engine.heard() == [Stop()]


@pytest.mark.parametrize("keys", [("d",), ("q", "d")])
async def test_d_leaves_the_run_when_the_engine_has_said_goodbye(keys: tuple[str, ...]) -> None:
    async with running() as (pilot, app, engine):
        await pilot.press(*keys)
        assert engine.heard() == [Detach()]
        assert app.is_running
        engine.say(Left(run=Whereabouts(process=1, views=0, name="hihello-1"), stopped=False))
        await until(pilot, lambda: not app.is_running)
        assert (app.return_code, app.run_state.ends_with_view) == (0, False)
        assert list(last_lines(app.run_state.opened, app.run_state.left, ends_run=False)) == [
            "Left training: rnn-tui attach hihello-1"
        ]


async def test_who_asks_what_q_does_may_stay() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("q", "escape")
        assert app.screen is app.main
        await pilot.press("space")
        assert engine.heard() == [Play(on=False)]


async def test_a_view_that_watches_leaves_without_a_question_and_can_take_the_controls() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("T")
        assert engine.heard() == []  # it has them
        engine.extra |= {"controls": False, "views": 2}
        engine.move()
        await until(pilot, lambda: app.run_state.watches)
        assert "watching (T drives)" in text_of(app, "#status")
        await pilot.press("T")
        assert engine.heard() == [TakeControls()]
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert not app.run_state.ends_with_view
        assert engine.heard() == []


async def test_a_run_that_was_there_is_not_opened_again() -> None:
    engine = FakeEngine(MIDWAY)
    engine.join(LESSONS["ohlol"])
    async with running("hihello", engine=engine, ready=False) as (pilot, app, _):
        await until(pilot, lambda: app.run_state.opened is not None and app.run_state.opened.experiment.name == "ohlol")
        assert engine.heard() == []


async def test_where_nothing_is_learnt_q_leaves_at_once() -> None:
    async with running("hello") as (pilot, app, engine):
        await pilot.press("d")
        assert engine.heard() == []
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
        assert app.run_state.ends_with_view


async def test_every_key_before_the_first_frame() -> None:
    engine = FakeEngine(greets=False)
    async with running(engine=engine, ready=False, size=(80, 24)) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene)  # the network at tick 0, from the experiment alone
        for key in EARLY:
            if key in ("q", "ctrl+q", "ctrl+z", "d"):  # those leave
                continue
            await pilot.press(key)
            assert app.is_running, key
            opens = key in SCREENS and key != "c"  # no tick yet that a command could lead to
            assert len(app.screen_stack) == (2 if opens else 1), key
            await pilot.press("escape")
            assert app.screen is app.main, key
        assert engine.commands == []
        assert "torch is being loaded" in "\n".join(screen_lines(app))
        engine.greet()
        await until(pilot, lambda: app.main.scene and app.main.scene.opened.run == engine.run)
        opened, *wishes = engine.commands
        assert opened == Open(experiment=LESSONS["hihello"], play=False)  # space is the first of them
        known = COMMANDS | {"b": NextBranch()}
        asked = [known[key] for key in EARLY if key in known and key not in ("space", "d")]
        assert [type(each) for each in wishes] == [type(each) for each in asked]


async def test_a_lesson_chosen_before_the_first_frame_is_the_one_that_opens() -> None:
    engine = FakeEngine(greets=False)
    async with running(engine=engine, ready=False) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene)
        await pilot.press("l", "down", "enter")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: any("hihello-sequence" in line for line in screen_lines(app)[:1]))
        assert "loading torch" in screen_lines(app)[1]
        engine.greet()
        await until(pilot, lambda: engine.commands)
        assert engine.commands == [Open(experiment=LESSONS["hihello-sequence"])]


async def test_q_before_the_first_frame() -> None:
    async with running(engine=FakeEngine(greets=False), ready=False, size=(80, 24)) as (pilot, app, _):
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_every_key_after_the_engine_has_gone() -> None:
    async with running(size=(80, 24)) as (pilot, app, engine):
        engine.die("The engine was ended by signal 9.")
        await until(pilot, lambda: app.screen is not app.main)
        for key in [*ALL, "ctrl+p", "f5", "left", "pageup"]:
            if key in ("q", "escape", "enter"):  # those leave, or begin again with another engine
                continue
            before = app.screen
            await pilot.press(key)
            assert app.is_running, key
            assert engine.commands == [], key
            if app.screen is not before:  # help or the palette may open over it
                await pilot.press("escape")
            await until(pilot, lambda: app.screen is before)  # noqa: B023
        assert type(app.screen).__name__ == "EngineGoneScreen"


@pytest.mark.parametrize("key", ["q", "escape"])
async def test_leaving_after_the_engine_has_gone_is_a_failure(key: str) -> None:
    async with running(size=(80, 24)) as (pilot, app, engine):
        engine.die("The engine was ended by signal 9.")
        await until(pilot, lambda: app.screen is not app.main)
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running)
        assert app.return_value == 1
        said = list(
            last_lines(
                app.run_state.opened, app.run_state.left, ends_run=app.run_state.ends_with_view, died=app.run_state.died
            )
        )
        assert said == ["The engine was ended by signal 9."]


async def test_fork_holds_the_run_and_says_what_changes() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("F")
        assert type(app.screen).__name__ == "ForkScreen"
        assert engine.heard() == [Play(on=False)]
        await pilot.press("ctrl+s")  # nothing changes yet
        assert type(app.screen).__name__ == "ForkScreen"
        await pilot.press("end", *["backspace"] * 3, *"0.02", "ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
        training = replace(LESSONS["hihello"].training, lr=0.02)
        assert engine.heard() == [Fork(training=training), Play(on=True)]


async def test_fork_with_another_seed_begins_its_numbers_anew() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("F", *["down"] * 7, "end", "5", "ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
        assert engine.heard()[1] == Fork(training=replace(LESSONS["hihello"].training, seed=45), reseed=True)


async def test_a_wrong_fork_is_told_at_its_field_and_goes_nowhere() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("F", "end", *["backspace"] * 3, *"-1", "ctrl+s")
        assert type(app.screen).__name__ == "ForkScreen"
        await until(pilot, lambda: "must be above 0" in "\n".join(screen_lines(app)))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert engine.heard() == [Play(on=False)]


async def test_b_goes_on_where_there_is_another_branch() -> None:
    async with running() as (pilot, app, engine):
        await pilot.press("b")
        assert engine.heard() == []
        await until(pilot, lambda: "only one branch" in "\n".join(screen_lines(app)))
        engine.move(branches=2, branch="fork 1")
        await until(pilot, lambda: app.main.scene and app.main.scene.frame.status.branches == 2)
        await pilot.press("b")
        assert engine.heard() == [NextBranch()]
        assert "fork 1" in "\n".join(screen_lines(app))


async def test_the_time_line_is_clicked_and_dragged() -> None:
    async with running() as (pilot, _, engine):
        await pilot.mouse_down("#timeline", offset=(0, 0))
        await pilot.hover("#timeline", offset=(119, 0))
        await pilot.mouse_up("#timeline", offset=(119, 0))
        assert engine.heard() == [GoTo(tick=0), GoTo(tick=MIDWAY.newest)]
        await pilot.hover("#timeline", offset=(40, 0))
        assert engine.heard() == []


async def test_in_the_past_the_screen_says_so() -> None:
    async with running() as (pilot, app, engine):
        engine.move(newest=6000, state="paused")
        await until(pilot, lambda: "tick 70 of 6,000" in "\n".join(screen_lines(app)))
        assert "◆" in "\n".join(screen_lines(app))
        assert "┆" in "\n".join(screen_lines(app))  # on the loss curve
