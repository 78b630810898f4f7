"""What the probe shows against the fused modules, cells stepped by hand, and numpy's softmax."""

from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn

from rnn_tui.data.load import load
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.shapes import checks, tensor_facts
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame import States
from rnn_tui.protocol.frame_request import Wanted
from tests.examples import examples

ALL = Wanted(first=0, count=99, top=99, units=99, layers=(0, 99))
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 2e-6}
SIZES = st.integers(1, 4)
CELLS: dict[str, Any] = {"rnn": nn.RNNCell, "rnn-relu": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


@st.composite
def experiments(draw: st.DrawFn, learn: bool | None = None, head: str | None = None) -> Experiment:
    """Any sound experiment of a few characters, units, layers and rows."""
    implementation = draw(st.sampled_from(["fused", "cell", "written-out"]))
    network: dict[str, Any] = {
        "cell": draw(st.sampled_from(sorted(CELLS))),
        "implementation": implementation,
        "hidden_size": draw(SIZES),
        "layers": draw(st.integers(1, 3)),
        "bidirectional": implementation != "cell" and draw(st.booleans()),
        "embedding": draw(st.integers(0, 3)),
        "head": head or draw(st.sampled_from(["direct", "linear"])),
        "initial_state": draw(st.sampled_from(["zeros", "random"])),
        "batch_first": draw(st.booleans()),
    }
    learn = draw(st.booleans()) if learn is None else learn
    outputs = network["hidden_size"] * (2 if network["bidirectional"] else 1)
    vocabulary = "abcdefgh"[: outputs if learn and network["head"] == "direct" else draw(SIZES)]
    length, rows = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    texts = st.lists(st.text(vocabulary, min_size=length, max_size=length), min_size=rows, max_size=rows)
    data = {"inputs": draw(texts), "targets": draw(texts) if learn else [], "vocabulary": vocabulary}
    tick = "sequence" if network["bidirectional"] else draw(st.sampled_from(["character", "sequence"]))
    training = {"learn": learn, "tick": tick, "seed": draw(st.integers(0, 99))}
    return from_dict({"data": data, "network": network, "training": training})


def ticked(experiment: Experiment, ticks: int) -> tuple[Trainer, Probe]:
    loaded = load(experiment)
    trainer = Trainer(loaded.experiment, torch.device("cpu"), loaded.source)
    probe = Probe(trainer)
    for _ in range(ticks):
        trainer.tick()
    return trainer, probe


def by_hand(trainer: Trainer) -> list[tuple[Tensor, Tensor | None]]:
    """h and c, (T, N, H) each, of every layer and direction: single cells, one time step after the other."""
    network, parameters = trainer.experiment.network, trainer.model.state_dict()
    vocabulary, inputs = trainer.experiment.vocabulary, trainer.experiment.data.inputs
    indices = torch.tensor([[vocabulary.index(row[t]) for row in inputs] for t in range(trainer.fed)])
    x = parameters["embedding.weight"][indices] if network.embedding else torch.eye(len(vocabulary))[indices]
    kind = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    h_0, c_0 = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0, None)
    found: list[tuple[Tensor, Tensor | None]] = []
    for layer in range(network.layers):
        both = []
        for direction in range(network.directions):
            fused = f"_l{layer}{'_reverse' if direction else ''}"
            before, after = (f"cells.{layer}.", "") if network.implementation == "cell" else ("", fused)
            cell = CELLS[network.cell](x.shape[-1], network.hidden_size, **kind)
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            cell.load_state_dict({name: parameters[f"recurrent.{before}{name}{after}"] for name in names})
            row = layer * network.directions + direction
            state: Any = h_0[row] if c_0 is None else (h_0[row], c_0[row])
            states = []
            for step in x.flip(0) if direction else x:
                state = cell(step, state)
                states.append(state)
            states = states[::-1] if direction else states
            both.append(torch.stack([each if c_0 is None else each[0] for each in states]).detach())
            c = None if c_0 is None else torch.stack([each[1] for each in states]).detach()
            found.append((both[-1], c))
        x = torch.cat(both, -1)
    return found


