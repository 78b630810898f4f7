"""Names and texts that would act on a terminal: nothing of them is printed or drawn as it is."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from rnn_tui.cli.main import main
from rnn_tui.common.glyphs import is_harmful, printable, safe
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.toml_file import write
from rnn_tui.view.screens.editors import as_text, from_text
from rnn_tui.view.terminal.harmless import Harmless
from tests.engine.kept_runs import changed
from tests.terminals import own_place, program, tty

pytestmark = pytest.mark.usefixtures("quick_disk")

# A title, a colour, a screen cleared by C1, an override of the direction, DEL, a zero-width space, a line, markup.
HOSTILE = "a\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\x7f\u200b\n[red][@click=app.bell]z"
OPTIONS = [each.option for each in SETTINGS if each.option.startswith("--")]
HARMFUL_BYTES = re.compile(rb"\x1b\]0;|owned\x07|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\x7f")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prints(*arguments: str, code: int | None = None) -> str:
    """Return what a command prints: lines of characters that do nothing but stand there."""
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in ((0, 1, 2) if code is None else (code,)), result.output
    text = result.stdout + result.stderr
    assert not [each for each in text if each != "\n" and is_harmful(each)], ascii(text)
    if result.exit_code == 2 and arguments[0] != "rm":  # which has a line for each
        assert result.stderr.count("\n") == 1
    return text


def sources() -> Iterator[tuple[str, ...]]:
    """A text, pairs and a series whose names, and whose column's, are hostile."""
    Path(f"{HOSTILE}.txt").write_text("hello " * 40)
    Path(f"{HOSTILE}.tsv").write_text("ab\tba\nbc\tcb\n")
    column = HOSTILE.replace("\n", "")
    Path(f"{HOSTILE}.csv").write_text(f"{column},other\n" + "1,2\n2,3\n4,1\n3,0\n" * 9)
    yield "--text", f"{HOSTILE}.txt"
    yield "--pairs", f"{HOSTILE}.tsv"
    yield "--series", f"{HOSTILE}.csv", "--column", column


def test_files_and_columns(place: Path) -> None:
    """Trained, listed, shown, exported, gone on with, sampled, deleted."""
    for number, source in enumerate(sources()):
        run = f"{HOSTILE}-{number}"
        given_now = (*source, "--epochs", "1", "--length", "4") if number != 1 else (*source, "--epochs", "1")
        prints("train", *given_now, "--run", run, code=0)
        prints("show", *given_now, code=0)
        prints("train", "--resume", f"./{run}", "--epochs", "2", code=0)
        prints("export", f"./{run}", "--to", HOSTILE, code=0)
        if number == 2:
            code = next(Path(HOSTILE).glob("*-2.py"))
            with tty([program()[0], str(code)]) as terminal:
                assert terminal.end() == 0
            assert b"next value of" in terminal.raw
            assert not HARMFUL_BYTES.search(terminal.raw)
        prints("sample", f"./{run}", "--prime", HOSTILE, code=2)
        prints("resume", f"./{run}", code=2)
        prints("rm", f"./{run}", code=2)
        (Path(run) / "best.json").write_text("{")
        prints("sample", f"./{run}", "--best", code=2)
        (Path(run) / HOSTILE).write_text("")
        prints("rm", f"./{run}", "--yes", code=0)
        prints(*source, code=2)
    assert {each.name for each in place.iterdir()} >= {f"{HOSTILE}-0", HOSTILE}


def test_an_experiment_whose_texts_are_hostile() -> None:
    lesson = changed(LESSONS["hihello-embedding"], data={"inputs": (HOSTILE,), "targets": (), "vocabulary": ""},
                     training={"epochs": 2, "tick": "sequence"}, network={"hidden_size": 6})  # fmt: skip
    Path(f"{HOSTILE}.toml").write_text(write(lesson))
    prints("train", "--experiment", f"{HOSTILE}.toml", code=0)
    prints("show", "--experiment", f"{HOSTILE}.toml", code=0)
    prints("runs", code=0)
    prints("runs", "--json", code=0)
    prints("train", "--experiment", f"{HOSTILE}.toml", "--json", "--every", "1", code=0)
    for text in (f'name = "{HOSTILE}"', HOSTILE, f"[data]\n{HOSTILE} = 1", f"[data]\ninputs = 3 # {HOSTILE}"):
        Path("x.toml").write_text(text)
        prints("train", "--experiment", "x.toml", code=2)


