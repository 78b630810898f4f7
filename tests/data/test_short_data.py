"""Texts and series that are too short for what is usual: they are learnt as they can be, and a line says so."""

import io
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rnn_tui.cli.main import main
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from tests.engine.text_runs import letters, on_text


def train(*arguments: str, stdin: bytes | None = None) -> Result:
    few = ["train", *arguments, "--no-save", "--epochs", "2", "--hidden", "4", "--threads", "1"]
    return CliRunner().invoke(main, few, input=None if stdin is None else io.BytesIO(stdin))


def series(folder: Path, count: int) -> str:
    path = folder / "series.csv"
    path.write_text("level\n" + "".join(f"{value * value % 7}\n" for value in range(count)))
    return str(path)


@pytest.mark.parametrize("count", [2, 3, 9, 19])
def test_a_short_series_is_learnt_whole(tmp_path: Path, count: int) -> None:
    result = train("--series", series(tmp_path, count))
    assert result.exit_code == 0, result.stderr
    line = "rnn-tui: nothing is held out: the series is shorter than 20 values (--holdout 0.1 keeps a tenth away)"
    assert line in result.stderr.splitlines()
    assert "held out" not in result.stdout


def test_a_short_text_is_learnt_whole(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(letters(300))
    result = train("--text", str(tmp_path / "text"))
    assert result.exit_code == 0, result.stderr
    assert "rnn-tui: nothing is held out: the text is shorter than 4,000 bytes" in result.stderr
    for asked in ("0", "0.1"):
        assert "shorter" not in train("--text", str(tmp_path / "text"), "--holdout", asked).stderr


@pytest.mark.parametrize(("text", "options"), [("", ()), ("x", ()), (letters(300), ("--encoding", "rot13"))])
def test_what_cannot_be_learnt_is_told_in_one_line(tmp_path: Path, text: str, options: tuple[str, ...]) -> None:
    (tmp_path / "text").write_text(text)
    result = train("--text", str(tmp_path / "text"), *options)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "held out" not in result.stderr


def test_what_is_long_enough_is_not_told(tmp_path: Path) -> None:
    result = train("--series", series(tmp_path, 40))
    assert ("3 values held out" in result.stdout, "shorter" in result.stderr) == (True, False)


def test_the_advice_can_be_followed(tmp_path: Path) -> None:
    result = train("--series", series(tmp_path, 2), "--holdout", "0.1")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.endswith("it must be 0\n")
    result = train("--series", series(tmp_path, 3), "--length", "8")
    assert result.stderr.endswith("it must be at most 2\n")
    assert train("--series", series(tmp_path, 3), "--length", "2").exit_code == 0


def test_the_view_is_told_at_the_beginning(tmp_path: Path) -> None:
    def notice(text: str, **data: Any) -> str:
        session = Session(on_text(tmp_path, text, **data), history=0)
        session.tick()
        first = status_of(session, playing=True, speed=1).notice
        while session.trainer.ticks <= 300:
            session.tick()
        assert status_of(session, playing=True, speed=1).notice == ""
        return first

    assert notice(letters(300)) == (
        "Nothing of this short text is held out: --holdout 0.1 keeps a tenth away from learning."
    )
    assert notice(letters(300), holdout=0.1) == notice(letters(4000)) == ""


def test_stdin() -> None:
    result = train("--text", "-", stdin=b"")
    assert (result.exit_code, result.stderr) == (2, "rnn-tui: --text -: stdin is empty\n")
    for option in ("--pairs", "--series"):
        result = train(option, "-", stdin=b"x\n1\n2\n")
        assert (result.exit_code, result.stderr) == (
            2,
            f"rnn-tui: {option} -: must be a file; only --text reads stdin\n",
        )
