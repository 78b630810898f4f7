"""`rnn-tui compare`, and `rnn-tui train --seeds`: what they accept, and what they refuse in a line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from rnn_tui.cli.main import main
from rnn_tui.experiment.classics import COMPARED
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.toml_file import write
from rnn_tui.experiment.vary import comparison_of, parse_varied


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


REFUSED = {
    ("hihello",): "nothing varies: --seeds 64 compares 64 seeds, and --vary lr=0.001..1:24 learning rates",
    ("hihello", "--seeds", "0"): "--seeds 0: must be a whole number, 1 or more",
    ("hihello", "--seeds", "5000"): "--seeds 5000: must be from 1 to 4,096",
    ("hihello", "--vary", "lrr=1"): "--vary lrr: no such setting; nearest: lr",
    ("hihello", "--vary", "lr=1..0.1:3"): "--vary lr=1..0.1:3: is upside down: it must be lr=0.1..1:3",
    ("hihello", "--vary", "device=cpu"): "--vary device=cpu: device cannot vary: it decides where and how fast they "
    "run, and no number",
    ("hihello", "--vary", "lr=1,2", "--vary", "lr=3"): "lr: varies twice: give all of its values at once",
    ("hihello", "--vary", "seed=1,2", "--seeds", "2"): "--seeds 2: the seeds are given already, as seed=…: give one of "
    "them",
    ("hihello", "--vary", "hidden=2..8"): "hidden=2: does not fit a direct head: it needs 5 units, one for each "
    "character of the vocabulary, or a linear head",
    ("hihello", "--vary", "lr=0.1..1:64", "--seeds", "65"): "4,160 networks are too many (64 lr × 65 seed): at most "
    "4,096",
    ("hello", "--seeds", "3"): "hello: learns nothing, and networks are compared by what they learn",
    ("--text", "none.txt", "--seeds", "3"): "--text none.txt: there is no such file",
    ("hihello", "--seeds", "3", "--until", "loss<1"): "--until loss<1: networks that are compared stop at learnt only",
    ("hihello", "--seeds", "3", "--device", "cuda"): "--device cuda: networks are compared on the CPU: leave it out",
    ("hihello", "--seeds", "3", "--csv", "no/t.csv"): "--csv no/t.csv: there is no folder no",
    ("hihello", "--seeds", "3", "--side", "--json"): "--side: is a view, and --json prints: give one of them",
    ("hihello", "--seeds", "1", "--side"): "--side: needs two networks or three: name what varies, as in --vary "
    "cell=rnn,gru,lstm",
    ("hihello", "--seeds", "3", "--csv", "."): "--csv .: is a folder; it must be a file",
    ("hihello", "--seeds", "3", "--csv", "mine.toml"): "--csv mine.toml: is there, and is no table of a comparison: "
    "name another file",
    (
        "--text",
        "own.txt",
        "--vary",
        "length=8,9000",
    ): "--length 9000: is too long: the text has 900 characters, and one "
    "more is the last target; it must be at most 899",
    (
        "--text",
        "own.txt",
        "--head",
        "direct",
        "--vary",
        "hidden=11,7",
    ): "--hidden 7: does not fit a direct head: it needs "
    "11 units, one for each character of the vocabulary, or a linear head",
    ("hihelo", "--seeds", "3"): "hihelo: no such lesson; nearest: hihello, hello, hihello-gru",
    ("\x1b[31m", "--seeds", "3"): "␛[31m: no such lesson; `rnn-tui lessons` lists them",
    ("--experiment", "bad.toml"): "--experiment bad.toml, line 2: lr=1..0.1:3: is upside down: it must be lr=0.1..1:3",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(f'{write(LESSONS["ohlol"])}\n[vary]\nlr = "0.05,0.1"\nseeds = 2\n')
    (tmp_path / "own.txt").write_text("so it is: so it was. " * 40 + "so it is" * 7 + "etc.")
    (tmp_path / "bad.toml").write_text('[vary]\nlr = "1..0.1:3"\n')
    return tmp_path


@pytest.mark.parametrize("args", REFUSED)
def test_what_cannot_be_compared_is_refused_in_a_line(args: tuple[str, ...]) -> None:
    result = run("compare", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"rnn-tui: {REFUSED[args]}\n")


def test_a_file_says_what_varies_and_options_say_it_anew() -> None:
    first = run("compare", "--experiment", "mine.toml")
    assert first.stdout.startswith("ohlol: 4 networks, lr=0.05,0.1 seed=3,4\n")
    second = run("compare", "--experiment", "mine.toml", "--vary", "lr=0.2", "--vary", "cell=rnn,gru", "--seeds", "1")
    assert second.stdout.startswith("ohlol: 2 networks, lr=0.2 cell=rnn,gru seed=3\n")
    third = run("compare", "--experiment", "mine.toml", "--vary", "seed=9", "--epochs", "2")
    assert third.stdout.startswith("ohlol: 2 networks, lr=0.05,0.1 seed=9\n")
    refused = run("--experiment", "mine.toml")
    assert refused.exit_code == 2
    assert "vary describes a comparison: open it with `rnn-tui compare --experiment`" in refused.stderr


def test_train_with_seeds_is_the_same() -> None:
    options = ["ohlol", "--seeds", "3", "--json", "--until", "learnt"]
    first, second = run("train", *options), run("compare", *options)
    assert (first.exit_code, first.stdout) == (0, second.stdout)
    assert [json.loads(line).get("member") for line in first.stdout.splitlines()] == [*range(1, 4), None]
    for option in (["--every", "2"], ["--run", "here"], ["--fork", "3: lr=1"], ["--resume", "one"]):
        refused = run("train", *(["ohlol"] if option[0] != "--resume" else []), "--seeds", "3", *option)
        problem = "cannot be combined with --seeds, which trains several networks and keeps none"
        assert (refused.exit_code, refused.stderr) == (2, f"rnn-tui: {option[0]}: {problem}\n")


def test_a_table_is_written_and_replaced(folder: Path) -> None:
    for count in (2, 3):
        assert run("compare", "ohlol", "--seeds", str(count), "--csv", "fared.csv", "--no-view").exit_code == 0
        assert len((folder / "fared.csv").read_text().splitlines()) == 1 + count


@pytest.mark.parametrize("name", COMPARED)
def test_a_lesson_about_several_networks_says_what_varies(name: str) -> None:
    comparison = comparison_of(LESSONS[name], map(parse_varied, COMPARED[name]))
    assert 2 <= comparison.members <= 3  # as many as fit side by side
    assert LESSONS[name] in [replace(each, run=LESSONS[name].run) for each in comparison.experiments()]


def test_what_varies_in_a_lesson_may_be_given_instead() -> None:
    result = run("compare", "cliff", "--no-view", "--epochs", "2")
    assert "cliff: 2 networks, clip=0,0.1\n" in result.stderr + result.stdout
    result = run("compare", "cliff", "--no-view", "--epochs", "2", "--vary", "lr=0.1,1")
    assert "cliff: 2 networks, lr=0.1,1\n" in result.stderr + result.stdout
    assert "nothing varies" in run("compare", "cliff", "--no-view", "--clip", "3").stderr
