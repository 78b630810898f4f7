"""What a manifest knows of a series: it must be that of the experiment, whoever wrote it."""

from typing import Any

import pytest
from msgspec.structs import replace

from rnn_tui.data.data_card import ColumnCard, DataCard, SeriesCard
from rnn_tui.experiment.validate import from_dict
from rnn_tui.runs.manifest_checks import data_card_problem

DATA = {"series": "some.csv", "column": ["a", "b"], "targets": ["c", "a"], "length": 3, "batch": 1}
EXPERIMENT = from_dict({"data": DATA, "network": {"head": "linear"}})
OTHERS = tuple(ColumnCard(name=name, mean=0.0, deviation=2.0, values=(1.0, 2.0, 3.0)) for name in "bc")
CARD = SeriesCard(name="a", mean=1.0, deviation=1.0, values=(0.0, 1.0, 2.0), others=OTHERS, reads=2, says=(2, 0))


def test_a_card_of_the_experiment_is_sound() -> None:
    assert data_card_problem(DataCard(series=CARD), EXPERIMENT) == ""
    assert [each.name for each in CARD.read] == ["a", "b"]
    assert [each.name for each in CARD.said] == ["c", "a"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reads": 1}, "other columns"),
        ({"reads": 4}, "other columns"),
        ({"says": (2,)}, "other columns"),
        ({"says": (2, 3)}, "other columns"),
        ({"says": (2, -1)}, "other columns"),
        ({"says": (2, 2)}, "other columns"),
        ({"ahead": 0}, "another time step"),
        ({"others": (replace(OTHERS[0], deviation=0.0), OTHERS[1])}, "no scale"),
        ({"others": (OTHERS[0], replace(OTHERS[1], values=(1.0, 2.0)))}, "the last 3 values"),
        ({"others": (OTHERS[0], replace(OTHERS[1], values=(1.0, 2.0, float("nan"))))}, "the last 3 values"),
    ],
)
def test_another_card_is_refused(changes: dict[str, Any], problem: str) -> None:
    assert problem in data_card_problem(DataCard(series=replace(CARD, **changes)), EXPERIMENT)
