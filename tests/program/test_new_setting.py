"""A setting is declared once: the inertia of rmsprop, added to a copy of the program by one declaration and its use, is
right everywhere at once. What its losses must be is computed by a plain PyTorch loop.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from rnn_tui.cli.main import main
from tests.setting_trial import grown, run_by

pytestmark = pytest.mark.usefixtures("quick_disk")

LESSON = ("hihello-sequence", "--lr", "0.05", "--seed", "4")
UPDATES = 12
FORK = 5  # the tick; its update is made when the next pass begins, and so in the new way

# Runs command lines in one process of the copy: a line of JSON for each, with its code and what it printed.
COMMANDS = """
import json, sys
from click.testing import CliRunner
from rnn_tui.cli.main import main
for line in json.loads(sys.argv[1]):
    result = CliRunner().invoke(main, line)
    print(json.dumps([result.exit_code, result.stdout, result.stderr]))
"""

FORMS = """
import asyncio, json
from textual.app import App
from textual.widgets import Input
from msgspec.structs import replace
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.command_line import command_line
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.protocol.frame import Status
from rnn_tui.view.screens.experiment import ExperimentScreen
from rnn_tui.view.screens.fork import ForkScreen

lesson = LESSONS["hihello-sequence"]
plain = replace(lesson, training=replace(lesson.training, optimizer="rmsprop"))
moving = replace(plain, training=replace(plain.training, inertia=0.9))

async def typed(screen, value):
    app, found = App(), []
    async with app.run_test(size=(100, 50)) as pilot:
        app.push_screen(screen, found.append)
        await pilot.pause()
        row = screen.rows["training.inertia"]
        assert isinstance(row.editor, Input)
        row.editor.value = value
        await pilot.pause()
        problem = row.problem
        await pilot.press("ctrl+s")
        await pilot.pause()
        return found[0].training.inertia if found else problem

