"""One cell in numbers against the fused modules and against NumPy's own arithmetic on what is shown."""

from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.engine.answers.cell import cell_facts
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts, GateTerms
from tests.engine.answers.test_probe import by_hand, experiments, ticked
from tests.examples import examples

CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 3e-6}
GATES = {"rnn": "h", "rnn-relu": "h", "gru": "rzn", "lstm": "ifgo"}
SQUASH: dict[str, Any] = {
    "tanh": np.tanh,
    "relu": lambda total: np.maximum(total, 0),
    "σ": lambda total: 1 / (1 + np.exp(-total)),
}


def focus(trainer: Trainer, row: int = 0) -> Focus:
    return Focus(observed=trainer, row=row, first=0, stop=trainer.length, fed=trainer.fed)


def whole(found: CellFacts) -> CellFacts:
    """Assert that everything is shown: nothing is sampled."""
    assert_array_equal(found.features, np.arange(found.input_size))
    assert_array_equal(found.units, np.arange(found.hidden_size))
    assert_array_equal(found.states, np.arange(found.hidden_size))
    return found


@settings(max_examples=examples(60))
@given(experiments(), st.integers(1, 6), st.data())
def test_the_terms_add_up_to_the_state_that_a_cell_stepped_by_hand_has(
    experiment: Experiment, ticks: int, data: st.DataObject
) -> None:
    trainer, _ = ticked(experiment, ticks)
    network, row = experiment.network, data.draw(st.integers(0, trainer.dataset.rows - 1))
    layer = data.draw(st.integers(0, network.layers - 1))
    direction = data.draw(st.integers(0, network.directions - 1))
    step = data.draw(st.integers(0, trainer.fed - 1))
    found = whole(cell_facts(focus(trainer, row), CellAsk(step=step, layer=layer, direction=direction)))
    assert (found.note, found.step, found.layer, found.direction) == ("", step, layer, direction)

    states, number = by_hand(trainer), layer * network.directions + direction
    h, c = (None if each is None else each[:, row].numpy() for each in states[number])
    assert h is not None
    before = step + 1 if direction else step - 1
    h_0, c_0 = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0, None)
    inside = 0 <= before < trainer.fed
    assert_allclose(found.h_before, h[before] if inside else h_0[number, row], **CLOSE)
    assert_array_equal(found.h_before_units, found.h_before)
    assert_allclose(found.h, h[step], **CLOSE)
    assert (found.c is None) == (found.c_before is None) == (network.cell != "lstm")
    if found.c is not None and found.c_before is not None and c is not None and c_0 is not None:
        assert_allclose(found.c, c[step], **CLOSE)
        assert_allclose(found.c_before, c[before] if inside else c_0[number, row], **CLOSE)

    if layer:
        below = states[(layer - 1) * network.directions : layer * network.directions]
        x = np.concatenate([each[step, row].numpy() for each, _ in below])
    else:
        index = experiment.vocabulary.index(experiment.data.inputs[row][step])
        weights = trainer.model.state_dict()
        table = weights["embedding.weight"] if network.embedding else torch.eye(len(experiment.vocabulary))
        x = table[index].numpy()
    assert_allclose(found.x, x, **CLOSE)

    parameters = {name: each.numpy() for name, each in trainer.model.recurrent.state_dict().items()}
    fused = f"_l{layer}{'_reverse' if direction else ''}"
    name = "cells.{}.{}".format(layer, "{}") if network.implementation == "cell" else "{}" + fused
    size = network.hidden_size
    assert "".join(gate.name for gate in found.gates) == GATES[network.cell]
    for at, gate in enumerate(found.gates):
        mine = slice(at * size, (at + 1) * size)
        for shown, kept in (("w_ih", "weight_ih"), ("w_hh", "weight_hh"), ("b_ih", "bias_ih"), ("b_hh", "bias_hh")):
            assert_array_equal(getattr(gate, shown), parameters[name.format(kept)][mine])
        assert_allclose(gate.from_input, gate.w_ih @ found.x, **CLOSE)
        assert_allclose(gate.from_state, gate.w_hh @ found.h_before, **CLOSE)
        recurrent = gate.from_state + gate.b_hh
        if gate.name == "n":
            recurrent = found.gates[0].value * recurrent
        assert_allclose(gate.total, gate.from_input + gate.b_ih + recurrent, **CLOSE)
        assert_allclose(gate.value, SQUASH[gate.squash](gate.total), **CLOSE)
    assert_allclose(found.h, combined(network.cell, found), **CLOSE)

    few = cell_facts(focus(trainer, row), CellAsk(step=step, layer=layer, direction=direction, units=1, features=1))
    names = ("from_input", "b_ih", "from_state", "b_hh", "total")
    largest_w = [abs(each).max() for gate in found.gates for each in (gate.w_ih, gate.w_hh)]
    sums = [abs(getattr(gate, each)).max() for gate in found.gates for each in names]
    held = [abs(each).max() for each in (found.x, found.h_before, found.h)]
    cells = [abs(each).max() for each in (found.c, found.c_before) if each is not None]
    assert_allclose([few.largest_w, few.largest_sum, few.largest_held], [max(largest_w), max(sums), max(held)], **CLOSE)
    assert_allclose(few.largest_c, max(cells, default=0), **CLOSE)


