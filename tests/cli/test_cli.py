"""The command line: what it refuses and how, and what an option brings along."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui import __version__
from rnn_tui.cli.experiment_args import given as values_given
from rnn_tui.cli.main import main
from rnn_tui.experiment import memory
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import ViewSettings


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def assert_refused(result: Result) -> str:
    """One clear line on stderr, exit code 2, and nothing else; returns the line."""
    assert result.exit_code == 2, result.output
    assert not result.stdout
    line = result.stderr.removesuffix("\n")
    assert line.startswith("rnn-tui: ")
    assert line.isprintable(), line
    assert "Traceback" not in line
    return line.removeprefix("rnn-tui: ")


REFUSED = {
    # a lesson
    ("hihelo",): "hihelo: no such lesson; nearest: hihello",
    ("tours",): "tours: no such lesson; nearest: the command `rnn-tui tour`",
    ("xyzzy",): "xyzzy: no such lesson; `rnn-tui lessons` lists them",
    ("\x1b[31m",): "␛[31m: no such lesson",
    ("hello", "world"): "world: one name at a time, and a text with spaces needs quotes",
    ("--input", "hello", "world"): "and a text with spaces needs quotes",
    ("lessons", "hello"): "hello: lessons takes no name",
    ("show", "hihelo"): "hihelo: no such lesson; nearest: hihello",
    # numbers
    ("--lr", "abc"): "--lr abc: is not a number",
    ("--lr", "-1"): "--lr -1: is too small: it must be above 0",
    ("--lr", "nan"): "--lr nan: is not a finite number",
    ("--lr", ""): "--lr '': is not a number",
    ("--hidden", "0"): "--hidden 0: is too small: it must be at least 1",
    ("--hidden", "2.5"): "--hidden 2.5: is not a whole number",
    ("--layers", "9" * 30): "is too large: it must be at most 10,000",
    ("--layers", "9" * 5000): "is not a whole number",
    ("--epochs", "1e4"): "--epochs 1e4: is not a whole number",
    ("--speed", "fast"): "--speed fast: is not a number, or max",
    ("--seed", "-1"): "--seed -1: is too small: it must be at least 0",
    ("train", "--every", "0"): "--every 0: must be a whole number, 1 or more",
    ("train", "--every", "x"): "--every x: must be a whole number, 1 or more",
    # the gap
    ("--gap", "30"): "--gap 30: only the lesson remember has a gap; hihello has none",
    ("train", "ohlol", "--gap", "30"): "--gap 30: only the lesson remember has a gap; ohlol has none",
    ("--gap", "30", "--input", "ab"): "--gap 30: only the lesson remember has a gap; hihello has none",
    ("remember", "--gap", "30", "--input", "ab"): "--gap 30: makes the texts of remember; give it or --input, not both",
    ("show", "remember", "--gap", "30", "--target", "ab"): "give it or --target, not both",
    ("remember", "--gap", "0"): "--gap 0: is too small: it must be at least 1",
    ("remember", "--gap", "1001"): "--gap 1001: is too large: it must be at most 1,000",
    ("remember", "--gap", "9" * 5000): "is not a whole number",
    ("remember", "--gap", "2.5"): "--gap 2.5: is not a whole number",
    ("remember", "--gap", "\x1b"): "--gap ␛: is not a whole number",
    ("remember", "--gap", ""): "--gap '': is not a whole number",
    ("lessons", "--gap", "3"): "--gap: no such option",
    # words
    ("--cell", "foo"): "--cell foo: does not fit: it must be rnn, rnn-relu, gru, lstm, peephole-lstm, ",
    ("--optimizer", "\x07"): "--optimizer ␇: does not fit",
    ("--device", "gpu"): "--device gpu: is not a device: it must be auto, cpu, cuda, cuda:N or mps",
    ("train", "--device", "mps"): "--device mps: is not there",
    # texts
    ("--input", ""): "--input '': is empty: give at least one character",
    ("--input", "h"): "--input h: has no next character to learn",
    ("--input", "ab", "--input", "abc"): "--input ab --input abc: has rows of 2 and 3 characters",
    ("--target", "abc"): "--target abc: has 3 characters where the input 'hihell' has 6",
    ("--input", "ab", "--target", "\x1b[31m"): "--target ␛[31m: has 5 characters",
    ("--vocabulary", "xyz"): "--vocabulary xyz: lacks 'e'",
    ("--vocabulary", "hieloh"): "--vocabulary hieloh: has 'h' more than once",
    ("--no-learn", "--target", "ihello"): "--target ihello: has no use without learning",
    # a text
    ("train", "--text", "/nowhere"): "--text /nowhere: there is no such file",
    ("train", "--text", "/"): "--text /: is a folder; it must be a text file",
    ("--text", "a", "--input", "b"): "--text a: cannot be combined with --input: give one of them",
    ("--text", "a", "--target", "b"): "--text a: cannot be combined with --target",
    ("--text", ""): "--text '': is empty",
    ("--batch", "2"): "--batch 2: does not fit without a text: give one, as --text FILE",
    ("--stateful",): "--stateful: does not fit without a text",
    ("--holdout", "0.1"): "--holdout 0.1: does not fit without a text",
    ("--text", "a", "--holdout", "1"): "--holdout 1: is too large: it must be at most 0.9",
    ("--text", "a", "--batch", "0"): "--batch 0: is too small: of a text it must be at least 1",
    ("--text", "a", "--length", "x"): "--length x: is not a whole number",
    ("--text", "a", "--encoding", "none", "--no-learn", "--holdout", "0.1"): "--holdout 0.1: has no use without",
    ("train", "--text", __file__, "--encoding", "none"): "--encoding none: is not an encoding that Python knows",
    ("train", "--text", sys.executable): "is not text: it has a null byte at offset",
    ("train", "--text", __file__, "--length", "999999"): "--length 999999: is too long: the text has",
    ("train", "--text", __file__, "--batch", "9999"): "--batch 9999: is too large",
    ("train", "--text", __file__, "--holdout", "1e-6"): "--holdout 1e-06: of",
    (
        "--text",
        "a",
        "--bidirectional",
    ): "--bidirectional: does not fit a text: from the right it would read the very ch",
    ("sine", "--bidirectional"): "--bidirectional: does not fit a series: from the right it would read the ve",
    ("--text", "a", "--stateful", "--bidirectional", "--no-learn"): "--stateful: does not fit a network that also",
    ("--text", "a", "--until", "learnt"): "--until learnt: never comes where every pass has another batch",
    ("show", "--text", "-"): "--text -: a file that is to be opened again needs a text that stays",
    # what does not go together
    ("--hidden", "3"): "--hidden 3: does not fit a direct head: it needs 5 units",
    ("--bidirectional",): "--hidden 5: does not fit a direct head: it needs 5 units in both directions",
    ("--implementation", "written"): "it must be fused, cell or written-out",
    ("ohlol-cell", "--bidirectional"): "--bidirectional: does not fit single cells",
    ("ohlol-lstm", "--tick", "character"): "--tick character: does not fit: it must be sequence here",
    # breakpoints, forks, memory
    ("--until", "learned"): "--until learned: is no breakpoint: it must be learnt, loss<2.7, jump>0.5, ",
    ("--until", "learnt", "--until", "loss>1"): "--until loss>1: is no breakpoint: it must be loss<NUMBER, as in ",
    ("--until", ""): "--until '': is no breakpoint",
    ("--until", "loss<\x1b"): "--until loss<␛: needs a number, as in loss<2.7",
    ("train", "--until", "epoch=0"): "--until epoch=0: is out of reach: the epoch must be 1 or more",
    ("hello", "--until", "learnt"): "--until learnt: never comes without learning: it must be epoch=N or tick=N",
    ("--fork", "lr=1"): "--fork lr=1: must be a tick and what changes then, as in '300: lr=0.05 seed=3'",
    ("--fork", ""): "--fork '': must be a tick and what changes then",
    ("--fork", "-3: lr=1"): "--fork -3: lr=1: must be a tick",
    ("--fork", "1.5: lr=1"): "must be a tick",
    ("--fork", f"{9 * 10**18}: lr=1"): "is out of reach: the tick must be at most 1,000,000,000,000,000",
    ("train", "--fork", "3:"): "--fork 3:: changes nothing: say what, as in ",
    ("train", "--fork", "3: hidden=4"): "--fork 3: hidden=4: hidden=4 cannot change on the way: only tick, ",
    ("--fork", "3: lr"): "lr cannot change on the way: only tick, reduction, label_smoothing, optimizer, ",
    ("--fork", "3: lr=1 lr=2"): "lr is given twice",
    ("--fork", "3: lr=x"): "lr x is not a number",
    ("--fork", "3: seed=1.5"): "seed 1.5 is not a whole number",
    ("--fork", "3: lr=-1"): "--fork 3: lr=-1: lr -1 is too small: it must be above 0",
    ("--dropout", "0.5"): "--dropout 0.5: does not fit one layer",
    ("--schedule", "step", "--epochs", "0"): "--schedule-every 0: does not fit step",
    ("--accumulate", "0"): "--accumulate 0: is too small: it must be at least 1",
    ("--threads", "many"): "--threads many: is not a whole number",
    ("--precision", "float16", "--device", "cpu"): "--precision float16: does not fit the device cpu",
    ("--fork", "3: precision=bfloat16"): "precision=bfloat16 cannot change on the way",
    ("--fork", "3: schedule=round"): "schedule 'round' does not fit: it must be constant, step, cosine or plateau",
    ("--fork", "3: optimizer=foo"): "optimizer 'foo' does not fit: it must be adam, adamw, sgd or rmsprop",
    ("ohlol-lstm", "--fork", "3: tick=character"): "tick character does not fit: it must be sequence here",
    ("--fork", "9: lr=1", "--fork", "3: lr=2"): "--fork 3: lr=2: comes after the one at tick 9: their ticks ",
    ("show", "--fork", "3: lr=1"): "--fork: no such option",
    ("--history", "much"): "--history much: is not a size: it must be like 256M or 1G, or 0 for no way back",
    ("--history", ""): "--history '': is not a size",
    ("--history", "-1"): "--history -1: is not a size",
    ("--history", "9999999T"): "--history 9999999T: is too large: it must be at most 1024T",
    ("train", "--history", "1G"): "--history: no such option",
    # options
    ("--hiden", "3"): "--hiden: no such option; nearest: --header, --hidden, --tied",
    ("--\x1b",): "--␛: no such option",
    ("train", "-x"): "-x: no such option",
    ("train", "--paused"): "--paused: no such option",
    ("--lr",): "--lr: needs a value",
    ("--bidirectional=3",): "--bidirectional: takes no value",
    # files
    ("--experiment", "nowhere.toml"): "--experiment nowhere.toml: there is no such file",
    ("--experiment", ""): "--experiment '': there is no such file",
    ("--experiment", "/"): "--experiment /: is a folder; it must be a TOML file",
    ("hello", "--experiment", "a.toml"): "hello: give a lesson or --experiment a.toml, not both",
    # no terminal
    (): "the view needs a terminal; `rnn-tui train hihello` works without one",
    ("ohlol",): "the view needs a terminal; `rnn-tui train ohlol` works without one",
}


@pytest.mark.parametrize(("args", "line"), REFUSED.items(), ids=lambda value: repr(value)[:60])
def test_refuses_in_one_line(args: tuple[str, ...], line: str) -> None:
    assert line in assert_refused(run(*args))


WORDS = st.sampled_from([each.option for each in SETTINGS] + ["--json", "x"]) | st.text(max_size=8)


@given(st.lists(WORDS, max_size=5))
def test_anything_is_shown_or_refused_in_one_line(args: list[str]) -> None:
    result = run("show", *args)
    if result.exit_code:
        assert_refused(result)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--hidden", "10000"], "--hidden 10000: would take about 1.5 GiB for weights, gradients and the optimizer's"),
        (["--hidden", "10000", "--optimizer", "sgd"], "would take about 0.7 GiB for weights and gradients; "),
        (["--hidden", "100", "--layers", "10000"], "--layers 10000: would take about 3.1 GiB for "),
        (["--hidden", "1000000", "--layers", "10000", "--bidirectional"], " PiB for weights"),
        (["--input", "ab" * 50_000, "--hidden", "5000"], "for the states of every time step; this machine has"),
    ],
)
def test_tells_what_would_not_fit(monkeypatch: pytest.MonkeyPatch, options: list[str], line: str) -> None:
    monkeypatch.setattr(memory, "physical_memory", lambda: 6 * 2**30 // 10)
    assert line in assert_refused(run("train", "--head", "linear", *options))


@pytest.mark.parametrize("args", [["hihelo"], ["--lr", "\x1b"], ["--input"], ["hello"]])
def test_refuses_in_a_process_of_its_own(args: list[str]) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "rnn_tui", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert process.returncode == 2
    assert not process.stdout
    assert process.stderr.startswith("rnn-tui: ")
    assert process.stderr.count("\n") == 1


def test_a_closed_or_full_output_is_no_traceback() -> None:
    program = f"{sys.executable} -m rnn_tui"
    reader = subprocess.run(
        f"{program} train hihello --epochs 5000 | head -n 1", shell=True, text=True, capture_output=True, check=True
    )
    assert reader.stdout.startswith("epoch")
    assert reader.stdout.count("\n") == 1
    assert not reader.stderr
    full = subprocess.run(f"{program} lessons > /dev/full", shell=True, text=True, capture_output=True, check=False)
    assert full.returncode == 1
    assert full.stderr.startswith("rnn-tui: the system refuses: No space left")
    assert full.stderr.count("\n") == 1


def changed(lesson: str, *args: str) -> Experiment:
    """The experiment that a lesson becomes with these options."""
    context = click.Context(main)
    command = main.get_command(context, "show")
    assert command is not None
    parameters = command.make_context("show", list(args)).params
    return from_dict(overridden(LESSONS[lesson], values_given(parameters)))


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_without_options_is_itself(name: str) -> None:
    assert changed(name) == LESSONS[name]


def test_another_input_brings_target_vocabulary_and_size() -> None:
    found = changed("hihello", "--input", "hello world")
    assert found.name == "own-text"  # what the lesson tells is no longer true of it
    assert (found.data.inputs, found.data.targets) == (("hello worl",), ("ello world",))
    assert (found.vocabulary, found.network.hidden_size) == (" dehlorw", 8)


def test_a_vocabulary_that_covers_the_text_stays() -> None:
    assert changed("hihello", "--input", "hello").vocabulary == "hielo"
    assert changed("hihello", "--input", "hello", "--vocabulary", "lohe").network.hidden_size == 4


@pytest.mark.parametrize(
    ("lesson", "args", "expected"),
    [
        ("hihello", ["--hidden", "7", "--head", "linear"], {"network.hidden_size": 7}),
        ("ohlol-embedding", ["--head", "direct"], {"network.hidden_size": 4}),
        ("ohlol", ["--bidirectional"], {"network.hidden_size": 2, "training.tick": "sequence"}),
        ("hello-cell", ["--target", "ohlol"], {"training.learn": True, "network.hidden_size": 4}),
        ("hello", ["--target", "ohlol"], {"training.epochs": 100}),
        ("hello", ["--input", "abc"], {"training.learn": False, "network.hidden_size": 2, "data.targets": ()}),
        ("hello", ["--learn"], {"data.inputs": ("hell",), "data.targets": ("ello",), "network.hidden_size": 4}),
        ("hihello", ["--no-learn"], {"data.targets": (), "training.epochs": 100}),
        ("hihello", ["--speed", "max"], {"run.speed": 0.0}),
        ("six-words", ["--batch-first", "--clip", "1"], {"network.batch_first": True, "training.clip": 1.0}),
        ("hihello", ["--input", "a\x1b", "--target", "漢e"], {"network.hidden_size": 4}),
    ],
)
def test_what_was_not_asked_for_gives_way(lesson: str, args: list[str], expected: dict[str, Any]) -> None:
    found = changed(lesson, *args)
    for path, value in expected.items():
        section, _, name = path.partition(".")
        assert getattr(getattr(found, section), name) == value, path


def test_help_names_every_option_lesson_and_heading() -> None:
    for args in ([], ["hihello"]):
        text = run(*args, "--help").stdout
        names = [f"--[no-]{each.option[2:]}" if each.kind is bool else each.option for each in SETTINGS]
        for word in (
            *names,
            *LESSONS,
            "--experiment",
            "--paused",
            "--fork",
            "--gap",
            "--history",
            "--version",
            "Network:",
            "Keys:",
        ):
            assert word in text, word
        assert max(map(len, text.splitlines())) <= 80
    assert "--json" in run("train", "-h").stdout
    assert run("--version").stdout == f"rnn-tui {__version__} (torch {version('torch')})\n"


def test_lessons_are_listed() -> None:
    lines = run("lessons").stdout.splitlines()
    assert [line.split()[0] for line in lines[:-2] if not line.startswith(" ")] == list(LESSONS)


class FakeEngine:
    """An engine that refuses one device."""

    def __init__(self) -> None:
        self.closed = False

    def try_open(self, experiment: Experiment) -> tuple[str, str] | None:
        return ("run.device", "'cuda' is not there: use cpu") if experiment.run.device == "cuda" else None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A terminal, an engine and an app that only note how they are called."""
    calls: list[Any] = []
    start, app = ModuleType("rnn_tui.client.start"), ModuleType("rnn_tui.view.app.run")
    start.__dict__["start_engine"] = lambda _: FakeEngine()

    def run_app(engine: FakeEngine, launch: LaunchOptions) -> int:
        calls.append((engine, launch))
        return 0

    app.__dict__["run_app"] = run_app
    monkeypatch.setitem(sys.modules, "rnn_tui.client.start", start)
    monkeypatch.setitem(sys.modules, "rnn_tui.view.app.run", app)
    monkeypatch.setattr("rnn_tui.cli.view.need_terminal", lambda _: None)
    return calls