@pytest.mark.parametrize("command", [("train",), ("show",), ()], ids=" ".join)
def test_every_option_and_name(command: tuple[str, ...]) -> None:
    bounded = ("--epochs", "1", "--no-save") if command == ("train",) else ()
    for option in OPTIONS:
        prints(*command, *bounded, option, HOSTILE)  # --input takes it
    others = ("--experiment", "--fork", "--gap", "--history", "--every", "--fps", "--colors", HOSTILE, f"--{HOSTILE}")
    for option in others:
        prints(*command, option, HOSTILE, code=2)
    prints(*command, HOSTILE, code=2)


@pytest.mark.parametrize("command", ["runs", "attach", "stop", "resume", "export", "sample", "rm", "lessons", "--help"])
def test_every_other_command(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ((HOSTILE,), (f"./{HOSTILE}",), (f"--{HOSTILE}",), ("x", HOSTILE)):
        prints(command, *arguments)
    Path("d/rnn-tui/runs", HOSTILE).mkdir(parents=True)
    Path("d/rnn-tui/runs", HOSTILE, "experiment.toml").write_text(HOSTILE)
    prints(command, "a", *(["--yes"] if command == "rm" else []))
    prints(command)
    monkeypatch.setenv("RNN_TUI_SOCKETS", HOSTILE)
    monkeypatch.setenv("TERM", HOSTILE)
    prints(command, "a")
    prints(command)


def shows(sign: str, *, not_any_more: bool = False) -> Callable[[str], bool]:
    return lambda text: (sign in text) != not_any_more


@pytest.mark.long
def test_a_view_draws_none_of_it() -> None:
    """The raw bytes, with the form, the quotation and the command line open, and when it has been left."""
    *_, source = sources()
    with tty(program(*source, "--length", "4", "--epochs", "0", "--save", "--run", HOSTILE)) as terminal:
        terminal.until(lambda text: "playing" in text)
        for key, sign in (("e", "ctrl+s start"), ("q", "Stop the run"), ("c", "any key closes")):
            terminal.press(key)
            terminal.until(shows(sign))
            terminal.press("\x1b[27u")
            terminal.until(shows(sign, not_any_more=True))
        terminal.leave()
        assert terminal.end() == 0
        assert b"Saved: rnn-tui resume" in terminal.raw
    assert not HARMFUL_BYTES.search(terminal.raw)


@given(st.text())
def test_what_is_made_safe_is_harmless_and_stays_what_it_is(text: str) -> None:
    assert not any(map(is_harmful, safe(text)))
    assert safe(safe(text)) == safe(text)
    assert printable(text).split("\n") == [safe(line) for line in text.split("\n")]


@given(st.lists(st.text(), max_size=4))
def test_the_last_line_of_defence_keeps_the_cells(texts: list[str]) -> None:
    style = Style(bold=True)
    before = [Segment(text, style) for text in texts]
    after = Harmless().apply(before, Color(0, 0, 0))
    assert [cell_len(each.text) for each in after] == [cell_len(each.text) for each in before]
    for one, other in zip(before, after, strict=True):
        assert not any(map(is_harmful, other.text))
        assert other.style is style
        assert other is one or any(map(is_harmful, one.text))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["data.text", "data.series", "data.column"]))
def test_a_name_in_the_form_is_seen_whole_and_comes_back(name: str, path: str) -> None:
    value = (name or "x",) if path == "data.column" else name  # there may be several columns, and each has a name
    assert from_text(path, as_text(path, value)) == value
    assert not any(map(is_harmful, as_text(path, value)))


def test_a_name_that_is_plain_is_shown_as_it_is() -> None:
    assert as_text("data.text", "/home/me/my text (1).txt") == "/home/me/my text (1).txt"
    assert os.path.basename(__file__) == as_text("data.text", os.path.basename(__file__))
