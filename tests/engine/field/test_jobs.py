"""Large networks in processes of their own: the same numbers, and a failure that is told."""

from collections.abc import Iterator

import numpy as np
import pytest

from rnn_tui.engine.field.field import Field
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.vary import comparison_of, parse_varied

COMPARISON = comparison_of(LESSONS["ohlol"], [parse_varied("cell=rnn,gru"), parse_varied("epochs=3,6")], 2)


def _finish(field: Field) -> None:
    while field.step():
        pass


@pytest.fixture
def field(monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    """A field whose GRUs count as large, two of which learn at once."""
    monkeypatch.setattr("rnn_tui.engine.field.field.is_large", lambda each: each.network.cell == "gru")
    field = Field(COMPARISON, jobs=2)
    try:
        yield field
    finally:
        field.close()


def test_they_have_the_numbers_that_they_have_one_after_another(field: Field) -> None:
    alone = Field(COMPARISON)
    _finish(alone)
    _finish(field)
    for name in ("passes", "loss", "learnt", "right", "held_out", "states"):
        np.testing.assert_array_equal(getattr(field.results, name), getattr(alone.results, name), err_msg=name)
    np.testing.assert_array_equal(field.results.losses.values, alone.results.losses.values)
    for member in range(COMPARISON.members):
        (first, *_), (second, *_) = (each.trainer(member).model.parameters() for each in (field, alone))
        assert np.array_equal(first.detach().numpy(), second.detach().numpy())


def test_a_process_that_ends_is_told(field: Field) -> None:
    while not field._alone._processes:  # type: ignore[attr-defined]
        field.step()
    for process in field._alone._processes.values():  # type: ignore[attr-defined]
        process.kill()
    with pytest.raises(ExperimentError, match=r"^network \d: its process has ended"):
        _finish(field)
