"""The form: what every field does, what follows from what, and what is said where something is wrong."""

import itertools
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Data, Experiment, Network, Training
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.view.screens.editors import ChoiceInput, Row, as_text, from_text
from rnn_tui.view.screens.experiment import ExperimentScreen
from tests.view.dialogs import NOTHING, SIZES, Host, answer_to, assert_inside, screen_text


class Form:
    """The form on a lesson, with what a test asks of it."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot, self.dialog = pilot, pilot.app.screen
        self.rows = {row.setting.path: row for row in self.dialog.query(Row)}

    async def type(self, path: str, text: str) -> None:
        """Replace what the field holds."""
        widget = self.rows[path].editor
        assert isinstance(widget, Input)
        widget.focus()
        widget.value = ""
        widget.insert_text_at_cursor(text)
        await self.pilot.pause()

    async def choose(self, path: str, word: str) -> None:
        """Press → until the word is chosen."""
        widget = self.rows[path].editor
        assert isinstance(widget, ChoiceInput)
        widget.focus()
        words = setting(path).choices or ("no", "yes")
        await self.pilot.press(*["right"] * ((words.index(word) - words.index(widget.value)) % len(words)))
        assert widget.value == word

    def value(self, path: str) -> str:
        return self.rows[path].editor.value

    @property
    def problems(self) -> dict[str, str]:
        return {path: row.problem for path, row in self.rows.items() if row.problem}

    @property
    def can_begin(self) -> bool:
        return not self.dialog.query_one(Button).disabled

    async def begin(self) -> Any:
        await self.pilot.press("ctrl+s")
        app = self.pilot.app
        assert isinstance(app, Host)
        return app.answer


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["hihello", "hello", "ohlol-lstm", "six-words", "sums", "read", "sine"])
async def test_begin_without_a_change_gives_the_same_experiment(name: str) -> None:
    """One of each kind of data: its own rows, none that is learnt, a batch, pairs, a text, a series."""
    assert await answer_to(ExperimentScreen(LESSONS[name]), "ctrl+s") == LESSONS[name]


@pytest.mark.parametrize("name", LESSONS)
def test_every_value_of_every_lesson_is_the_same_from_its_text(name: str) -> None:
    values = to_dict(LESSONS[name])
    for each in SETTINGS:
        values[each.section][each.name] = from_text(each.path, as_text(each.path, each.of(LESSONS[name])))
    assert from_dict(values) == LESSONS[name]


async def test_every_field_has_a_row_and_tab_goes_through_them() -> None:
    app = Host(ExperimentScreen(LESSONS["hihello"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = []
        for key in itertools.chain(["tab"] * 5, ["down"] * (len(SETTINGS) - 5)):
            assert app.focused is not None
            row = app.focused.parent
            assert isinstance(row, Row)
            assert row.region.overlaps(app.screen.query_one("#fields").region)  # scrolled to
            hint = str(app.screen.query_one("#form-hint", Static).content)
            assert row.setting.about.partition(";")[0].partition(":")[0].lower() in hint.lower()
            seen.append(row.setting.path)
            await pilot.press(key)
        first = ["network.cell", "network.hidden_size", "network.layers", "training.lr", "training.seed"]
        assert seen == [*first, *(field.path for field in SETTINGS if field.path not in first)]
        assert isinstance(app.focused, Button)
        await pilot.press("shift+tab")
        assert app.focused is not None
        assert isinstance(app.focused.parent, Row)


async def test_escape_cancels_and_the_button_begins() -> None:
    assert await answer_to(ExperimentScreen(LESSONS["hihello"]), "escape") is None
    app = Host(ExperimentScreen(LESSONS["hihello"]))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.click(Button)
        await pilot.pause()
    assert app.answer == LESSONS["hihello"]


async def run_form(lesson: str, *steps: tuple[str, str]) -> tuple[dict[str, str], dict[str, str], Any]:
    """The fields, the problems and the answer of ctrl+s after these changes."""
    app = Host(ExperimentScreen(LESSONS[lesson]))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        filled = Form(pilot)
        for path, text in steps:
            change = filled.choose if isinstance(filled.rows[path].editor, ChoiceInput) else filled.type
            await change(path, text)
        problems = filled.problems
        assert filled.can_begin == (not problems)
        assert ("✓" in screen_text(pilot)) == (not problems)
        assert ("✗" in screen_text(pilot)) == bool(problems)
        values = {path: filled.value(path) for path in filled.rows}
        return values, problems, await filled.begin()


async def test_another_input_brings_target_vocabulary_and_hidden_size() -> None:
    values, problems, answer = await run_form("hihello", ("data.inputs", "hello world"))
    assert not problems
    assert values["data.targets"] == values["data.vocabulary"] == ""
    assert values["network.hidden_size"] == "8"
    assert answer.data == Data(inputs=("hello worl",), targets=("ello world",))
    assert answer.network == Network(hidden_size=8)
    assert answer.training == LESSONS["hihello"].training


async def test_keys_are_typed_over_what_a_field_held() -> None:
    to_data = ["tab"] * 5
    answer = await answer_to(ExperimentScreen(LESSONS["hihello"]), *to_data, *"hiya", "tab", *"iyah", "enter", "ctrl+s")
    assert answer.data == Data(inputs=("hiya",), targets=("iyah",))
    assert answer.network == Network(hidden_size=4)


async def test_typing_the_old_value_back_brings_the_rest_back() -> None:
    steps = [("data.inputs", "other"), ("data.inputs", "hihell")]
    assert (await run_form("hihello", *steps))[2] == LESSONS["hihello"]


async def test_a_value_of_ones_own_stays_though_it_was_the_first_one() -> None:
    values, _, answer = await run_form("hello", ("data.targets", "elloh"), ("training.epochs", "1"))
    assert values["training.learn"] == "yes"
    assert values["network.hidden_size"] == "4"
    assert answer.training.epochs == 1  # it had followed to 100


async def test_hidden_size_is_free_with_a_linear_head() -> None:
    _, problems, answer = await run_form("hihello", ("network.hidden_size", "12"))
    assert list(problems) == ["network.hidden_size"]
    assert "direct head: it needs 5 units" in problems["network.hidden_size"]
    assert answer is NOTHING
    _, problems, answer = await run_form("hihello", ("network.hidden_size", "12"), ("network.head", "linear"))
    assert not problems
    assert answer.network == Network(hidden_size=12, head="linear")


async def test_choices_and_numbers_arrive() -> None:
    steps = [
        ("network.cell", "gru"),
        ("network.layers", "3"),
        ("network.initial_state", "random"),
        ("network.batch_first", "yes"),
        ("network.embedding", "10"),
        ("training.reduction", "mean"),
        ("training.optimizer", "rmsprop"),
        ("training.lr", "1e-3"),
        ("training.clip", "0.5"),
        ("training.epochs", "0"),
        ("training.seed", "777"),
        ("run.speed", "max"),
        ("run.device", "cpu"),
    ]
    _, problems, answer = await run_form("hihello", *steps)
    assert not problems
    assert answer.network == Network(cell="gru", layers=3, initial_state="random", batch_first=True, embedding=10)
    assert answer.training == Training(optimizer="rmsprop", lr=1e-3, clip=0.5, epochs=0, seed=777, reduction="mean")
    assert (answer.run.speed, answer.run.device) == (0.0, "cpu")


async def test_both_directions_take_whole_sequences() -> None:
    both = ("network.bidirectional", "yes")
    values, problems, answer = await run_form("hihello", ("network.head", "linear"), both)
    assert not problems
    assert answer.network.bidirectional
    assert answer.training.tick == "sequence"
    values, problems, _ = await run_form("hihello-embedding", both, ("training.tick", "character"))
    assert values["training.tick"] == "character"
    assert list(problems) == ["training.tick"]


async def test_without_learning_there_is_no_target() -> None:
    values, problems, answer = await run_form("hihello", ("training.learn", "no"))
    assert not problems
    assert values["data.targets"] == ""
    assert answer.data == Data(inputs=("hihell",), vocabulary="hielo")


WRONG = [
    ("data.inputs", "", "is empty"),
    ("data.inputs", "x", "has no next character"),
    ("data.inputs", "ab|abc", "equally long"),
    ("data.inputs", "a\\q", "is no character"),
    ("data.inputs", "a\\UFFFFFFFF", "is no character"),
    ("data.inputs", "\\ud800a", "half a character"),
    ("data.targets", "ihell", "has 5 characters where the input 'hihell' has 6"),
    ("data.targets", "ihello|ihello", "one target for each input"),
    ("data.vocabulary", "hiel", "lacks 'o'"),
    ("data.vocabulary", "hielloo", "more than once"),
    ("network.hidden_size", "", "must be a whole number"),
    ("network.hidden_size", "five", "must be a whole number"),
    ("network.hidden_size", "5.5", "must be a whole number"),
    ("network.hidden_size", "0", "is too small"),
    ("network.hidden_size", "9" * 5000, "must be a whole number"),
    ("network.layers", "10001", "is too large"),
    ("network.embedding", "-1", "is too small"),
    ("training.lr", "0", "must be above 0"),
    ("training.lr", "fast", "must be a number"),
    ("training.lr", "nan", "is not a finite number"),
    ("training.clip", "inf", "is not a finite number"),
    ("training.epochs", "-1", "is too small"),
    ("training.seed", "9" * 30, ""),
    ("run.speed", "quick", "must be a number"),
    ("run.device", "abacus", "it must be auto, cpu, cuda"),
]


@pytest.mark.long
async def test_what_is_wrong_stands_at_its_field_and_nothing_begins() -> None:
    app = Host(ExperimentScreen(LESSONS["hihello"]))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        filled = Form(pilot)
        for path, text, message in WRONG:
            before = filled.value(path)
            await filled.type(path, text)
            assert list(filled.problems) == [path], (path, text)
            assert message in filled.problems[path]
            assert not filled.can_begin
            assert "✗" in screen_text(pilot)
            await filled.dialog.run_action("submit")  # as ctrl+s does
            await filled.type(path, before)
            assert app.answer is NOTHING
            assert not filled.problems
        assert await filled.begin() == LESSONS["hihello"]


async def test_too_much_memory_is_told_at_the_size_to_blame() -> None:
    steps = [("network.head", "linear"), ("network.hidden_size", "1000000")]
    _, problems, answer = await run_form("hihello", *steps)
    assert list(problems) == ["network.hidden_size"]
    assert "would take about" in problems["network.hidden_size"]
    assert answer is NOTHING


async def test_any_character_can_be_typed_and_pasted() -> None:
    row = "日🎉é\\|[b]\x1b\n\u202e e\u0301\u200d"
    app = Host(ExperimentScreen(LESSONS["hihello"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        filled = Form(pilot)
        await filled.type("data.inputs", "")
        filled.rows["data.inputs"].editor.post_message(events.Paste("日🎉é\\\\\\|[b]\x1b\n\u202e e\u0301\u200d\n"))
        await pilot.pause()
        assert filled.can_begin
        text = screen_text(pilot)
        assert not set(text) & set("\x1b\u202e\u200d")
        assert "日🎉é\\\\\\|[b]\\x1b\\n\\u202e e\\u0301\\u200d" in text
        answer = await filled.begin()
    assert answer.data == Data(inputs=(row[:-1],), targets=(row[1:],))


async def test_a_click_chooses_and_space_goes_round() -> None:
    app = Host(ExperimentScreen(LESSONS["hihello"]))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        cell = Form(pilot).rows["network.cell"].editor
        await pilot.click(cell, offset=(20, 0))
        assert cell.value == "gru"
        await pilot.press("space")
        assert cell.value == "lstm"
        await pilot.press(*["space"] * (len(CELL_KINDS) - 3))
        assert cell.value == "rnn"
        await pilot.press("left")
        assert cell.value == list(CELL_KINDS)[-1]  # without a file of one's own there is no cell of one's own
        await pilot.pause()
        row = screen_text(pilot).splitlines()[cell.region.y]
        assert f"● {cell.value}" in row  # words to the left have given way
        assert "… ○" in row
        before = row.index("○") - cell.region.x
        await pilot.click(cell, offset=(before + 2, 0))
        assert cell.value == row[row.index("○") + 2 :].split()[0]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("size", SIZES)
async def test_the_form_fits_and_says_what_it_would_begin(size: tuple[int, int]) -> None:
    for name in ("hihello", "ohlol-lstm", "six-words"):
        app = Host(ExperimentScreen(LESSONS[name]), theme=1)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert_inside(pilot)
            verdict = app.screen.query_one("#form-verdict").region
            rows = screen_text(pilot).splitlines()[verdict.y : verdict.bottom]
            text = " ".join(" ".join(row[verdict.x : verdict.right] for row in rows).split())
            assert f"{LESSONS[name].weights:,} weights" in text
            assert text.endswith((LESSONS[name].data.inputs[0], *LESSONS[name].data.targets))
            assert ("floor 2.596" in text, "no floor" in text, "forward only" in text).count(True) == 1


async def test_an_experiment_from_outside_is_never_markup() -> None:
    data = Data(inputs=("[b]",), targets=("b][",))
    strange = Experiment(name="[red]x[/red] \x1b[0m", data=data, network=Network(hidden_size=3))
    app = Host(ExperimentScreen(strange))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        text = screen_text(pilot)
        assert "[red]x[/red] ␛[0m" in text
        assert "[b] → b][" in text
        assert to_dict(await Form(pilot).begin()) == to_dict(strange)


async def test_what_a_teacher_changes_stands_first() -> None:
    answer = await answer_to(
        ExperimentScreen(LESSONS["hihello-sequence"]), "right", "right", "tab", "tab", *"2", "ctrl+s"
    )
    assert (answer.network.cell, answer.network.layers) == ("gru", 2)
