"""The accuracy by length of the running network, and of networks that have none."""

import numpy as np
import pytest

from rnn_tui.engine.answers.lengths import lengths_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.accuracy_by_length import accuracy_by_length
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.inspect.lengths import LengthsAsk
from tests.engine.passes import focus_of


def test_they_are_those_of_the_weights_of_the_tick() -> None:
    values = to_dict(LESSONS["count"])
    values["data"]["pairs"] = "builtin:count:3"
    session = Session(from_dict(values), history=0)
    for _ in range(60):
        session.tick()
    facts = lengths_facts(focus_of(session.trainer), LengthsAsk())
    expected = accuracy_by_length(session.trainer)
    assert facts.lengths.tolist() == list(range(1, 13))
    assert facts.learnt.tolist() == [1] * 3 + [0] * 9
    assert facts.rows.tolist() == [1] * 12
    np.testing.assert_array_equal(facts.right, [each.right for each in expected])


def test_at_most_so_many_pairs_of_a_length_are_read() -> None:
    session = Session(LESSONS["parity"], history=0)
    assert set(lengths_facts(focus_of(session.trainer), LengthsAsk(rows=4)).rows.tolist()) == {4}
    assert max(lengths_facts(focus_of(session.trainer), LengthsAsk(rows=10**6)).rows.tolist()) <= 64


@pytest.mark.parametrize("name", ["hihello", "hello", "words", "sine"])
def test_rows_of_one_length_have_none_and_it_says_so(name: str) -> None:
    facts = lengths_facts(focus_of(Session(LESSONS[name], history=0).trainer), LengthsAsk())
    assert "of one length" in facts.note
    assert not len(facts.lengths)
