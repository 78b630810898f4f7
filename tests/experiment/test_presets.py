"""What an experiment on one's own data is called."""

import pytest

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.validate import from_dict


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"data.text": "/some/where/shakespeare.txt"}, "shakespeare"),
        ({"data.pairs": "words.v2.tsv"}, "words.v2"),
        ({"data.series": "temperatures.csv"}, "temperatures"),
        ({"data.text": "/"}, "own-text"),
    ],
)
def test_it_is_called_as_its_file(given: dict[str, str], name: str) -> None:
    assert from_dict(overridden(LESSONS["hihello"], given)).name == name