def fused_module(trainer: Trainer) -> nn.RNNBase:
    """nn.RNN, nn.GRU or nn.LSTM, time first, with the weights of the network."""
    network = trainer.experiment.network
    kind: Any = {"gru": nn.GRU, "lstm": nn.LSTM}.get(network.cell, nn.RNN)
    relu = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    size = trainer.experiment.input_size
    shape = (size, network.hidden_size, network.layers)
    module: nn.RNNBase = kind(*shape, bidirectional=network.bidirectional, **relu)
    weights = trainer.model.recurrent.state_dict()
    if network.implementation == "cell":
        parts = {name: name.split(".") for name in weights}  # cells, layer, name
        weights = {f"{parts[name][2]}_l{parts[name][1]}": weight for name, weight in weights.items()}
    module.load_state_dict(weights)
    return module


def some(found: tuple[States, ...], layer: int, direction: int) -> States:
    return next(each for each in found if (each.layer, each.direction) == (layer, direction))


@given(experiments(), st.integers(1, 8))
def test_every_state_is_that_of_a_cell_stepped_by_hand(experiment: Experiment, ticks: int) -> None:
    trainer, probe = ticked(experiment, ticks)
    expected, network = by_hand(trainer), experiment.network
    for row in range(trainer.dataset.rows):
        found = probe.states(msgspec.structs.replace(ALL, row=row))
        assert len(found) == len(expected) == network.layers * network.directions
        for number, (h, c) in enumerate(expected):
            state = some(found, *divmod(number, network.directions))
            assert_array_equal(state.units, np.arange(network.hidden_size))
            assert_allclose(state.h, h[:, row].T, **CLOSE)
            assert (state.c is None) == (c is None) == (network.cell != "lstm")
            if state.c is not None and c is not None:
                assert_allclose(state.c, c[:, row].T, **CLOSE)


@given(experiments(), st.integers(1, 8))
@settings(max_examples=examples(40))
def test_the_largest_state_is_that_of_all_units_and_steps(experiment: Experiment, ticks: int) -> None:
    trainer, probe = ticked(experiment, ticks)
    row, network = trainer.dataset.rows - 1, experiment.network
    found = probe.states(msgspec.structs.replace(ALL, row=row, units=1, first=trainer.fed - 1, count=1))
    for number, (h, c) in enumerate(by_hand(trainer)):
        state = some(found, *divmod(number, network.directions))
        assert_allclose(state.largest_h, h[:, row].abs().max(), **CLOSE)
        assert_allclose(state.largest_c, 0 if c is None else c[:, row].abs().max(), **CLOSE)


@given(experiments(), st.integers(1, 8))
@settings(max_examples=examples(40))
def test_the_mean_size_is_that_of_all_units(experiment: Experiment, ticks: int) -> None:
    trainer, probe = ticked(experiment, ticks)
    row, network = trainer.dataset.rows - 1, experiment.network
    found = probe.states(msgspec.structs.replace(ALL, row=row, units=1))
    for number, (h, _) in enumerate(by_hand(trainer)):
        size = some(found, *divmod(number, network.directions)).size
        assert size is not None
        assert_allclose(size, h[:, row].abs().mean(1), **CLOSE)


@given(experiments())
def test_the_top_layer_is_the_fused_output_and_every_last_step_its_h_n(experiment: Experiment) -> None:
    trainer, probe = ticked(experiment, experiment.length)
    trainer, probe = (trainer, probe) if trainer.at_end_of_pass else ticked(experiment, 1)
    network, model = experiment.network, trainer.model
    x = trainer.dataset.x(0, trainer.length)
    x = x.transpose(0, 1) if network.batch_first else x
    with torch.no_grad():
        x = x if model.embedding is None else model.embedding(x)
        output, ends = fused_module(trainer)(x, trainer.h_0)
        logits = output if model.head is None else model.head(output)
    assert_allclose(torch.cat(trainer.logits), logits, **CLOSE)
    h_n = ends[0] if isinstance(ends, tuple) else ends
    mine = trainer.state if isinstance(trainer.state, tuple) else (trainer.state,)
    for part, end in zip(mine, ends if isinstance(ends, tuple) else (ends,), strict=True):
        assert_allclose(part, end, **CLOSE)
    found = probe.states(ALL)
    for direction in range(network.directions):
        top = some(found, network.layers - 1, direction).h
        half = slice(direction * network.hidden_size, (direction + 1) * network.hidden_size)
        assert_allclose(top, output[:, 0, half].T, **CLOSE)
        for layer in range(network.layers):
            last = some(found, layer, direction).h[:, 0 if direction else -1]
            assert_allclose(last, h_n[layer * network.directions + direction, 0], **CLOSE)