def test_opens_the_view(opened: list[Any]) -> None:
    assert run().exit_code == 0
    assert run("--lr", "0.5", "ohlol", "--paused").exit_code == 0
    (_, first), (_, second) = opened
    assert first == LaunchOptions(experiment=LESSONS["hihello"])
    assert (second.experiment.name, second.experiment.training.lr, second.paused) == ("ohlol", 0.5, True)


def test_how_the_view_behaves(opened: list[Any]) -> None:
    assert run("--fps", "5", "--colors", "16", "--ascii", "--on-hangup", "pause").exit_code == 0
    ((_, launch),) = opened
    assert launch.view_settings == ViewSettings(fps=5.0, colors="16", ascii=True, on_hangup="pause")


@pytest.mark.parametrize(
    ("option", "value", "right"),
    [
        ("--fps", "0", "must be a number from 0.1 to 120"),
        ("--fps", "nan", "must be a number from 0.1 to 120"),
        ("--fps", "many", "must be a number from 0.1 to 120"),
        ("--colors", "8", "must be auto, truecolor, 256, 16 or none"),
        ("--on-hangup", "die", "must be train, pause or stop"),
    ],
)
def test_a_manner_that_is_none(option: str, value: str, right: str) -> None:
    assert assert_refused(run(option, value)) == f"{option} {value}: {right}"


