"""A run of several processes on the screen: the strip, the key from rank to rank, and keys that it does not have."""

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Step
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.ranks import RankMeans, first_row, next_rank, rank_of
from rnn_tui.view.model.run_state import RunState
from tests.fake_ranks import ranks_of
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, screen_lines, text_of, until

SHARED = "several processes share each batch, and"


def shared(processes: int = 2) -> tuple[Experiment, FakeEngine]:
    """A lesson on several processes, and the engine that trains it."""
    lesson = LESSONS["remember"]
    experiment = replace(
        lesson,
        run=replace(lesson.run, processes=processes),
        training=replace(lesson.training, tick="sequence"),
    )
    engine = FakeEngine()
    engine.extra = {"ranks": ranks_of(processes, rows=lesson.rows // processes)}
    return experiment, engine


async def test_the_strip_and_the_key_from_rank_to_rank() -> None:
    experiment, engine = shared()
    half = experiment.rows // 2
    async with running(experiment, engine=engine, size=(80, 24)) as (pilot, app, _):
        strip = app.main.query_one("#ranks")
        await until(pilot, lambda: "none stands out" in text_of(app, strip))
        assert strip.size.height == 3
        assert not app.main.query_one("#timeline").display  # there is no way back
        rows = []
        for _ in range(3):
            await pilot.press("N")
            await until(pilot, lambda: engine.looks[-1].wanted.row == app.main.view.row)
            rows.append(app.main.view.row)
            marked = [line[2:8] for line in text_of(app, strip).splitlines() if line[0] == "▸"]
            assert marked == [f"rank {1 if app.main.view.row else 0}"]
        assert rows == [half, 0, half]
        await pilot.press("right_curly_bracket")
        assert app.main.view.row == half + 1
        assert engine.heard() == []
        await pilot.click("#ranks", offset=(5, 1))
        await until(pilot, lambda: app.main.view.row == 0)
        strip.focus()
        await pilot.press("h")
        await until(pilot, lambda: app.screen is not app.main)
        assert app.screen.query_one("#explain").border_title == "Ranks"
        await pilot.press("escape", "P")
        await until(pilot, lambda: not strip.display)
        await pilot.press("P")
        await until(pilot, lambda: strip.display)


async def test_keys_that_several_processes_do_not_have_say_why() -> None:
    experiment, engine = shared()
    keys = [key for key in KEYS if key.alone]
    assert {key.keys for key in keys} >= {"left", "home", "s", "n", "m"}
    async with running(experiment, engine=engine) as (pilot, app, _):
        for key in keys:
            line = f"{key.shown} ({key.label}): {SHARED} {key.alone}."
            assert app.run_state.why_refused(key.action) == line
        await pilot.press("s")
        await until(pilot, lambda: app._notifications)
        assert [each.message for each in app._notifications] == [
            "s (slow motion): several processes share each batch, and compute a pass in one piece."
        ]
        await pilot.press("enter")
        await until(pilot, lambda: list(app._notifications)[-1].message.endswith("cannot be touched."))
        assert engine.heard() == []
        line = screen_lines(app)[-1].rstrip()
        assert line.startswith("space pause → tick +- speed N rank h explain")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Next rank  (N)" in titles
        assert not any("(←)" in title or "(s)" in title for title in titles)
        await pilot.press("right")
        assert engine.heard() == [Step(unit="tick")]


def test_one_process_has_neither_the_strip_nor_its_key() -> None:
    run = RunState(LaunchOptions(experiment=LESSONS["hihello"]))
    assert run.why_refused("ranks") == "P (processes): only where several processes share each batch."
    assert not run.why_refused("app.tell('next_part')")
    run = RunState(LaunchOptions(experiment=shared()[0]))
    assert not run.why_refused("ranks")
    assert run.why_refused("app.tell('tick_back')") == f"← (tick back): {SHARED} have no way back."


@pytest.mark.parametrize(("rows", "ranks"), [(8, 2), (7, 3), (64, 64), (65, 64)])
def test_every_row_has_one_rank(rows: int, ranks: int) -> None:
    owners = [rank_of(row, rows=rows, ranks=ranks) for row in range(rows)]
    assert sorted(set(owners)) == list(range(ranks))
    assert owners == sorted(owners)
    assert [owners.index(rank) for rank in range(ranks)] == [first_row(r, rows=rows, ranks=ranks) for r in range(ranks)]
    row, seen = 0, []
    for _ in range(ranks):
        seen.append(owners[row])
        row = next_rank(row, rows=rows, ranks=ranks)
    assert (row, seen) == (0, list(range(ranks)))


def test_times_are_means_of_the_frames_so_far() -> None:
    means, figures = RankMeans(), ranks_of(2)
    for number, seconds in enumerate((0.1, 0.2, 0.6)):
        now = tuple(replace(each, update=number, computing=seconds) for each in figures)
        found = means.take(1, now)
        assert means.take(1, now) == found  # the same update again counts once
    assert [each.computing for each in found] == pytest.approx([0.3, 0.3])
    assert means.take(2, figures) == figures  # another run