wishes = st.builds(
    Wanted,
    row=st.integers(-2, 4),
    first=st.none() | st.integers(-3, 9),
    count=st.integers(-1, 8),
    top=st.integers(-1, 9),
    units=st.integers(-1, 6),
    layers=st.tuples(st.integers(-1, 4), st.integers(-1, 4)),
)


@given(experiments(), st.integers(0, 8), wishes)
def test_a_window_is_cut_out_of_the_whole(experiment: Experiment, ticks: int, wanted: Wanted) -> None:
    """Answer any request, even nonsense, with rows, steps, layers and units that exist."""
    trainer, probe = ticked(experiment, ticks)
    network, length = experiment.network, experiment.length
    row = min(max(wanted.row, 0), len(experiment.data.inputs) - 1)
    shown = min(max(wanted.count, 0), length)
    first, stop = probe.window(wanted)
    assert 0 <= first <= stop <= length
    assert stop - first == shown
    if wanted.first is not None:
        assert first == min(max(wanted.first, 0), length - shown)
    elif shown and trainer.fed:
        assert first <= trainer.fed - 1 < stop  # the step being fed is in it

    everything = msgspec.structs.replace(ALL, row=row)
    whole = probe.states(everything)
    layers = range(max(wanted.layers[0], 0), min(sum(wanted.layers), network.layers))
    found = probe.states(wanted)
    expected_order = [(layer, direction) for layer in layers for direction in range(network.directions)]
    assert [(each.layer, each.direction) for each in found] == expected_order
    for each in found:
        assert len(each.units) == min(max(wanted.units, 0), network.hidden_size)
        assert len(set(each.units.tolist())) == len(each.units)
        source = some(whole, each.layer, each.direction)
        if each.order == "number":
            assert (np.diff(each.units) > 0).all()
        else:
            assert 0 < len(each.units) < network.hidden_size
            spread = source.h.std(1)
            assert (np.diff(spread[each.units]) <= 1e-6).all()
            assert spread[each.units].min() >= np.delete(spread, each.units).max() - 1e-6
        for mine, theirs in ((each.h, source.h), (each.c, source.c)):
            if mine is not None and theirs is not None:
                assert mine.shape == (len(each.units), max(0, min(stop, trainer.fed) - first))
                assert_array_equal(mine, theirs[each.units][:, first:stop])

    steps, all_steps = probe.steps(wanted), probe.steps(everything)
    assert steps.first == first
    text = experiment.data.inputs[row]
    assert "".join(experiment.vocabulary[index] for index in steps.inputs) == text[first:stop]
    assert_array_equal(steps.targets, all_steps.targets[first:stop])
    assert_array_equal(steps.top_p, all_steps.top_p[first:stop, : max(wanted.top, 0)])
    assert_array_equal(steps.top[:, :1], all_steps.top[first:stop, : min(max(wanted.top, 0), 1)])
    assert_array_equal(steps.target_p, all_steps.target_p[first:stop])
    assert_array_equal(steps.losses, all_steps.losses[first:stop])
    assert steps.right == all_steps.right  # of the whole row


@given(experiments(learn=True), st.integers(1, 8))
def test_probabilities_are_numpys_softmax(experiment: Experiment, ticks: int) -> None:
    trainer, probe = ticked(experiment, ticks)
    vocabulary, fed = experiment.vocabulary, trainer.fed
    for row, target in enumerate(experiment.data.targets):
        steps = probe.steps(msgspec.structs.replace(ALL, row=row))
        logits = torch.cat(trainer.logits)[:, row].double().numpy()
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        assert "".join(vocabulary[index] for index in steps.targets) == target
        assert_allclose(steps.top_p, -np.sort(-p, axis=1), rtol=1e-5, atol=1e-7)
        named = np.take_along_axis(p, steps.top.astype(np.int64), 1)
        assert_allclose(steps.top_p, named, rtol=1e-5, atol=1e-7)
        assert_array_equal(steps.top[:, 0], logits.argmax(1))  # of equals the first, as in the prediction
        assert all(sorted(ranks) == list(range(len(vocabulary))) for ranks in steps.top.tolist())
        answers = np.array([p[t, vocabulary.index(target[t])] for t in range(fed)])
        assert_allclose(steps.target_p, answers, rtol=1e-5)
        assert_allclose(steps.losses, -np.log(answers), rtol=1e-5, atol=1e-6)
        assert steps.right == sum(vocabulary[int(p[t].argmax())] == target[t] for t in range(fed))
        assert steps.outputs is None


