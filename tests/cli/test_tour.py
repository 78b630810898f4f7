"""`rnn-tui tour`: the list, what is refused in one line, and what the shell completes."""

import os
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from rnn_tui.cli.main import main
from rnn_tui.tours import TOPICS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"TERM": "xterm"})


def test_it_lists_the_topics() -> None:
    result = run("tour")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")] == list(TOPICS)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["tour", "stat"], "stat: no such topic; nearest: state, lstm; a file needs --tour"),
        (["tour", "zzz"], "zzz: no such topic; `rnn-tui tour` lists them; a file needs --tour"),
        (["tour", "state", "lstm"], "lstm: tour takes one topic; `rnn-tui tour` lists them"),
        (["tour", "state", "--tour", "x.toml"], "state: give a topic or --tour x.toml, not both"),
        (["--tour", "x.toml"], "--tour x.toml: there is no such file"),
        (["--tour=x.toml"], "--tour x.toml: there is no such file"),
        (["tour", "--tour", "a\x1b[31m.toml"], "--tour a␛[31m.toml: there is no such file"),
        (["tour", "--tour", "."], "--tour .: is a folder; it must be a TOML file"),
        (["tour", "--tour", "bad.toml"], "--tour bad.toml, line 2: step 1: say␛ is not a key of a step; nearest: say"),
        (["tour", "state"], "the view needs a terminal; `rnn-tui train hihello` works without one"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text('title = "T"\n[[step]]\n"say\\u001b" = 1\n')
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"rnn-tui: {problem}\n"


def test_nothing_of_a_tour_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "$(touch ran) `touch ran` {__import__('os').system('touch ran')} %(x)s"
    (tmp_path / "t.toml").write_text(f'title = "{text[:40]}"\n[[step]]\nsay = "{text}"\n')
    assert "needs a terminal" in run("--tour", "t.toml").stderr
    assert os.listdir(tmp_path) == ["t.toml"]


def test_the_shell_completes_topics() -> None:
    completer = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
    assert [each.value for each in completer.get_completions(["tour"], "")] == list(TOPICS)
    assert [each.value for each in completer.get_completions(["tour"], "l")] == ["learning", "lstm", "luck"]
    assert completer.get_completions(["tour", "state"], "l") == []
    assert "tour" in [each.value for each in completer.get_completions([], "to")]
