"""The gates that are shown, against their equations in NumPy, on the states of torch's single cells."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from rnn_tui.engine.answers.gates import gates_facts
from rnn_tui.engine.inspect.focus import NOT_FED
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.gates import GatesAsk
from tests.engine.answers.test_probe import experiments, ticked
from tests.engine.passes import CELLS, Pass, focus_of
from tests.examples import examples

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 2e-6}
NAMES = {"rnn": ["a", "h'"], "rnn-relu": ["a", "h'"], "gru": ["r", "z", "n"], "lstm": ["i", "f", "g", "o", "c"]}
Doubles = NDArray[np.float64]


def sigmoid(total: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-total))


def expected(found: Pass, cell: str, layer: int, way: int, row: int) -> dict[str, Doubles]:
    """Every gate, (T, H) by its name: the equations in torch's documentation."""

    def rows(steps: list[torch.Tensor]) -> Doubles:
        return np.array([step[row].detach().numpy() for step in steps])

    weights = {name: value.detach().numpy() for name, value in found.cells[layer][way].named_parameters()}
    h, begin = rows(found.h[layer][way]), found.begin[layer * len(found.h[layer]) + way][0][row].numpy()
    before = np.vstack([h[1:], begin]) if way else np.vstack([begin, h[:-1]])
    inputs = rows(found.reads[layer]) @ weights["weight_ih"].T + weights["bias_ih"]
    states = before @ weights["weight_hh"].T + weights["bias_hh"]
    if cell == "lstm":
        i, f, g, o = np.split(inputs + states, 4, -1)
        c = rows(found.c[layer][way])
        return {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o), "c": c}
    if cell == "gru":
        (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(inputs, 3, -1), np.split(states, 3, -1)
        r = sigmoid(x_r + h_r)
        return {"r": r, "z": sigmoid(x_z + h_z), "n": np.tanh(x_n + r * h_n)}
    a = inputs + states
    return {"a": a, "h'": (a > 0).astype(float) if cell == "rnn-relu" else 1 - np.tanh(a) ** 2}


@given(experiments(), st.integers(1, 8))
@settings(max_examples=examples(100))
def test_every_gate_is_that_of_its_equation(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, network = Pass(trainer), experiment.network
    for row in range(trainer.dataset.rows):
        focus = focus_of(trainer, row)
        for layer in range(network.layers):
            for way in range(network.directions):
                facts = gates_facts(focus, GatesAsk(layer=layer, direction=way))
                assert (facts.layer, facts.direction, facts.hidden_size) == (layer, way, network.hidden_size)
                assert [gate.name for gate in facts.gates] == NAMES[network.cell]
                values = expected(found, network.cell, layer, way, row)
                for gate in facts.gates:
                    assert gate.values.dtype == np.float32
                    assert_allclose(gate.values, values[gate.name].T, **CLOSE)
                    assert gate.means is not None
                    assert_allclose(gate.means, values[gate.name].mean(1), **CLOSE)
                    assert gate.signed == (gate.name in "gcna")
                    assert gate.about


@given(experiments(), st.integers(1, 8), st.integers(0, 3))
@settings(max_examples=examples(40))
def test_the_largest_value_is_that_of_all_units_and_steps(experiment: Experiment, ticks: int, first: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    row, layer = trainer.dataset.rows - 1, experiment.network.layers - 1
    values = expected(Pass(trainer), experiment.network.cell, layer, 0, row)
    for gate in gates_facts(focus_of(trainer, row, first, first + 1), GatesAsk(layer=layer, units=1)).gates:
        bound = abs(values[gate.name]).max() if gate.name in "ca" else 1.0
        assert_allclose(gate.largest, bound, **CLOSE)


@given(experiments(), st.integers(1, 8), st.integers(0, 3))
@settings(max_examples=examples(40))
def test_a_gate_is_summed_up_over_all_units_and_steps(experiment: Experiment, ticks: int, first: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, row, layer = Pass(trainer), trainer.dataset.rows - 1, experiment.network.layers - 1
    for way in range(experiment.network.directions):
        values = expected(found, experiment.network.cell, layer, way, row)
        ask = GatesAsk(layer=layer, direction=way, units=1)
        for gate in gates_facts(focus_of(trainer, row, first, first + 1), ask).gates:
            value = values[gate.name]
            assert gate.means is not None
            assert_allclose(gate.means, value[first : first + 1].mean(1), **CLOSE)  # of the window, but of all units
            steps = list(range(len(value)))[:: -1 if way else 1]
            value, summary = value[steps], gate.summary  # in the order in which it reads
            assert summary is not None
            assert (summary.begin, summary.end) == (steps[0], steps[-1])
            assert_allclose((summary.mean, summary.size), (value.mean(), abs(value).mean()), **CLOSE)
            left = np.array([math.prod(unit[1:]) for unit in value.T])
            assert_allclose(summary.left, left.mean(), **CLOSE)
            assert summary.keeping in range((left >= 0.9 + 1e-5).sum(), (left >= 0.9 - 1e-5).sum() + 1)
            turns = np.diff(value.mean(1))
            assert (summary.turn_at == -1) == (len(turns) == 0)
            if len(turns):
                assert_allclose(summary.turn, turns[steps.index(summary.turn_at) - 1], **CLOSE)
                assert_allclose(abs(summary.turn), abs(turns).max(), **CLOSE)


@pytest.mark.parametrize("cell", NAMES)
@pytest.mark.parametrize(("first", "stop", "fed", "shown"), [(2, 4, 6, 2), (2, 6, 3, 1), (4, 6, 3, 0), (0, 2, 6, 2)])
def test_only_the_units_and_steps_that_are_looked_at(cell: str, first: int, stop: int, fed: int, shown: int) -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": cell, "hidden_size": 30, "head": "linear"}}), fed)
    whole = gates_facts(focus_of(trainer), GatesAsk(units=30))
    facts = gates_facts(focus_of(trainer, 0, first, stop), GatesAsk(units=7, unit=11))
    assert 11 in facts.units
    assert len(facts.units) == 7
    assert facts.first == first
    for gate, every in zip(facts.gates, whole.gates, strict=True):
        assert gate.values.shape == (7, shown)
        assert_array_equal(gate.values, every.values[facts.units][:, first : first + shown])


def test_the_nearest_layer_is_shown_where_there_are_fewer() -> None:
    trainer, _ = ticked(from_dict({"network": {"layers": 2}}), 2)
    facts = gates_facts(focus_of(trainer), GatesAsk(layer=7, direction=1))
    assert (facts.layer, facts.direction) == (1, 0)
    low = gates_facts(focus_of(trainer), GatesAsk(layer=-1, direction=-1))
    assert (low.layer, low.direction) == (0, 0)
    assert (facts.gates[0].values != low.gates[0].values).any()


@pytest.mark.parametrize(("cell", "words"), [("rnn", "1 − h²"), ("rnn-relu", "1 or 0"), ("gru", ""), ("lstm", "")])
def test_a_network_without_gates_says_what_it_shows_instead(cell: str, words: str) -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": cell}}), 1)
    note = gates_facts(focus_of(trainer), GatesAsk()).note
    assert words in note
    assert ("no gates" in note) == bool(words) == bool(note)


@pytest.mark.parametrize("cell", NAMES)
def test_there_is_nothing_before_the_first_step(cell: str) -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": cell}}), 0)
    facts = gates_facts(focus_of(trainer), GatesAsk(units=3))
    assert (facts.note, facts.gates, facts.hidden_size) == (NOT_FED, (), 5)
    assert len(facts.units) == 3


def test_a_weight_that_is_not_a_number_is_shown_as_such() -> None:
    trainer, _ = ticked(from_dict({"network": {"cell": "lstm"}}), 6)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters()).fill_(torch.nan)
    assert all(np.isnan(gate.values).all() for gate in gates_facts(focus_of(trainer), GatesAsk()).gates)


# ---- units that tell the rows apart ----


@given(experiments(), st.integers(1, 8), st.integers(-1, 6))
@settings(max_examples=examples(40))
def test_units_that_differ_most_between_the_rows_come_first(experiment: Experiment, ticks: int, at: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found, network = Pass(trainer), experiment.network
    step = at if 0 <= at < trainer.fed else trainer.fed - 1
    for layer in range(network.layers):
        for way in range(network.directions):
            facts = gates_facts(focus_of(trainer), GatesAsk(layer=layer, direction=way, units=3, order="rows", at=at))
            if trainer.dataset.rows == 1:
                assert "nothing to compare" in facts.note
                assert (facts.order, facts.at, facts.spread) == ("number", -1, None)
                continue
            lstm = network.cell == "lstm"
            states = (found.c if lstm else found.h)[layer][way][step].detach().numpy()  # (N, H)
            states = np.tanh(states) if lstm else states
            apart = np.sqrt(((states - states.mean(0)) ** 2).mean(0))
            assert (facts.order, facts.at) == ("rows", step)
            assert facts.spread is not None
            assert_allclose(facts.spread, np.sort(apart)[::-1][:3], **CLOSE)
            assert_allclose(facts.spread, apart[facts.units], **CLOSE)
            assert len(set(facts.units.tolist())) == min(3, network.hidden_size)
            values = expected(found, network.cell, layer, way, 0)
            for gate in facts.gates:
                assert_allclose(gate.values, values[gate.name].T[facts.units], **CLOSE)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_rows_are_compared_as_the_pass_had_them_with_its_dropout(cell: str, batch_first: bool) -> None:
    rows = {"inputs": ["abba", "bbab", "aaba"], "targets": ["bbab", "baba", "abab"]}
    network = {"cell": cell, "layers": 2, "dropout": 0.5, "head": "linear", "batch_first": batch_first}
    trainer, _ = ticked(from_dict({"data": rows, "network": network, "training": {"tick": "sequence"}}), 3)
    weights, masks = trainer.model.state_dict(), trainer.masks
    assert masks is not None
    indices = torch.tensor([["ab".index(character) for character in row] for row in rows["inputs"]]).T
    states = torch.eye(2, dtype=torch.float64)[indices]  # (T, N, C)
    for layer in range(2):
        module = CELLS[cell](states.shape[-1], 5).double()
        module.load_state_dict({name: weights[f"recurrent.{name}_l{layer}"].double() for name in module.state_dict()})
        after: Any = None
        h, shown = [], []
        for step in states:
            after = module(step, after)
            h.append(after[0] if cell == "lstm" else after)
            shown.append(after[1].tanh() if cell == "lstm" else after)
        facts = gates_facts(focus_of(trainer), GatesAsk(layer=layer, units=5, order="rows", at=2))
        apart = shown[2].detach().numpy().std(0)
        assert facts.spread is not None
        assert_allclose(facts.spread, apart[facts.units], **CLOSE)
        states = torch.stack(h) * masks[0]


def test_rows_are_compared_only_where_it_is_asked_for_and_there_is_something() -> None:
    rows = {"data": {"inputs": ["ab", "ba"], "targets": ["ba", "ab"]}, "network": {"head": "linear"}}
    trainer, _ = ticked(from_dict(rows), 1)
    assert gates_facts(focus_of(trainer), GatesAsk()).spread is None
    trainer, _ = ticked(from_dict(rows), 0)
    facts = gates_facts(focus_of(trainer), GatesAsk(order="rows"))
    assert (facts.note, facts.order, facts.spread) == (NOT_FED, "number", None)


def test_a_unit_that_is_no_number_comes_last() -> None:
    rows = {"inputs": ["ab", "ba"], "targets": ["ba", "ab"]}
    trainer, _ = ticked(from_dict({"data": rows, "network": {"hidden_size": 3, "head": "linear"}}), 1)
    with torch.no_grad():
        trainer.model.state_dict()["recurrent.bias_ih_l0"][0] = torch.nan
    facts = gates_facts(focus_of(trainer), GatesAsk(order="rows"))
    assert facts.spread is not None
    assert facts.units[-1] == 0
    assert np.isnan(facts.spread).tolist() == [False, False, True]
