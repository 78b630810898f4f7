"""Wild but well-formed commands: each ends soon, with an exit code that means something and no traceback.

`RNN_TUI_ROUNDS=900` tries as many; a check that runs often tries fewer. Views are not opened: there is no terminal.
"""

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.common.glyphs import is_harmful
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import SETTINGS
from tests.engine.kept_runs import advance, begin
from tests.terminals import own_place, program
from tests.time_limit import at_most

pytestmark = pytest.mark.usefixtures("quick_disk")

ROUNDS = max(60, int(os.environ.get("RNN_TUI_ROUNDS", "60")))
STUCK = 60  # seconds after which a command counts as one that does not end
FLAGS = [
    "--learn",
    "--no-learn",
    "--stateful",
    "--no-stateful",
    "--bidirectional",
    "--json",
    "--no-save",
    "--save",
    "--best",
    "--yes",
    "--skip-unknown",
    "--paused",
    "--ascii",
    "--help",
]
OTHERS = [
    "--prime",
    "--temperature",
    "--top-k",
    "--seed",
    "--length",
    "--to",
    "--prime-file",
    "--forecast",
    "--run",
    "--resume",
    "--every",
    "--checkpoint-every",
    "--fork",
    "--history",
    "--gap",
    "--experiment",
    "--fps",
    "--colors",
    "--sort",
    "--where",
    "--tag",
    "--untag",
]
NUMBERS = [
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "1e3",
    "1e400",
    "-1e400",
    "nan",
    "inf",
    "0x10",
    "١٢",
    "1_000",
    "99999999999999999999",
    "0.5",
    "1/2",
]
FILES = [
    "-",
    "--",
    ".",
    "..",
    "/proc",
    "/dev/null",
    "~",
    "text.txt",
    "pairs.tsv",
    "series.csv",
    "mine.toml",
    "one",
    "on",
    "./one",
]
TEXTS = (
    "",
    "a b",
    "é",
    "\u202e",
    "\x1b[31m",
    "\n",
    "\t",
    "None",
    "[]",
    "{}",
    "%s",
    "$HOME",
    "*",
    "a" * 3000,
    "hihello",
)
POINTS = ("tick=3", "loss<1", "epoch=0", "3: lr=1", "0: seed=1 seed=2", "auto", "cpu", "cuda:99")
WORDS = (*NUMBERS, *FILES, *TEXTS, *POINTS)
COMMANDS = (
    "train",
    "train",
    "train",
    "show",
    "runs",
    "sample",
    "export",
    "stop",
    "attach",
    "resume",
    "rm",
    "note",
    "compare",
    "lessons",
    "",
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of each kind, and a run."""
    own_place(tmp_path, monkeypatch)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    Path("text.txt").write_text("hello world, " * 30)
    Path("pairs.tsv").write_text("ab\tba\nabc\tcba\n")
    Path("series.csv").write_text("a,b\n" + "".join(f"{each % 5},{each % 3}\n" for each in range(40)))
    Path("mine.toml").write_text('[data]\ninputs = ["hello"]\n')
    session, checkpointer = begin(LESSONS["hihello-embedding"], tmp_path / "d" / "rnn-tui" / "runs" / "one")
    advance(session, 12, checkpointer)
    checkpointer.close()
    return work


def wild(chance: random.Random) -> list[str]:
    """One command: options that there are, with values that some option takes or that none does."""
    command = chance.choice(COMMANDS)
    words = [command] if command else []
    fits = (*LESSONS,) if command in ("train", "show", "") else ("one", "on", "./one")
    if command == "compare":
        fits = ("one", "hihello", "hihello-gru", "three-words", "spell", "sine")  # a text takes long
    if chance.random() < 0.7:
        words.append(chance.choice(fits if chance.random() < 0.8 else WORDS))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 6))):
        words += option(chance, command)
    if command == "train":  # so that it ends by itself
        words += ["--epochs", "1", "--until", "tick=3", *chance.choice(((), ("--batch", "2"), ("--no-save",)))]
    if command == "compare":
        words += ["--epochs", "1", *chance.choice(((), ("--seeds", "2"), ("--vary", "lr=0.1,0.2")))]
        words += chance.choice(([], ["--vary", chance.choice(WORDS)], ["--json"], ["--csv", chance.choice(WORDS)]))
    return [word.replace("\0", "") for word in words]


def option(chance: random.Random, command: str) -> list[str]:
    if chance.random() < 0.2:
        return [chance.choice(FLAGS)]
    if command in ("sample", "export", "rm", "runs", "note", "compare", "stop") or chance.random() < 0.2:
        return [chance.choice(OTHERS), chance.choice(WORDS)]
    each = chance.choice(
        [each for each in SETTINGS if each.path not in ("training.epochs", "data.text") or command != "train"]
    )
    fits = each.choices or ("1", "2", "3", "0.1")
    value = chance.choice(fits if chance.random() < 0.6 else WORDS)
    if (
        each.path in ("network.hidden_size", "network.layers", "network.embedding")
        and value.isdecimal()
        and len(value) > 3
    ):
        value = "16"  # what is large takes long, and that is no fault
    return [each.option, value] if chance.random() < 0.7 else [f"{each.option}={value}"]


def commands(seed: int) -> Iterator[list[str]]:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        yield wild(chance)


@pytest.mark.usefixtures("place")
def test_in_this_process() -> None:
    codes: dict[int, int] = {}
    for number, words in enumerate(commands(1)):
        with at_most(STUCK):
            result = CliRunner().invoke(main, words)
        told = f"{number}: {words}: {result.exit_code}\n{result.output}"
        assert isinstance(result.exception, SystemExit | None), (told, result.exception)
        assert result.exit_code in (0, 1, 2), told
        codes[result.exit_code] = codes.get(result.exit_code, 0) + 1
        if result.exit_code == 2 and words[:1] != ["rm"]:
            lines = [line for line in result.stderr.splitlines() if not line.startswith(("rnn-tui: --", "epoch"))]
            assert len(lines) <= 2, told
            assert "rnn-tui: " in result.stderr, told
        if words[:1] != ["sample"]:  # whose text goes to a pipe as it is
            assert not [each for each in result.output if each != "\n" and is_harmful(each)], told
    print(codes)
    assert codes[0] > ROUNDS // 20  # not all of them are refused
    assert codes[2] > ROUNDS // 20


@pytest.mark.usefixtures("place")
def test_in_a_process_of_its_own() -> None:
    chance = random.Random(2)
    for _ in range(max(3, ROUNDS // 100)):
        words = wild(chance)
        done = subprocess.run(
            program(*words), capture_output=True, stdin=subprocess.DEVNULL, timeout=STUCK, check=False
        )
        assert done.returncode in (0, 1, 2), (words, done)
        assert b"Traceback" not in done.stderr, (words, done)
