"""A unit's view of the text, against torch's single cells from a zero state, and numpy.corrcoef."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.engine.answers import reading
from rnn_tui.engine.answers.reading import ranking, reading_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.passes import Pass, focus_of
from tests.engine.text_runs import letters, on_text
from tests.examples import examples

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 2e-6}
TEXT = "def f(a):\n    return ['x', \"y\"][a]\n"
SOURCE = from_dict(
    {
        "data": {"inputs": [TEXT], "targets": [TEXT[1:] + "d"]},
        "network": {"cell": "lstm", "hidden_size": 7, "layers": 2, "head": "linear"},
        "training": {"tick": "sequence"},
    }
)


def from_zero(trainer: Trainer) -> Pass:
    """The whole text, of all rows, cell by cell from a zero state with the weights of this tick."""
    fed, state = trainer.fed, trainer.h_0
    trainer.fed = trainer.length
    trainer.h_0 = tuple(map(torch.zeros_like, state)) if isinstance(state, tuple) else torch.zeros_like(state)  # type: ignore[assignment]
    found = Pass(trainer)
    trainer.fed, trainer.h_0 = fed, state
    return found


def states_of(found: Pass, cell: str, layer: int, way: int, row: int) -> tuple[Any, Any]:
    """h and what is shown, (T, H) each."""
    h = np.array([step[row].detach().numpy() for step in found.h[layer][way]])
    return h, np.array([step[row].detach().numpy() for step in found.c[layer][way]]) if cell == "lstm" else h


@given(experiments(), st.integers(0, 7), st.data())
@settings(max_examples=examples(60))
def test_every_unit_is_that_of_a_pass_cell_by_cell(experiment: Experiment, ticks: int, data: st.DataObject) -> None:
    trainer, _ = ticked(experiment, ticks)
    network, found = experiment.network, from_zero(trainer)
    row = data.draw(st.integers(0, trainer.dataset.rows - 1))
    for layer in range(network.layers):
        for way in range(network.directions):
            h, shown = states_of(found, network.cell, layer, way, row)
            seen = []
            for rank in range(network.hidden_size):
                facts = reading_facts(focus_of(trainer, row), ReadingAsk(layer=layer, direction=way, rank=rank))
                assert (facts.layer, facts.direction, facts.rank) == (layer, way, rank)
                assert (facts.hidden_size, facts.order) == (network.hidden_size, "variance")
                assert_array_equal(facts.inputs, trainer.dataset.inputs[:, row].numpy())
                assert_allclose(facts.h, h[:, facts.unit], **CLOSE)
                assert_allclose(facts.values, shown[:, facts.unit], **CLOSE)
                assert (facts.c is not None) == (network.cell == "lstm")
                assert_allclose(facts.score, shown[:, facts.unit].var(), **CLOSE)
                assert ("random h₀" in facts.note) == (network.initial_state == "random")
                seen.append((facts.unit, facts.score))
            assert sorted(unit for unit, _ in seen) == list(range(network.hidden_size))
            assert [score for _, score in seen] == sorted((score for _, score in seen), reverse=True)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("order", PROPERTIES)
def test_the_units_in_the_order_in_which_they_follow_a_property(order: Any, layer: int) -> None:
    trainer, _ = ticked(SOURCE, 3)
    _, c = states_of(from_zero(trainer), "lstm", layer, 0, 0)
    expected = {
        name: np.array([np.corrcoef(c[:, unit], each.series(TEXT))[0, 1] for unit in range(7)])
        for name, each in PROPERTIES.items()
    }
    best = np.argsort(-np.abs(expected[order]))
    for rank in range(7):
        facts = reading_facts(focus_of(trainer), ReadingAsk(layer=layer, order=order, rank=rank))
        assert (facts.unit, facts.order, facts.note) == (best[rank], order, "")
        assert_allclose(facts.score, expected[order][facts.unit], **CLOSE)
        assert [each.property for each in facts.followers] == list(PROPERTIES)
        for each in facts.followers:
            assert each.varies
            assert each.unit == np.abs(expected[each.property]).argmax()
            assert_allclose(each.score, expected[each.property][each.unit], **CLOSE)
            assert_allclose(each.own, expected[each.property][facts.unit], **CLOSE)


@given(st.text("a('\n ", min_size=1, max_size=30), st.integers(1, 4), st.data())
@settings(max_examples=examples(60))
def test_the_order_for_any_text_and_any_states(text: str, units: int, data: st.DataObject) -> None:
    numbers = st.floats(-2, 2, width=16) | st.sampled_from([0.5, np.nan, np.inf])
    column = st.lists(numbers, min_size=len(text), max_size=len(text)) | st.just([0.1] * len(text))
    states = np.array([data.draw(column) for _ in range(units)], np.float32).T
    order: Any = data.draw(st.sampled_from(["variance", *PROPERTIES]))
    found = ranking(states, text, order)
    assert sorted(found.units.tolist()) == list(range(units))
    scores = found.scores[found.units]
    known = np.abs(scores[~np.isnan(scores)])
    assert np.isnan(scores[len(known) :]).all()  # what has no number comes last
    assert (np.diff(known) <= 0).all()
    assert (found.order == order) == (found.note == "")
    for name, correlations in found.follows.items():
        series = PROPERTIES[name].series(text)
        assert (correlations is None) == (len(set(series.tolist())) == 1)
        if correlations is not None:
            finite = np.isfinite(states).all(0) & (np.ptp(np.nan_to_num(states), axis=0) > 0)
            assert (np.isfinite(correlations) == finite).all()
            assert (np.abs(correlations[finite]) <= 1 + 1e-12).all()
            for unit in np.flatnonzero(finite):
                assert_allclose(correlations[unit], np.corrcoef(states[:, unit], series)[0, 1], atol=1e-6)


def test_a_property_that_is_the_same_everywhere_has_no_unit_and_the_variance_takes_its_place() -> None:
    trainer, _ = ticked(from_dict({"data": {"inputs": ["hihello"]}}), 5)
    facts = reading_facts(focus_of(trainer), ReadingAsk(order="quotes"))
    by_variance = reading_facts(focus_of(trainer), ReadingAsk())
    assert "“inside quotes” is the same everywhere in this text" in facts.note
    assert replace(facts, note="") == replace(by_variance, h=facts.h, inputs=facts.inputs, followers=facts.followers)
    varies = {each.property: each.varies for each in facts.followers}
    assert [name for name, there in varies.items() if there] == ["position"]
    assert [each.unit for each in facts.followers if not each.varies] == [-1] * 6


def test_what_is_not_finite_is_told_and_comes_as_such() -> None:
    trainer, _ = ticked(SOURCE, 1)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters()).fill_(torch.nan)
    facts = reading_facts(focus_of(trainer), ReadingAsk(order="quotes"))
    assert np.isnan(facts.values).all()
    assert np.isnan(facts.score)
    assert facts.order == "variance"
    assert "none follows “inside quotes”" in facts.note
    assert [each.unit for each in facts.followers] == [-1] * len(PROPERTIES)
    assert all(each.varies for each in facts.followers)


def test_the_nearest_layer_and_rank_are_shown_where_there_are_fewer() -> None:
    trainer, _ = ticked(SOURCE, 1)
    high = reading_facts(focus_of(trainer), ReadingAsk(layer=9, direction=1, rank=99))
    assert (high.layer, high.direction, high.rank) == (1, 0, 6)
    low = reading_facts(focus_of(trainer), ReadingAsk(layer=-1, direction=-1, rank=-1, characters=-1))
    assert (low.layer, low.direction, low.rank, len(low.inputs)) == (0, 0, 0, 1)


def test_a_text_may_be_longer_than_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = ticked(SOURCE, 2)
    longer = trainer.dataset.inputs[:, 0].repeat(3)
    monkeypatch.setattr(reading, "text_to_read", lambda trainer, row, characters: longer[:characters])
    facts = reading_facts(focus_of(trainer), ReadingAsk(layer=1))
    assert_array_equal(facts.inputs, longer.numpy())
    model = trainer.model.recurrent
    with torch.no_grad():
        x = torch.nn.functional.one_hot(longer[:, None], len(SOURCE.vocabulary)).float()
        output, _ = model(x)
    assert_allclose(facts.h, output[:, 0, facts.unit].numpy(), **CLOSE)
    assert facts.note == ""


def test_only_so_much_is_read_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = ticked(SOURCE, 1)
    whole = reading_facts(focus_of(trainer), ReadingAsk())
    some = reading_facts(focus_of(trainer), ReadingAsk(characters=9))
    assert some.note == f"The first 9 of {len(TEXT)} characters are read."
    monkeypatch.setattr(reading, "_PRODUCTS", 12.5 * SOURCE.weights)
    dear = reading_facts(focus_of(trainer), ReadingAsk())
    assert dear.note == f"The first 12 of {len(TEXT)} characters are read."
    assert (len(whole.inputs), len(some.inputs), len(dear.inputs)) == (len(TEXT), 9, 12)


def test_it_is_read_before_the_first_tick_and_draws_no_random_number() -> None:
    trainer, _ = ticked(replace(SOURCE, network=replace(SOURCE.network, initial_state="random")), 0)
    before = torch.get_rng_state()
    facts = reading_facts(focus_of(trainer), ReadingAsk())
    assert isinstance(facts, ReadingFacts)
    assert len(facts.values) == len(TEXT)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("holdout", [0.0, 0.3])
@pytest.mark.parametrize("stateful", [False, True])
def test_of_a_text_a_stretch_that_does_not_change_is_read(tmp_path: Path, holdout: float, stateful: bool) -> None:
    text = letters(100)
    experiment = on_text(tmp_path, text, holdout=holdout, stateful=stateful)
    trainer = Session(experiment).trainer
    wanted = text[70:] if holdout else text
    for _ in range(3):
        trainer.tick()
        facts = reading_facts(focus_of(trainer), ReadingAsk())
        assert "".join(trainer.dataset.vocabulary[index] for index in facts.inputs) == wanted
        assert facts.note.startswith("The text is from the part held out") == bool(holdout)
        assert "of 1" not in facts.note
        recurrent, weights = trainer.model.recurrent, dict(trainer.model.named_parameters())
        assert isinstance(recurrent, torch.nn.LSTM)
        indices = torch.tensor([trainer.dataset.vocabulary.index(each) for each in wanted])
        with torch.no_grad():
            h, _ = recurrent(torch.nn.functional.embedding(indices, weights["embedding.weight"])[:, None])
        assert_allclose(facts.h, h[:, 0, facts.unit], **CLOSE)
    assert len(reading_facts(focus_of(trainer), ReadingAsk(characters=12)).inputs) == 12
