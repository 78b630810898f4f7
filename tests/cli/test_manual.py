"""`rnn-tui help`, `rnn-tui completion`, and what a shell is offered."""

import io
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from rnn_tui import __version__
from rnn_tui.cli import manual
from rnn_tui.cli.main import main
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.manual import TOPICS, read_page
from rnn_tui.protocol.rendezvous import Note, write_note


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.stdout, done.stderr


# ---- help -------------------------------------------------------------------------------------------------------


def test_the_topics_are_listed() -> None:
    code, out, _ = run("help")
    assert code == 0
    assert all(f"  {topic} " in out for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_plain_where_there_is_no_terminal(topic: str) -> None:
    assert run("help", topic) == (0, read_page(topic), "")


@pytest.mark.parametrize("command", ["train", "export"])
def test_a_command_shows_its_own_help(command: str) -> None:
    assert run("help", command)[1].startswith(f"Usage: rnn-tui {command} [OPTIONS]")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trainin"], "rnn-tui: trainin: no such topic; nearest: training\n"),
        (["KEYES"], "rnn-tui: KEYES: no such topic; nearest: keys, series\n"),
        (["open"], "rnn-tui: open: no such topic; nearest: compare\n"),
        (["zzz"], "rnn-tui: zzz: no such topic; `rnn-tui help` lists them\n"),
        (["\x1b[31m"], "rnn-tui: ␛[31m: no such topic; `rnn-tui help` lists them\n"),
        (["keys", "runs"], "rnn-tui: runs: help takes one topic; `rnn-tui help` lists them\n"),
    ],
)
def test_another_word_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert run("help", *words) == (2, "", said)


def test_in_a_terminal_it_is_rendered_and_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    paged: list[str] = []
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(click, "echo_via_pager", paged.append)
    monkeypatch.setenv("TERM", "xterm-256color")
    manual._show("# Title\n\nSee [the runs](runs.md).\n")
    (page,) = paged
    assert "\x1b[" in page
    assert "# Title" not in page
    assert "the runs (" in page
    assert "rnn-tui help runs" in page
    assert ".md" not in page


def test_rich_is_loaded_for_a_terminal_only() -> None:
    code = "import sys; from rnn_tui.cli.main import main; print('rich' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_the_version_is_that_of_torch_as_well() -> None:
    assert run("--version") == (0, f"rnn-tui {__version__} (torch {version('torch')})\n", "")


# ---- completion -------------------------------------------------------------------------------------------------


def offered(*words: str) -> list[str]:
    """Return what is offered in place of the last word."""
    *before, last = words
    completion = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
    return [item.value for item in completion.get_completions(before, last)]


def test_the_first_word_is_a_lesson_or_a_command() -> None:
    context = click.Context(main)
    commands = {*main.list_commands(context)} - {"open"}
    assert set(offered("")) == {*LESSONS, *commands}
    assert offered("re") == ["remember", "reber", "read", "resume"]
    assert offered("open") == []


def test_a_lesson_follows_a_command_and_is_named_once() -> None:
    assert offered("train", "hihello-l") == ["hihello-long", "hihello-lstm"]
    assert set(offered("show", "")) == set(LESSONS)
    assert set(offered("--lr", "0.1", "")) == set(LESSONS)
    assert offered("hihello", "") == []


def test_options_and_their_words() -> None:
    assert offered("--schedule-") == ["--schedule-every", "--schedule-factor"]
    assert offered("train", "--js") == ["--json"]
    assert offered("hihello", "--cell", "") == [*CELL_KINDS]
    assert offered("hihello", "--cell", "gr") == ["gru"]
    assert offered("sample", "x", "--to") == ["--top-k"]
    completion = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
    assert [item.type for item in completion.get_completions(["--text"], "no")] == ["file"]
    assert [item.type for item in completion.get_completions(["--run"], "no")] == ["dir"]
    assert [item.type for item in completion.get_completions(["--cell"], "mi")] == [
        "plain",
        "plain",
    ]  # min-gru, min-lstm
    for command in ([], ["sample", "x"], ["resume"]):
        assert [item.type for item in completion.get_completions([*command, "--cell"], "my")] == ["file"]


@pytest.fixture
def two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One on the disk, one that only an engine has; a folder that is no run, and an engine without one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "sockets"))
    for name, file in (("kept-1", "experiment.toml"), ("no-run", "other")):
        folder = tmp_path / "data" / "rnn-tui" / "runs" / name
        folder.mkdir(parents=True)
        (folder / file).touch()
    os.makedirs(tmp_path / "sockets", mode=0o700)
    for name in ("lively", ""):
        folder = tmp_path / "sockets" / f"engine-{name}"
        folder.mkdir()
        write_note(folder, Note(name=name))


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize(
    "before", [["resume"], ["attach"], ["stop"], ["export"], ["sample"], ["rm"], ["train", "--resume"]]
)
def test_a_run_follows(before: list[str]) -> None:
    assert offered(*before, "") == ["kept-1", "lively"]
    assert offered(*before, "k") == ["kept-1"]


@pytest.mark.usefixtures("two_runs")
def test_a_run_is_named_once() -> None:
    assert offered("rm", "kept-1", "") == ["lively"]


def test_topics() -> None:
    assert offered("help", "s") == ["screen", "series", "ssh"]
    assert offered("help", "ssh", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_the_program(shell: str) -> None:
    code, script, _ = run("completion", shell)
    assert code == 0
    assert f"_RNN_TUI_COMPLETE={shell}_complete" in script
    assert offered("completion", shell[:1]) == [shell]


def test_another_shell_is_refused() -> None:
    assert run("completion", "tcsh") == (2, "", "rnn-tui: tcsh: must be bash, zsh or fish\n")


def test_the_program_answers_a_shell() -> None:
    """As bash asks it, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "rnn_tui"],
        env=os.environ | {"_RNN_TUI_COMPLETE": "bash_complete", "COMP_WORDS": "rnn-tui hihello-g", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "plain,hihello-gru\n"
