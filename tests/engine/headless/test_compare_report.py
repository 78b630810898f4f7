"""What is printed of a comparison: lines, table, JSON and CSV, made of constructed numbers."""

import csv
import io
import json
import math

from msgspec.structs import replace

from rnn_tui.engine.headless.compare_report import Report
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.outcomes import Outcome
from rnn_tui.experiment.vary import comparison_of, parse_varied


def compared(lesson: str, *texts: str, seeds: int | None = None) -> Comparison:
    return comparison_of(LESSONS[lesson], map(parse_varied, texts), seeds)


CELLS = Report(comparison=compared("hihello-sequence", "cell=rnn,lstm", seeds=3))
FARED = [
    Outcome(member=0, epoch=100, loss=0.43311, learnt=21, right=True),
    Outcome(member=1, epoch=100, loss=0.7, learnt=0),
    Outcome(member=2, epoch=100, loss=0.45, learnt=31),
    Outcome(member=3, epoch=7, loss=math.nan, diverged=True),
    Outcome(member=4, epoch=57, loss=1.25, done=False),
    Outcome(member=5, epoch=100, loss=0.5, learnt=100, right=True),
]


def test_a_line_for_each_network() -> None:
    assert CELLS.heading() == "hihello-sequence: 6 networks, cell=rnn,lstm seed=4..6"
    assert [CELLS.line(each) for each in FARED] == [
        "1  cell=rnn seed=4   learnt at epoch 21         loss 0.4331",
        "2  cell=rnn seed=5   not learnt                 loss 0.7",
        "3  cell=rnn seed=6   learnt at epoch 31, lost   loss 0.45",
        "4  cell=lstm seed=4  diverged at epoch 7",
        "5  cell=lstm seed=5  not yet at epoch 57        loss 1.25",
        "6  cell=lstm seed=6  learnt at epoch 100        loss 0.5",
    ]


def test_the_table() -> None:
    assert CELLS.tables(FARED) == [
        "cell  learnt  95 %     at epoch    right now  loss                diverged  stopped",
        "rnn   2 of 3  21–94 %  26 (24–28)  1          0.45 (0.442–0.575)  0         0",
        "lstm  1 of 3  6–79 %   100         1          0.875 (0.688–1.06)  1         1",
    ]


def test_only_seeds_make_one_row() -> None:
    report = Report(comparison=compared("hihello", seeds=2))
    assert report.tables(FARED[:2]) == [
        "learnt  95 %    at epoch  loss",
        "1 of 2  9–91 %  21        0.567 (0.5–0.633)",
    ]


def test_many_combinations_make_a_table_for_each_setting() -> None:
    comparison = compared("hihello-sequence", "cell=rnn,gru", "lr=0.001..1:24")
    outcomes = [Outcome(member=member, epoch=9, loss=1.0) for member in range(comparison.members)]
    lines = Report(comparison=comparison).tables(outcomes)
    assert len(lines) == 1 + 2 + 1 + 1 + 24
    assert [lines[0].split()[0], lines[4].split()[0]] == ["cell", "lr"]
    assert Report(comparison=comparison).heading() == "hihello-sequence: 48 networks, cell=rnn,gru lr=0.001..1:24"


def test_a_text_has_updates_and_what_is_held_out() -> None:
    report = Report(
        comparison=compared("python-source", "hidden=32,64"), counts_epochs=False, has_right=False, has_held_out=True
    )
    outcomes = [
        Outcome(member=0, epoch=1200, loss=1.5, held_out=1.75),
        Outcome(member=1, epoch=1200, loss=1.25, held_out=1.5),
    ]
    assert report.line(outcomes[0]) == "1  hidden=32  update 1,200  loss 1.5  held out 1.75"
    assert report.tables(outcomes) == [
        "hidden  networks  loss  held out",
        "32      1         1.5   1.75",
        "64      1         1.25  1.5",
    ]


def test_json_and_csv_have_the_same_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(CELLS.csv(FARED))))
    lines = [json.loads(CELLS.json_line(each)) for each in FARED]
    assert [line["member"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [line["loss"] for line in lines] == [0.43311, 0.7, 0.45, None, 1.25, 0.5]
    assert [line["state"] for line in lines] == ["done", "done", "done", "diverged", "stopped", "done"]
    for line, row in zip(lines, rows, strict=True):
        plain = line["settings"] | {name: value for name, value in line.items() if name != "settings"}
        assert {name: "" if value is None else str(value) for name, value in plain.items()} == row


def test_the_last_object_has_the_table() -> None:
    table = json.loads(CELLS.json_summary(FARED))
    first, second = table["groups"]
    assert table["networks"] == 6
    assert first == {
        "settings": {"cell": "rnn"},
        "networks": 3,
        "diverged": 0,
        "stopped": 0,
        "learnt": 2,
        "learnt_low": first["learnt_low"],
        "learnt_high": first["learnt_high"],
        "right": 1,
        "learnt_epoch": {"lower": 23.5, "median": 26.0, "upper": 28.5},
        "loss": {"lower": first["loss"]["lower"], "median": 0.45, "upper": 0.575},
    }
    assert round(first["learnt_low"], 3) == 0.208
    assert (second["diverged"], second["stopped"]) == (1, 1)
    assert table["findings"] == [*CELLS.sentences(FARED)]
    assert table["findings"][0].startswith("cell=rnn learns it most often: 2 of 3")


def test_hostile_names_stay_data() -> None:
    base = replace(LESSONS["hihello"], name="\x1b[31m\n")
    report = Report(comparison=comparison_of(base, (), 2))
    assert report.heading().isprintable()
    assert report.heading().startswith("␛[31m")
