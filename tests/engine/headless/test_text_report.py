"""What a run over a text says without a view: the same losses as on the disk, and passes that are no updates."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rnn_tui.common.wording import counted, surprise
from rnn_tui.engine.headless.text_report import text_line, text_summary, text_update
from rnn_tui.engine.headless.train import train
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.text_runs import letters, on_text
from tests.engine.training.test_series_training import on_series

pytestmark = pytest.mark.usefixtures("quick_disk")
TEXT = letters(200)


def told(
    experiment: Experiment, *, every: int = 1, json: bool = False, keep: SaveOptions | None = None
) -> tuple[list[str], list[str]]:
    """The lines on stdout, and those on stderr."""
    out, err = io.StringIO(), io.StringIO()
    assert train(experiment, json=json, every=every, out=out, err=err, keep=keep) == 0
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def rows(file: Path) -> list[dict[str, str]]:
    with open(file) as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("make", [on_text, on_series])
def test_a_loss_is_that_of_its_update_however_many_lines_there_are(tmp_path: Path, make: Any, kept: bool) -> None:
    first = [tmp_path, TEXT] if make is on_text else [tmp_path]
    experiment = make(*first, training={"epochs": 3}, holdout=0.2)
    told(experiment, keep=SaveOptions(folder=str(tmp_path / "run")))
    losses = [float(each["loss"]) for each in rows(tmp_path / "run" / "losses.csv")]
    for every in (1, 4, 1000):
        keep = SaveOptions(folder=str(tmp_path / f"run-{every}")) if kept else None
        lines = [json.loads(line) for line in told(experiment, every=every, json=True, keep=keep)[0]]
        assert [each["loss"] for each in lines] == [losses[each["update"] - 1] for each in lines]
        assert lines[-1]["update"] == lines[-1]["updates"] == len(losses)
        summary = told(experiment, every=every)[0][-1]
        assert f" loss {losses[-1]:.4f} " in summary
        assert f" · {len(losses)} updates of " in summary


def test_resumed_when_it_is_done_it_says_so_and_the_same_numbers_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    experiment = on_text(tmp_path, letters(4000), training={"epochs": 2}, holdout=0.5)
    ended = told(experiment, every=1000, keep=SaveOptions(folder=str(run), every=1))[0][-1]
    again, err = told(read_experiment(run), keep=SaveOptions(folder=str(run), resume=True))
    assert again[-1].split(" · ")[:4] == ended.split(" · ")[:4]
    assert err == ["rnn-tui: this run is done (2 epochs): --epochs 4, say, goes on with it"]


def test_where_updates_wait_for_several_passes_both_are_told(tmp_path: Path) -> None:
    experiment = on_text(tmp_path, TEXT, training={"epochs": 3, "accumulate": 4}, holdout=0.2)
    lines, _ = told(experiment)
    assert lines[9].startswith("epoch 1.00  pass 10  loss ")
    assert " · 30 passes over 15 characters, 7 updates · " in lines[-1]
    numbers = [json.loads(line) for line in told(experiment, json=True)[0]]
    assert [each["updates"] for each in numbers] == [number // 4 for number in range(1, 31)]
    assert [each["update"] for each in numbers] == list(range(1, 31))


def test_where_no_update_is_ever_made_it_is_told_before_and_after(tmp_path: Path) -> None:
    experiment = on_text(tmp_path, TEXT, training={"epochs": 1, "accumulate": 1000}, holdout=0.2)
    lines, err = told(experiment)
    assert err == ["rnn-tui: --accumulate 1000: there are 10 passes to come: not one update will be made"]
    assert " · 10 passes over 15 characters, not one update · " in lines[-1]
    enough = on_text(tmp_path, TEXT, training={"epochs": 1, "accumulate": 10}, holdout=0.2)
    lines, err = told(enough)
    assert not err
    assert " · 10 passes over 15 characters, 1 update · " in lines[-1]


def test_one_is_no_plural() -> None:
    assert [counted(each, "pass") for each in (0, 1, 1200)] == ["0 passes", "1 pass", "1,200 passes"]
    assert counted(1, "update") == "1 update"


def test_what_is_held_out_is_on_the_disk_each_judgement_once_also_on_resuming(tmp_path: Path) -> None:
    run, file = tmp_path / "run", tmp_path / "run" / "held-out.csv"
    experiment = on_text(tmp_path, letters(900), training={"epochs": 6}, holdout=0.7)
    lines, _ = told(experiment, every=1, json=True, keep=SaveOptions(folder=str(run)))
    seen = {each["held_out_update"]: each for each in map(json.loads, lines[:-1])}
    parts = [each for each in rows(file) if int(each["characters"]) < 629][:-1]  # the last line is of the whole
    assert [int(each["update"]) for each in parts] == list(seen) == [1, 34, 68]
    for each in parts:
        judged = seen[int(each["update"])]
        assert (float(each["loss"]), float(each["accuracy"])) == (judged["held_out_loss"], judged["held_out_accuracy"])
    whole = json.loads(lines[-1])
    assert rows(file)[-1] == {
        "update": str(whole["held_out_update"]),
        "loss": repr(whole["held_out_loss"]),
        "accuracy": repr(whole["held_out_accuracy"]),
        "characters": "629",
    }
    before = file.read_text()
    with open(file, "a") as stream:
        stream.write("999,1.0,0.0,5\n")  # of what was learnt after the last checkpoint, and is done again
    training = replace(experiment.training, epochs=12)
    more = SaveOptions(folder=str(run), resume=True)
    out, err = io.StringIO(), io.StringIO()
    at = len(rows(run / "losses.csv"))
    changes = (Change(tick=at, training=training),)
    assert train(read_experiment(run), json=False, every=None, out=out, err=err, keep=more, changes=changes) == 0
    assert file.read_text().startswith(before)
    updates = [int(each["update"]) for each in rows(file)]
    assert updates == sorted(updates)
    assert 999 not in updates
    assert updates[-1] == 2 * at


def test_numbers_have_no_accuracy_on_the_disk(tmp_path: Path) -> None:
    told(on_series(tmp_path, training={"epochs": 3}, holdout=0.2), keep=SaveOptions(folder=str(tmp_path / "run")))
    assert {each["accuracy"] for each in rows(tmp_path / "run" / "held-out.csv")} == {""}


def test_where_nothing_is_held_out_there_is_no_such_file(tmp_path: Path) -> None:
    told(on_text(tmp_path, TEXT, training={"epochs": 1}), keep=SaveOptions(folder=str(tmp_path / "run")))
    assert not (tmp_path / "run" / "held-out.csv").exists()


def test_a_part_of_what_is_held_out_is_not_told_as_all_of_it(tmp_path: Path) -> None:
    session = Session(on_text(tmp_path, letters(900), training={"epochs": 6}, holdout=0.7))
    while session.branch.held_out.newest() is None:
        session.tick()
    judged = session.branch.held_out.newest()
    assert judged is not None
    assert judged.characters < 629
    assert f" · {judged.characters} of 629 characters held out: " in " · ".join(text_summary(session))
    assert "  held out (a part of it) " in text_line(text_update(session))
    while not session.done:
        session.tick()
    session.recording.evaluate()
    assert " · 629 characters held out: " in " · ".join(text_summary(session))
    assert "a part" not in text_line(text_update(session))


@pytest.mark.parametrize(
    ("nats", "unit", "words"),
    [
        (2 * math.log(2), "character", "2.000 bits"),
        (math.log(8), "label", "3.000 bits"),
        (math.log(1234), "word", "perplexity 1,234"),
        (math.log(3.456), "word", "perplexity 3.46"),
        (1e9, "word", "perplexity 26,881,171"),
    ],
)
def test_a_loss_in_the_usual_unit(nats: float, unit: str, words: str) -> None:
    assert surprise(nats, unit).startswith(words)