@given(experiments(learn=False, head="direct"), st.integers(1, 8))
def test_without_learning_the_outputs_themselves_are_shown(experiment: Experiment, ticks: int) -> None:
    trainer, probe = ticked(experiment, ticks)
    last = by_hand(trainer)[-experiment.network.directions :]
    steps = probe.steps(ALL)
    assert steps.outputs is not None
    assert_allclose(steps.outputs, torch.cat([h[:, 0] for h, _ in last], -1), **CLOSE)
    assert len(steps.targets) == len(steps.losses) == len(steps.top) == 0


def test_nothing_has_been_fed_before_the_first_tick() -> None:
    _, probe = ticked(from_dict({}), 0)
    steps, (states,) = probe.steps(ALL), probe.states(ALL)
    assert (len(steps.inputs), len(steps.targets)) == (6, 6)
    assert (len(steps.top), len(steps.losses), steps.right) == (0, 0, 0)
    assert states.h.shape == (5, 0)


@given(experiments())
def test_the_checks_hold_after_a_whole_pass_and_only_then_are_there(experiment: Experiment) -> None:
    trainer, _ = ticked(experiment, 0)
    for _ in range(2 * trainer.length):
        trainer.tick()
        found = checks(trainer)
        assert bool(found) == (trainer.fed == trainer.length)
        assert all(check.holds for check in found), found
    claims = " ".join(check.claim for check in checks(trainer))
    implementation = experiment.network.implementation
    assert ("logits are head(output)" in claims) == (experiment.network.head == "linear")
    assert ("output is h_t of the top layer" in claims) == (experiment.network.head == "direct")
    assert f"batch_first={not experiment.network.batch_first} swaps" in claims
    by_step = implementation != "fused" or trainer.unit == "character"
    assert ("one go" in claims) == by_step
    assert ("the equations, written out" in claims) == (implementation == "written-out")
    assert ("alone" in claims) == (len(experiment.data.inputs) > 1)
    assert ("from the right" in claims) == experiment.network.bidirectional


WORDS = {"inputs": ["hello", "eolll"], "vocabulary": "ehlo"}
EVERYWHERE = {"alone", "one go", "top layer", "batch_first"}  # what is compared at every step


@pytest.mark.parametrize("implementation", ["cell", "written-out"])
@pytest.mark.parametrize(("row", "claims"), [(0, EVERYWHERE), (-1, {*EVERYWHERE, "output[-1] is h_n"})])
def test_a_check_that_fails_is_reported_with_its_difference(row: int, claims: set[str], implementation: str) -> None:
    network = {"hidden_size": 2, "implementation": implementation}
    trainer, _ = ticked(from_dict({"data": WORDS, "network": network, "training": {"learn": False}}), 5)
    assert [check.holds for check in checks(trainer)] == [True] * 5
    trainer.logits[row][0, 1, 0] += 0.25  # of the second row, at the first or at the last time step
    broken = [check for check in checks(trainer) if not check.holds]
    assert len(broken) == len(claims)
    for check in broken:
        assert any(claim in check.claim for claim in claims)
        assert check.difference == pytest.approx(0.25, abs=1e-6)


@given(experiments(), st.integers(1, 6))
def test_the_facts_name_the_shapes_of_the_tensors(experiment: Experiment, ticks: int) -> None:
    trainer, _ = ticked(experiment, ticks)
    facts = {fact.name: fact for fact in tensor_facts(trainer)}
    network, rows, length = experiment.network, len(experiment.data.inputs), experiment.length
    around = (rows, length) if network.batch_first else (length, rows)
    states = (network.layers * network.directions, rows, network.hidden_size)
    features = network.directions * network.hidden_size
    assert facts["x"].shape == around + (() if network.embedding else (len(experiment.vocabulary),))
    assert facts["output"].shape == (*around, features)
    for name in ("h_0", "h_n", *(("c_0", "c_n") if network.cell == "lstm" else ())):
        assert facts[name].shape == states
    assert all(len(fact.dimensions) in (0, len(fact.shape)) for fact in facts.values())
    weights = [int(np.prod(fact.shape)) for fact in facts.values() if not fact.dimensions]
    assert sum(weights) == experiment.weights
