"""Surprise: −log₂ p of each character, against torch's own modules in double precision."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.engine.answers.surprise import surprise_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.surprise import SurpriseAsk, SurpriseFacts
from tests.engine.passes import focus_of
from tests.engine.text_runs import letters, on_text


def asked(experiment: Experiment, ticks: int = 3, characters: int = 2000) -> tuple[SurpriseFacts, Session]:
    session = Session(experiment, history=0)
    for _ in range(ticks):
        session.tick()
    session.finish_tick()
    return surprise_facts(focus_of(session.trainer), SurpriseAsk(characters=characters)), session


@pytest.mark.parametrize("held_out", [0.0, 0.25])
def test_it_is_what_the_network_says(tmp_path: Path, held_out: float) -> None:
    text = letters(400)
    facts, session = asked(on_text(tmp_path, text, holdout=held_out, network={"layers": 2, "embedding": 0}))
    vocabulary, network = session.experiment.vocabulary, session.experiment.network
    read = "".join(vocabulary[index] for index in facts.inputs.tolist())
    assert text.endswith(read) if held_out else text == read
    weights = {name: each.detach().double() for name, each in session.trainer.model.state_dict().items()}
    lstm = nn.LSTM(len(vocabulary), network.hidden_size, 2).double()
    lstm.load_state_dict(
        {name.removeprefix("recurrent."): each for name, each in weights.items() if "recurrent" in name}
    )
    x = nn.functional.one_hot(torch.tensor(facts.inputs[:-1]).long(), len(vocabulary)).double()[:, None]
    with torch.no_grad():
        logits = lstm(x)[0][:, 0] @ weights["head.weight"].T + weights["head.bias"]
    p = logits.softmax(-1).numpy()
    wanted = [-math.log2(p[at, index]) for at, index in enumerate(facts.inputs[1:].tolist())]
    assert np.isnan(facts.bits[0])
    assert_allclose(facts.bits[1:], wanted, rtol=1e-4, atol=1e-5)
    assert facts.mean == pytest.approx(np.mean(wanted), rel=1e-4)
    assert facts.expected[1:].tolist() == p.argmax(-1).tolist()
    assert_allclose(facts.expected_p[1:], p.max(-1), rtol=1e-4)
    assert facts.order.tolist()[:5] == (1 + np.argsort(-np.array(wanted), kind="stable")[:5]).tolist()
    assert ("held out" in facts.note) == bool(held_out)


def test_where_there_is_none_it_is_said() -> None:
    assert "Surprise is shown of a text" in asked(LESSONS["hihello"])[0].note


def test_it_reads_as_much_as_it_is_asked_for(tmp_path: Path) -> None:
    facts, _ = asked(on_text(tmp_path, letters(400)), characters=50)
    assert len(facts.inputs) == len(facts.bits) == 50
    assert len(facts.order) == 49
