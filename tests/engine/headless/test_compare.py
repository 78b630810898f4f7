"""Comparing without a view: what is printed is what each network comes to by itself."""

import csv
import io
import json
import os
import signal
from pathlib import Path

import pytest

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.headless.compare import compare
from rnn_tui.engine.headless.train import train
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.vary import comparison_of, parse_varied


def compared(lesson: str, *texts: str, seeds: int | None = None) -> Comparison:
    return comparison_of(LESSONS[lesson], map(parse_varied, texts), seeds)


def run(comparison: Comparison, **options: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    settings = {"json": False} | options
    code = compare(comparison, out=out, err=err, **settings)  # type: ignore[arg-type]
    return code, out.getvalue(), err.getvalue()


def test_each_line_is_that_of_its_single_run() -> None:
    comparison = compared("ohlol", "cell=rnn,gru", "lr=0.1,0.03", seeds=2)
    code, out, err = run(comparison, json=True)
    *lines, table = map(json.loads, out.splitlines())
    assert (code, len(lines), table["networks"]) == (0, 8, 8)
    assert err.startswith("8 networks · 120 passes in ")
    for line in lines:
        alone = io.StringIO()
        train(comparison.experiment(line["member"] - 1), json=True, every=1, out=alone, err=io.StringIO())
        epochs = [json.loads(each) for each in alone.getvalue().splitlines()]
        right = [each["epoch"] for each in epochs if each["right_rows"] == 1]
        assert line["loss"] == pytest.approx(epochs[-1]["loss"], rel=1e-4)
        assert line["learnt"] == (right[0] if right else None)
        assert line["right"] == (bool(right) and right[-1] == 15)
        assert (line["state"], line["epoch"]) == ("done", 15)


def test_networks_that_have_learnt_it_stop_if_asked(tmp_path: Path) -> None:
    file = tmp_path / "fared.csv"
    code, out, _ = run(compared("ohlol", seeds=6), csv=str(file), stops_when_learnt=True)
    assert code == 0
    with file.open() as rows:
        fared = list(csv.DictReader(rows))
    assert [int(each["epoch"]) for each in fared] == [int(each["learnt"] or 15) for each in fared]
    assert any(each["learnt"] for each in fared)
    lines = out.splitlines()
    assert lines[0] == "ohlol: 6 networks, seed=3..8"
    ended = [int(line.split()[0]) for line in lines[1:7]]  # those that end first come first
    assert ended == [int(each["member"]) for each in sorted(fared, key=lambda each: int(each["epoch"]))]


def test_ctrl_c_prints_the_table_of_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    step, steps = Field.step, []

    def interrupted(field: Field) -> bool:
        steps.append(1)
        if len(steps) == 12:
            os.kill(os.getpid(), signal.SIGINT)
        return step(field)

    monkeypatch.setattr(Field, "step", interrupted)
    comparison = compared("ohlol", "epochs=5,15", seeds=2)
    code, out, _ = run(comparison, csv=str(tmp_path / "fared.csv"))
    assert (code, len(steps)) == (130, 12)
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]  # that have ended
    header, short, long = lines[4:7]
    assert header.split()[-1] == "stopped"
    assert [short.split()[-1], long.split()[-1]] == ["0", "2"]
    assert lines[-1].startswith("2 of 4 networks to the end · 34 passes in ")
    rows = (tmp_path / "fared.csv").read_text().splitlines()
    assert [row.split(",")[3:5] for row in rows[1:]] == [
        ["done", "5"],
        ["done", "5"],
        ["stopped", "12"],
        ["stopped", "12"],
    ]


def test_a_network_that_diverges_is_marked_and_the_others_are_as_they_are_alone() -> None:
    comparison = compared("hihello-embedding", "optimizer=sgd", "cell=rnn-relu", "lr=0.01,1e3,1e6", "epochs=20")
    _, out, _ = run(comparison, json=True)
    lines = {line["member"]: line for line in map(json.loads, out.splitlines()[:-1])}
    assert (lines[3]["state"], lines[3]["loss"]) == ("diverged", None)
    alone = io.StringIO()
    train(comparison.experiment(0), json=True, every=100, out=alone, err=io.StringIO())
    assert lines[1]["loss"] == pytest.approx(json.loads(alone.getvalue().splitlines()[-1])["loss"], rel=1e-4)
    assert "from 1000 on they diverge: 2 of 2 networks" in out.splitlines()[-1]


def test_what_is_held_out_is_in_the_lines_and_in_the_table() -> None:
    code, out, _ = run(compared("sine", "hidden=4,8", "epochs=2"))
    assert code == 0
    lines = out.splitlines()
    assert lines[1].split()[:5] == ["1", "hidden=4", "epochs=2", "update", "4"]
    assert "held out" in lines[1]
    assert lines[4].split() == ["hidden", "epochs", "networks", "loss", "held", "out"]


def test_what_is_held_out_is_evaluated_at_the_end_as_a_single_run_does() -> None:
    """Check that no earlier update counts: a short run would be judged by its first weights."""
    comparison = compared("sine", "hidden=4,5", "epochs=3")
    _, out, _ = run(comparison, json=True)
    for line in map(json.loads, out.splitlines()[:-1]):
        alone = io.StringIO()
        train(comparison.experiment(line["member"] - 1), json=True, every=10**6, out=alone, err=io.StringIO())
        last = json.loads(alone.getvalue().splitlines()[-1])
        assert last["held_out_update"] == line["update"]
        assert line["held_out"] == pytest.approx(last["held_out_loss"], rel=1e-4)