status = Status(
    tick=7, newest=7, branch="main", branches=1, epochs=100, epoch=7, fed=6, loss=1.0, running_loss=1.0,
    state="paused", speed=4.0, ticks_per_second=0.0, lr=0.05,
)
change = Change(tick=3, training=replace(moving.training, inertia=0.5))
print(json.dumps({
    "form": asyncio.run(typed(ExperimentScreen(plain), "0.9")),
    "refused": asyncio.run(typed(ExperimentScreen(plain), "1.5")),
    "fork form": asyncio.run(typed(ForkScreen(plain, status), "0.5")),
    "c": command_line(moving, (change,), 9),
    "memory": memory_bytes(moving) - memory_bytes(plain),
    "weights": plain.weights,
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("inertia"))


def said(copy: Path, *lines: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    """Return what each of these command lines prints, run by the copy: its exit code, stdout and stderr."""
    for line in run_by(copy, "-c", COMMANDS, json.dumps(lines)).splitlines():
        code, out, err = json.loads(line)
        yield code, out, err


def printed(out: str) -> list[float]:
    rows = [json.loads(line) for line in out.splitlines()]
    return [row["loss"] for row in rows if "loss" in row and "epoch" in row]


def kept(folder: Path) -> list[str]:
    return [line.split(",")[2] for line in (folder / "losses.csv").read_text().splitlines()[1:]]


def plain_losses(momentum: Callable[[int], float]) -> list[float]:
    """`hihell -> ihello` by plain PyTorch and RMSprop; `momentum` is that of each update, from 0."""
    torch.manual_seed(4)
    network = nn.RNN(5, 5)
    steps = torch.tensor(["hielo".index(character) for character in "hihell"])
    answers = torch.tensor(["hielo".index(character) for character in "ihello"])
    optimizer = torch.optim.RMSprop(network.parameters(), lr=0.05, momentum=momentum(0))
    losses = []
    for update in range(UPDATES):
        loss = nn.functional.cross_entropy(network(torch.eye(5)[steps])[0], answers)
        losses.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.param_groups[0]["momentum"] = momentum(update)
        if momentum(update):
            for weight, state in optimizer.state.items():
                state.setdefault("momentum_buffer", torch.zeros_like(weight))
        optimizer.step()
    return losses


def train(*more: str) -> tuple[str, ...]:
    return ("train", *LESSON, "--json", "--epochs", str(UPDATES), *more)


def test_the_command_line_has_it_and_checks_it(copy: Path) -> None:
    rms = ("--optimizer", "rmsprop")
    found = list(
        said(
            copy,
            ("--help",),
            ("show", *rms, "--inertia", "0.9"),
            ("show", *rms, "--inertia", "1.5"),
            ("show", *rms, "--inertia", "fast"),
            ("show", "--inertia", "0.9"),
            ("train", "--no-save", *rms, "--fork", "3: inertia=2"),
            ("train", "--no-save", *rms, "--fork", "3: inertie=2"),
            ("train", "--no-save", *rms, "--inertia", "0.5", "--fork", "3: optimizer=adam"),
        )
    )
    assert [code for code, _, _ in found] == [0, 0, 2, 2, 2, 2, 2, 2]
    help_text, shown = found[0][1], found[1][1]
    assert re.search(r"--inertia NUMBER +rmsprop: share of the last step", help_text)
    assert "inertia = 0.9 # rmsprop: share of the last step that is made again; 0: none" in shown
    large, word, adam, fork, typo, way = (err.strip() for _, _, err in found[2:])
    assert large == "rnn-tui: --inertia 1.5: is too large: it must be at most 0.99"
    assert word == "rnn-tui: --inertia fast: is not a number"
    assert adam == "rnn-tui: --inertia 0.9: has no use without rmsprop: it must be 0"
    assert fork == "rnn-tui: --fork 3: inertia=2: inertia 2 is too large: it must be at most 0.99"
    assert "inertia" in typo.partition("only")[2]
    assert way.endswith("inertia 0.5 has no use without rmsprop: it must be 0")


def test_it_takes_effect_from_the_start_from_a_file_and_on_a_fork(copy: Path, tmp_path: Path) -> None:
    rms, fork, no = ("--optimizer", "rmsprop"), ("--fork", f"{FORK}: inertia=0.5"), "--no-save"
    file = tmp_path / "mine.toml"
    ((_, toml, _),) = said(copy, ("show", *LESSON, *rms, "--inertia", "0.9", "--epochs", str(UPDATES)))
    file.write_text(toml)
    results = list(
        said(
            copy,
            train(*rms, no),
            train(*rms, no, "--inertia", "0.9"),
            ("train", "--json", no, "--experiment", str(file)),
            train(*rms, no, *fork),
            train(*rms, no, "--inertia", "0.9", "--fork", f"{FORK}: inertia=0"),
        )
    )
    assert [err for code, _, err in results if code] == []
    without, with_it, by_file, forked, off = (printed(out) for _, out, _ in results)
    assert without == plain_losses(lambda _: 0)
    assert with_it == by_file == plain_losses(lambda _: 0.9)
    assert forked == plain_losses(lambda update: 0.5 if update >= FORK - 1 else 0)
    assert off == plain_losses(lambda update: 0 if update >= FORK - 1 else 0.9)
    assert with_it != without
    assert forked[: FORK + 1] == without[: FORK + 1]
    assert forked[-1] != without[-1]


@pytest.mark.long
def test_the_forms_c_and_the_memory_estimate_have_it(copy: Path) -> None:
    found = json.loads(run_by(copy, "-c", FORMS))
    assert found["form"] == 0.9
    assert found["refused"] == "is too large: it must be at most 0.99"
    assert found["fork form"] == 0.5
    assert "--inertia 0.9" in found["c"]
    assert "--fork '3: inertia=0.5'" in found["c"]
    assert found["memory"] == 4 * found["weights"]  # a buffer for each weight, in float32


@pytest.mark.long
def test_a_run_goes_on_to_the_bit_and_its_buffer_is_checked(copy: Path, tmp_path: Path) -> None:
    with_it = ("--optimizer", "rmsprop", "--inertia", "0.9")
    forked = ("--optimizer", "rmsprop", "--fork", f"{FORK}: inertia=0.5")
    whole, parts, change, part_change = (str(tmp_path / name) for name in ("whole", "parts", "change", "part-change"))
    half = ("--epochs", str(FORK + 1))  # one update with the fork's momentum has been prepared, and is made on resuming
    said_all = list(
        said(
            copy,
            train(*with_it, "--run", whole),
            train(*with_it, "--run", parts, *half),
            ("train", "--json", "--resume", parts, "--epochs", str(UPDATES)),
            train(*forked, "--run", change),
            train(*forked, "--run", part_change, *half),
            ("train", "--json", "--resume", part_change, "--epochs", str(UPDATES)),
        )
    )
    assert [err for code, _, err in said_all if code] == []
    assert kept(Path(parts)) == kept(Path(whole))
    assert kept(Path(part_change)) == kept(Path(change))
    assert len(kept(Path(whole))) == UPDATES
    tensors = next(Path(whole).glob("checkpoint-*.safetensors"))
    assert b'"optimizer.weight_hh_l0.momentum_buffer":{"dtype":"F32","shape":[5,5]' in tensors.read_bytes()

    manifest = Path(whole) / "checkpoint.json"
    values = json.loads(manifest.read_text())
    lost = tensors.read_bytes().replace(b"hh_l0.momentum_buffer", b"hh_l0.momentum_buffet")
    tensors.write_bytes(lost)
    values["tensors_sha256"] = hashlib.sha256(lost).hexdigest()
    manifest.write_text(json.dumps(values))
    ((code, _, err),) = said(copy, ("train", "--resume", whole))
    assert code == 2
    assert "momentum_buffer is nothing; the experiment needs 5" in err


@pytest.mark.long
def test_a_run_that_the_program_kept_without_it_goes_on(copy: Path, tmp_path: Path) -> None:
    folder, whole = str(tmp_path / "run"), str(tmp_path / "whole")
    for arguments in (train("--run", folder, "--epochs", "5"), train("--run", whole)):
        assert CliRunner().invoke(main, arguments).exit_code == 0
    ((code, _, err),) = said(copy, ("train", "--json", "--resume", folder, "--epochs", str(UPDATES)))
    assert code == 0, err
    assert kept(Path(folder)) == kept(Path(whole))


def test_what_its_declaration_says_is_held_to(copy: Path) -> None:
    test = Path(__file__).parents[1] / "experiment" / "test_settings.py"
    options = ("-q", "-p", "no:cacheprovider", "-o", "pythonpath=")  # or else pytest imports the program of this tree
    told = run_by(copy, "-m", "pytest", *options, str(test), "-k", "inertia or on_the_way or keeps")
    assert told.startswith("...... "), told