def combined(cell: str, found: CellFacts) -> Any:
    """h_t from the gates that are shown."""
    value = {gate.name: gate.value for gate in found.gates}
    if cell == "gru":
        return (1 - value["z"]) * value["n"] + value["z"] * found.h_before_units
    if cell == "lstm":
        assert found.c is not None
        assert found.c_before is not None
        assert_allclose(found.c, value["f"] * found.c_before + value["i"] * value["g"], **CLOSE)
        return value["o"] * np.tanh(found.c)
    return value["h"]


def test_each_gate_has_its_own_non_linearity() -> None:
    squashes = {}
    for cell in GATES:
        trainer, _ = ticked(from_dict({"network": {"cell": cell}}), 1)
        squashes[cell] = [gate.squash for gate in cell_facts(focus(trainer), CellAsk(step=0)).gates]
    assert squashes == {
        "rnn": ["tanh"],
        "rnn-relu": ["relu"],
        "gru": ["σ", "σ", "tanh"],
        "lstm": ["σ", "σ", "tanh", "σ"],
    }


WIDE: dict[str, Any] = {
    "data": {"inputs": ["hkb"], "vocabulary": "abcdefghijklmnopqrst"},
    "network": {"hidden_size": 30, "cell": "gru", "head": "linear"},
}


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("unit", [-3, 0, 13, 29, 99])
def test_what_does_not_fit_is_a_sample_that_holds_the_unit_and_the_character(step: int, unit: int) -> None:
    trainer, _ = ticked(from_dict(WIDE), 2)
    narrow = cell_facts(focus(trainer), CellAsk(step=step, unit=unit, units=4, features=5))
    full = whole(cell_facts(focus(trainer), CellAsk(step=step, unit=unit, units=99, features=99)))
    assert narrow.unit == full.unit == min(max(unit, 0), 29)
    assert narrow.unit in narrow.units
    assert [len(each) for each in (narrow.units, narrow.features, narrow.states)] == [4, 5, 5]
    assert narrow.x.max() == 1 == narrow.x.sum()
    assert narrow.features[narrow.x.argmax()] == WIDE["data"]["vocabulary"].index("hk"[step])
    for name in ("h", "h_before_units"):
        assert_array_equal(getattr(narrow, name), getattr(full, name)[narrow.units])
    assert_array_equal(narrow.h_before, full.h_before[narrow.states])
    for mine, theirs in zip(narrow.gates, full.gates, strict=True):
        assert_array_equal(mine.w_ih, theirs.w_ih[np.ix_(narrow.units, narrow.features)])
        assert_array_equal(mine.w_hh, theirs.w_hh[np.ix_(narrow.units, narrow.states)])
        for field in msgspec.structs.fields(GateTerms):
            values = getattr(mine, field.name)
            if (
                isinstance(values, np.ndarray) and values.ndim == 1
            ):  # sums of all features and states, not of the sample
                assert_array_equal(values, getattr(theirs, field.name)[narrow.units])


def test_a_place_that_there_is_not_is_the_nearest() -> None:
    trainer, _ = ticked(from_dict({"network": {"layers": 2}}), 3)
    found = cell_facts(focus(trainer), CellAsk(step=-4, layer=7, direction=1, unit=9, units=0, features=0))
    assert (found.step, found.layer, found.direction, found.unit, found.units.tolist()) == (0, 1, 0, 4, [4])


@settings(max_examples=examples(30))
@given(experiments(), st.integers(0, 5), st.integers(0, 9))
def test_a_step_that_has_not_been_fed_is_a_note(experiment: Experiment, ticks: int, step: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    found = cell_facts(focus(trainer), CellAsk(step=step, layer=1))
    step = min(step, trainer.length - 1)
    assert bool(found.note) == (step >= trainer.fed) == (not found.gates)
    if not found.note:
        return
    assert found.note == (f"t={step + 1} has not been fed yet." if trainer.fed else found.note)
    assert ("Nothing has been fed" in found.note) == (not trainer.fed)
    arrays = (getattr(found, field.name) for field in msgspec.structs.fields(found))
    assert all(each.shape == (0,) for each in arrays if isinstance(each, np.ndarray))
    assert (found.c is None) == (experiment.network.cell != "lstm")
    width = trainer.experiment.input_size if found.layer == 0 else experiment.network.hidden_size
    assert found.input_size == width * (experiment.network.directions if found.layer else 1)


def test_numbers_that_are_none_come_as_such() -> None:
    trainer, _ = ticked(from_dict({}), 2)
    with torch.no_grad():
        next(trainer.model.recurrent.parameters())[1] = torch.nan
    (gate,) = (found := cell_facts(focus(trainer), CellAsk(step=1))).gates
    assert np.isnan(gate.w_ih[1]).all()
    assert np.isnan(gate.value).all()  # through W_hh h, from all units
    assert np.isnan(found.h).all()
    assert np.isfinite(gate.from_input[[0, 2, 3, 4]]).all()