@pytest.mark.parametrize("term", [None, "", "dumb", "unknown"])
def test_a_terminal_that_can_do_nothing_is_told_what_is_needed(
    term: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    line = assert_refused(run())
    assert "TERM" in line
    assert "xterm-256color" in line
    assert "rnn-tui train" in line


def test_what_comes_later_goes_to_the_view(opened: list[Any]) -> None:
    assert run("--fork", "3: lr=0.5", "--fork", "9: seed=7", "--history", "1.5K", "--until", "tick = 12").exit_code == 0
    ((_, launch),) = opened
    assert launch.experiment.run.until == ("tick=12",)
    assert launch.history == 1536
    assert [(turn.tick, turn.training.lr, turn.training.seed, turn.reseed) for turn in launch.changes] == [
        (3, 0.5, 4, False),
        (9, 0.5, 7, True),
    ]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("256M", 2**28),
        ("1g", 2**30),
        ("1 GiB", 2**30),
        ("0.5kB", 512),
        ("2t", 2**41),
        ("1024T", 2**50),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert memory.parse_size(text) == size


def test_training_without_a_view_stops_only_where_it_is_asked_to() -> None:
    whole = run("train", "hihello", "--every", "1000").stdout.splitlines()
    assert " · 100 epochs in " in whole[-1]
    assert "stopped" not in whole[-1]
    stopped = run("train", "hihello", "--until", "learnt", "--until", "epoch=50")
    assert stopped.exit_code == 0
    lines = stopped.stdout.splitlines()
    assert len(lines) == 11
    assert lines[-1].startswith("learnt ihello: first right in epoch 10 · ")
    assert lines[-1].endswith(" · stopped at tick 60: the prediction is right for the first time (learnt)")
    assert not stopped.stderr


def test_a_file_has_no_gap(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(run("show", "remember").stdout)  # even where it holds the lesson
    line = assert_refused(run("show", "--experiment", str(file), "--gap", "3"))
    assert line == "--gap 3: only the lesson remember has a gap; a file has none"


def test_a_file_s_breakpoints_are_for_the_view(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(run("show", "hihello", "--until", "epoch=3", "--epochs", "5").stdout)
    assert 'until = ["epoch=3"]' in file.read_text()
    assert len(run("train", "--experiment", str(file)).stdout.splitlines()) == 6
    assert len(run("train", "--experiment", str(file), "--until", "epoch=4").stdout.splitlines()) == 5


def test_a_stop_in_the_middle_of_an_epoch_tells_of_the_whole_ones() -> None:
    done = run("train", "hihello", "--until", "tick=15", "--json")
    assert done.exit_code == 0
    assert [json.loads(line)["tick"] for line in done.stdout.splitlines()] == [6, 12]
    assert done.stderr.startswith("in the middle of epoch 3, 3 of 6 characters fed · loss ")
    assert " · stopped at tick 15: " in done.stderr


def test_forks_change_what_is_trained() -> None:
    plain = run("train", "hihello", "--epochs", "6").stdout.splitlines()
    forked = run("train", "hihello", "--epochs", "6", "--fork", "18: lr=0.9").stdout.splitlines()
    assert plain[:3] == forked[:3]  # its update comes with the next pass
    assert all(one != other for one, other in zip(plain[3:], forked[3:], strict=True))


def test_never_takes_a_lesson_s_breakpoint_away() -> None:
    assert changed("hihello").run.until == ("learnt",)
    assert changed("hihello", "--until", "never").run.until == ()
    assert changed("hihello", "--no-learn").run.until == ()


def test_a_device_that_is_not_there_is_told_before_the_view_opens(opened: list[Any]) -> None:
    assert assert_refused(run("--device", "cuda")) == "--device cuda: is not there: use cpu"
    assert not opened


def test_garbage_is_collected_once_the_command_is_imported() -> None:
    code = (
        "import atexit, gc, sys; from rnn_tui.__main__ import main; sys.argv[1:] = ['lessons']\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))\nmain()"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).endswith("True True\n")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = {"torch", "textual", "rich", "numpy", "tomlkit", "tqdm", "asyncio"}
    every = "for name in main.list_commands(click.Context(main)): main.get_command(click.Context(main), name)"
    code = f"import sys, click; from rnn_tui.cli.main import main\n{every}\nprint(*{heavy} & set(sys.modules))"
    assert not subprocess.check_output([sys.executable, "-c", code], text=True).strip()
