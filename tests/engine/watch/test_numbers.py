"""Scripts that are watched: every number of a frame equals what plain torch and NumPy make of the same script.

The truth comes from `tests/scripts/oracle.py`, which knows nothing of watching.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import Steps
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts
from tests.scripts.equations import Layer
from tests.scripts.oracle import Truth, record, steps_of
from tests.scripts.people import SCRIPTS, Script, own_random_numbers, run_here

pytestmark = pytest.mark.sampled(4)

ROW = 1
MANY = 999


@dataclass
class Shown:
    """What is shown of a network right after a backward."""

    opened: Opened
    frame: Frame
    inside: dict[tuple[str, int, int], object] = field(default_factory=dict)  # by the answer's class, layer, direction


@dataclass
class Seen:
    """All that is shown of a script right after one backward, by the names of its networks."""

    passes: int = 0
    networks: dict[str, Shown] = field(default_factory=dict)


def wanted(*asks: object, row: int = ROW) -> Wanted:
    return Wanted(
        row=row,
        first=0,
        count=MANY,
        top=2,
        units=MANY,
        layers=(0, 9),
        curve=CurveWanted(columns=MANY),
        inside=asks,  # type: ignore[arg-type]
    )


def show(host: watch_host.WatchHost) -> Iterator[tuple[str, Shown]]:
    """Make frames of all networks, as for views that look at each."""
    pictures = host.pictures
    for number in range(max(1, len(host.observer.networks.all))):
        pictures.chosen = number
        pictures.look()
        names = [each.name for each in host.observer.networks.all] or [""]  # a model may be gone since
        if number >= len(names):
            return
        values = WeightsAsk(matrices=MANY, rows=MANY, columns=MANY)
        gradients = WeightsAsk(kind="gradient", matrices=MANY, rows=MANY, columns=MANY)
        opened = pictures.opened(FrameRequest(number=1))
        assert opened is not None
        assert opened.subject is not None
        shown = Shown(opened, pictures.frame(wanted()))
        for answer in pictures.frame(wanted(values, gradients)).inside:
            assert isinstance(answer, WeightsFacts)
            shown.inside[answer.kind, 0, 0] = answer
        for layer in range(opened.experiment.network.layers):
            for direction in range(opened.experiment.network.directions):
                place: dict[str, Any] = {"layer": layer, "direction": direction}
                asks = GatesAsk(units=MANY, **place), GradientsAsk(at=-1, **place), CellAsk(step=1, units=MANY, **place)
                for answer in pictures.frame(wanted(*asks)).inside:
                    shown.inside[type(answer).__name__, layer, direction] = answer
        yield names[number], shown


def watch(script: str, backward: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Shown]:
    """Run a script, watched; return what is shown right after one of its backwards."""
    seen = Seen()

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.count_pass(0.0)
        host.observer.wanted = True
        if host.observer.passes == backward:
            seen.networks = dict(show(host))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    with own_random_numbers(), Watcher().start():
        run_here(script, "--updates", -(-backward // SCRIPTS[script].backwards) + 1)
    assert seen.networks
    return seen.networks


def own_name(network: str) -> str:
    """Return the name of a network without the class of its model, as it is shown."""
    return network.partition(".")[2] or network


@dataclass
class Case:
    """A script, one of its backwards, and both sides of it."""

    script: Script
    backward: int
    truth: Truth
    shown: dict[str, Shown]

    def layers(self, network: str) -> list[list[Layer]]:
        """Return each layer and direction of a network in this pass."""
        calls = self.truth.calls[network]
        here = [call for call in calls if call.after == self.backward - 1] or calls
        if here[0].x.shape[0] > 1:
            return here[0].layers
        return [[steps_of(here)]]

    @property
    def near(self) -> dict[str, Any]:
        """How near numbers must be."""
        return {"rtol": 3e-2, "atol": 3e-2} if self.truth.reduced else {"rtol": 1e-5, "atol": 2e-6}


PLACES = [
    ("surnames", 3),
    ("dates", 2),
    ("sine", 2),
    ("sine", 6),
    ("char_gru", 3),
    ("language_model", 1),
    ("language_model", 3),
    ("language_model", 5),
    ("weather", 3),
    ("weather", 25),
    ("accumulate", 3),
    ("accumulate", 6),
    ("gan", 1),
    ("gan", 3),
    ("gan", 4),
    ("endless", 3),
    ("own_cell", 3),
    ("perceptron", 3),
    *((name, 3) for name in ("with_lightning", "with_trainer") if SCRIPTS[name].is_possible),
]


_cases: dict[tuple[str, int], Case] = {}


@pytest.fixture(params=PLACES, ids=lambda place: f"{place[0]}-{place[1]}")
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Case:
    name, backward = request.param
    if (name, backward) not in _cases:
        truth = record(name, backward, intervals=2 if name == "gan" else 1)
        _cases[name, backward] = Case(SCRIPTS[name], backward, truth, watch(name, backward, monkeypatch))
    return _cases[name, backward]


def test_networks_are_found_and_nothing_fails(case: Case) -> None:
    assert {*case.shown} == {own_name(each) for each in case.script.networks} or {*case.shown} == {""}
    for shown in case.shown.values():
        assert shown.frame.failures == ()


def test_loss_and_update(case: Case) -> None:
    for network, shown in case.shown.items():
        if (case.script.name, network, case.backward % 2) == ("gan", "lstm", 1):
            continue  # the critic's turn
        status = shown.frame.status
        assert status.tick == status.epoch == case.truth.update, network
        assert status.loss == case.truth.loss, network


def test_losses_of_all_its_backwards_are_the_curve(case: Case) -> None:
    for network, shown in case.shown.items():
        losses = case.truth.curve[1::2] if (case.script.name, network) == ("gan", "lstm") else case.truth.curve
        if not losses:  # the generator learns nothing from the critic's losses
            continue
        assert shown.frame.curve is not None
        assert_allclose(shown.frame.curve.low, losses, rtol=1e-6)
        assert_allclose(shown.frame.curve.high, losses, rtol=1e-6)


def test_learning_rate_is_that_of_this_update(case: Case) -> None:
    for network, shown in case.shown.items():
        lr = case.truth.lr[0] if case.truth.lr else 0.0
        if case.script.name == "gan":
            lr = {"lstm": 1e-3, "gru": 2e-3}[network]  # each has an optimizer of its own
        assert shown.frame.status.lr == lr
        assert shown.frame.status.lr_groups == (tuple(case.truth.lr) if len(case.truth.lr) > 1 else ())


def test_states(case: Case) -> None:
    for network in case.truth.calls:
        shown = case.shown[own_name(network)]
        for number, both in enumerate(case.layers(network)):
            for direction, layer in enumerate(both):
                (found,) = [each for each in shown.frame.states if (each.layer, each.direction) == (number, direction)]
                steps = found.h.shape[1]
                assert steps == sum(_there(layer))
                assert_allclose(found.h, layer.h[:steps, ROW].T, **case.near)
                if layer.c is not None:
                    assert found.c is not None
                    assert_allclose(found.c, layer.c[:steps, ROW].T, **case.near)


def _there(layer: Layer) -> list[bool]:
    """Tell which time steps a row has: its states are zero after its end."""
    return [bool(each.any()) for each in layer.h[:, ROW]]


def test_gates(case: Case) -> None:
    for network, calls in case.truth.calls.items():
        for number, both in enumerate(case.layers(network)):
            for direction, layer in enumerate(both):
                facts = case.shown[own_name(network)].inside["GatesFacts", number, direction]
                assert isinstance(facts, GatesFacts)
                by_name = {each.name: each.values for each in facts.gates}
                if calls[0].kind == "rnn":
                    continue
                for name, values in layer.gates.items():
                    assert_allclose(by_name[name], values[: by_name[name].shape[1], ROW].T, **case.near)


def test_one_cell_in_numbers(case: Case) -> None:
    for network, calls in case.truth.calls.items():
        for number, both in enumerate(case.layers(network)):
            for direction, layer in enumerate(both):
                facts = case.shown[own_name(network)].inside["CellFacts", number, direction]
                assert isinstance(facts, CellFacts)
                assert facts.step == 1
                assert_allclose(facts.h, layer.h[1, ROW], **case.near)
                assert_allclose(facts.x, layer.x[1, ROW][facts.features], **case.near)
                if calls[0].kind == "rnn":
                    continue
                for gate in facts.gates:
                    assert_allclose(gate.value, layer.gates[gate.name][1, ROW], **case.near)


def test_gradients_through_time(case: Case) -> None:
    for network in case.truth.calls:
        for number, both in enumerate(case.layers(network)):
            for direction, layer in enumerate(both):
                facts = case.shown[own_name(network)].inside["GradientsFacts", number, direction]
                assert isinstance(facts, GradientsFacts)
                (flow,) = [each for each in facts.flows if (each.layer, each.direction) == (number, direction)]
                assert layer.dh is not None
                _norms_agree(flow.whole, layer.dh[:, ROW], case)
                if layer.dc is not None:
                    assert flow.whole_c is not None
                    _norms_agree(flow.whole_c, layer.dc[:, ROW], case)


def _norms_agree(shown: NDArray[np.float32], gradients: NDArray[np.float64], case: Case) -> None:
    norms = np.linalg.norm(gradients, axis=-1)
    rough = 5e-2 if case.truth.reduced else 1e-4
    assert_allclose(shown, norms[: len(shown)], rtol=rough, atol=rough * max(norms.max(), 1e-9))
    assert not norms[len(shown) :].any()


def test_a_cell_written_by_hand(case: Case) -> None:
    for network, steps in case.truth.own.items():
        shown = case.shown[own_name(network)]
        assert_allclose(shown.frame.states[0].h, np.stack([step.h[ROW] for step in steps], 1), **case.near)
        gates = shown.inside["GatesFacts", 0, 0]
        assert isinstance(gates, GatesFacts)
        for each in gates.gates:
            assert_allclose(each.values, np.stack([step.children[each.name][ROW] for step in steps], 1), **case.near)
        flows = shown.inside["GradientsFacts", 0, 0]
        assert isinstance(flows, GradientsFacts)
        gradients = [step.dh[ROW] for step in steps if step.dh is not None]
        _norms_agree(flows.flows[0].whole, np.stack(gradients), case)


@pytest.mark.parametrize("kind", ["value", "gradient"])
def test_weights_and_their_gradients(case: Case, kind: str) -> None:
    truth = case.truth.before if kind == "value" else case.truth.gradients
    for network in case.truth.calls | case.truth.own:
        root = network.partition(".")[0]
        facts = case.shown[own_name(network)].inside[kind, 0, 0]
        assert isinstance(facts, WeightsFacts)
        found = {each.name: each for each in facts.matrices}
        mine = {name.removeprefix(f"{root}."): each for name, each in truth.items() if name.startswith(f"{root}.")}
        assert len(found) >= len(mine)
        for name, values in mine.items():
            shown = found[name] if name in found else found[name.rpartition(".")[2]]
            assert shown.shape == values.shape
            assert shown.values is not None
            assert_allclose(shown.values, values.reshape(shown.values.shape), rtol=1e-6)
            assert shown.norm == pytest.approx(float(np.linalg.norm(values)), rel=1e-5)


def test_inputs_targets_and_probabilities_of_a_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = record("language_model", 3)
    steps = watch("language_model", 3, monkeypatch)["rnn"].frame.steps
    assert steps is not None
    (loss,) = truth.losses
    rows = truth.calls["RNNModel.rnn"][0].x.shape[1]
    logits, targets = loss.input.reshape(-1, rows, loss.input.shape[-1])[:, ROW], loss.target.reshape(-1, rows)[:, ROW]
    _right_steps(steps, logits, targets.astype(int))
    assert steps.inputs[1:].tolist() == targets[:-1].tolist()


def test_inputs_targets_and_probabilities_of_a_cell_fed_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = record("char_gru", 3)
    steps = watch("char_gru", 3, monkeypatch)["cell"].frame.steps
    assert steps is not None
    logits = np.stack([each.input[ROW] for each in truth.losses])
    targets = np.array([int(each.target[ROW]) for each in truth.losses])
    _right_steps(steps, logits, targets)
    assert steps.inputs[1:].tolist() == targets[:-1].tolist()


def test_predictions_of_a_decoder_where_padding_is_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = record("dates", 2)
    shown = watch("dates", 2, monkeypatch)["decoder.rnn"]
    assert shown.frame.steps is not None
    (loss,) = truth.losses
    rows = truth.calls["Seq2Seq.decoder.rnn"][0].x.shape[1]
    logits, targets = loss.input.reshape(-1, rows, loss.input.shape[-1])[:, ROW], loss.target.reshape(-1, rows)[:, ROW]
    there = targets != 0
    _right_steps(shown.frame.steps, logits, np.where(there, targets, -1).astype(int))


def _right_steps(steps: Steps, logits: NDArray[np.float64], targets: NDArray[np.int_]) -> None:
    there = targets >= 0
    chances = np.exp(logits - logits.max(-1, keepdims=True))
    chances /= chances.sum(-1, keepdims=True)
    right = chances[np.arange(len(targets)), np.where(there, targets, 0)]
    assert (steps.targets >= 0).tolist() == there.tolist()
    assert steps.targets[there].tolist() == targets[there].tolist()
    assert_allclose(steps.target_p[there], right[there], rtol=1e-5)
    assert_allclose(steps.losses[there], -np.log(right[there]), rtol=1e-4, atol=1e-6)
    assert steps.top[:, 0].tolist() == logits.argmax(-1).tolist()
    assert_allclose(steps.top_p[:, 0], chances.max(-1), rtol=1e-5)
    assert steps.right == int((logits.argmax(-1) == targets)[there].sum())
    assert steps.scored in (None, int(there.sum()))


@pytest.mark.parametrize(("script", "network", "backward"), [("language_model", "rnn", 7), ("weather", "gru", 25)])
def test_an_evaluation_is_the_mean_over_all_targets(
    script: str, network: str, backward: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = record(script, backward)
    last = max(call.after for call in truth.held_out if call.after < backward)
    calls = [call for call in truth.held_out if call.after == last]
    held_out = watch(script, backward, monkeypatch)[network].frame.held_out
    assert held_out is not None
    mean = np.average([call.value for call in calls], weights=[call.target.size for call in calls])
    assert held_out.loss == pytest.approx(float(mean), rel=1e-6)
    assert held_out.characters == sum(call.target.size for call in calls)
    assert held_out.update == last


@pytest.mark.parametrize("other", ["parameter", "state_dict"])
def test_weights_that_a_script_has_replaced_are_those_that_states_come_from(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[Frame] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        frames.extend(shown.frame for _, shown in show(host))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    module, x = torch.nn.GRU(4, 6), torch.randn(5, 3, 4)
    with own_random_numbers(), Watcher().start():
        module(x)[0].sum().backward()
        if other == "parameter":
            module.weight_hh_l0 = torch.nn.Parameter(torch.randn(18, 6))
        else:
            module.load_state_dict({name: 2 * value for name, value in module.state_dict().items()}, assign=True)
        output = module(x)[0]
        output.sum().backward()
    assert_allclose(frames[-1].states[0].h, output[:, ROW].T.detach(), rtol=1e-5, atol=1e-6)
