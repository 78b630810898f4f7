"""A touched pass: the numbers of a plain loop with the same change, and a run that has never heard of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor
from torch.nn import functional as F

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.inspect.bptt import state_gradients
from rnn_tui.engine.inspect.touched import TouchError, touched
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.run_folder import RunFolder
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.touch import Touch, TouchKind

DATA = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}
EVERYTHING = Wanted(count=99, top=3, units=99, layers=(0, 99), first=0)
CELLS: dict[str, Any] = {
    "rnn": torch.rnn_tanh_cell, "rnn-relu": torch.rnn_relu_cell, "gru": torch.gru_cell, "lstm": torch.lstm_cell,
}  # fmt: skip


def experiment(network: dict[str, Any], **training: Any) -> Experiment:
    return from_dict({"data": DATA, "network": network, "training": {"seed": 3, **training}})


LINEAR = {"hidden_size": 7, "head": "linear", "layers": 2}
CASES = [
    experiment({}, tick="sequence"),
    experiment(
        {"cell": "rnn-relu", **LINEAR, "batch_first": True}, tick="sequence", reduction="mean", label_smoothing=0.2
    ),
    experiment({"cell": "gru", **LINEAR, "embedding": 3}, tick="sequence"),
    experiment({"cell": "lstm", **LINEAR, "embedding": 3, "initial_state": "random"}, tick="sequence"),
    experiment({"cell": "lstm", "implementation": "cell", "layers": 2}),
]
TOUCHES = {
    "input": Touch(kind="input", row=1, step=2, value=3),
    "state": Touch(kind="state", row=1, step=3, unit=4, value=0.75),
    "h0": Touch(kind="h0", row=1, unit=2, value=-0.5),
    "weight": Touch(kind="weight", name="weight_hh_l0", at=(1, 2), value=0.9),
}


def at_end(what: Experiment, passes: int = 3) -> Trainer:
    trainer = Trainer(what, torch.device("cpu"))
    while trainer.epoch < passes or not trainer.at_end_of_pass:
        trainer.tick()
    return trainer


def plain(trainer: Trainer, touch: Touch) -> tuple[Tensor, Tensor, list[list[Tensor]], dict[str, Tensor]]:
    """Return logits (T, N, C), loss, the states of each layer and time step, and the weights, of a loop in float64."""
    network, data = trainer.experiment.network, trainer.experiment.data
    weights = {name: value.detach().double().clone() for name, value in trainer.model.named_parameters()}
    if touch.kind == "weight":
        (name,) = (each for each in weights if each.endswith(touch.name) or each == cell_name(touch.name))
        weights[name][touch.at] = touch.value or 0.0
    weights = {name: value.requires_grad_() for name, value in weights.items()}
    indices = torch.tensor([[data.vocabulary.index(row[t]) for row in data.inputs] for t in range(trainer.fed)])
    if touch.kind == "input":
        indices[touch.step, touch.row] = int(touch.value or 0)
    first = [part.double().clone() for part in (trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,))]
    if touch.kind == "h0":
        first[0][touch.layer, touch.row, touch.unit] = touch.value or 0.0
    states: list[Any] = [tuple(part[layer] for part in first) for layer in range(network.layers)]
    found: list[list[Tensor]] = [[] for _ in states]
    outputs = []
    for t in range(trainer.fed):
        read = weights["embedding.weight"][indices[t]] if network.embedding else F.one_hot(indices[t], 5).double()
        for layer in range(network.layers):
            own = [weights[each] for each in names_of(network.implementation, layer)]
            after = CELLS[network.cell](read, states[layer] if len(states[layer]) > 1 else states[layer][0], *own)
            h, *rest = after if isinstance(after, tuple) else (after,)
            if touch.kind == "state" and (touch.layer, touch.step) == (layer, t):
                kept = torch.ones_like(h)
                kept[touch.row, touch.unit] = 0
                value = torch.zeros_like(h)
                value[touch.row, touch.unit] = touch.value or 0.0
                h = h * kept + value
            states[layer] = (h, *rest)
            found[layer].append(h)
            read = h
        outputs.append(read)
    logits = torch.stack(outputs)
    if network.head == "linear":
        logits = logits @ weights["head.weight"].T + weights["head.bias"]
    targets = torch.tensor([[data.vocabulary.index(row[t]) for row in data.targets] for t in range(trainer.fed)])
    training = trainer.experiment.training
    smoothing = training.label_smoothing
    loss = F.cross_entropy(logits.reshape(-1, 5), targets.reshape(-1), reduction="sum", label_smoothing=smoothing) / 2
    return logits, loss / trainer.fed if training.reduction == "mean" else loss, found, weights


def cell_name(name: str) -> str:
    """The name of a weight of nn.RNN in a stack of cells."""
    return f"recurrent.cells.{name[-1]}.{name[:-3]}"


def names_of(implementation: str, layer: int) -> list[str]:
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    if implementation == "cell":
        return [f"recurrent.cells.{layer}.{kind}" for kind in kinds]
    return [f"recurrent.{kind}_l{layer}" for kind in kinds]


@pytest.mark.parametrize("what", CASES, ids=lambda each: each.network.cell)
@pytest.mark.parametrize("kind", TOUCHES)
def test_it_is_what_a_plain_loop_makes_of_the_same_change(what: Experiment, kind: TouchKind) -> None:
    trainer, touch = at_end(what), TOUCHES[kind]
    if kind == "weight" and what.network.implementation == "cell":
        touch = replace(touch, name="cells.0.weight_hh")
    made, facts = touched(trainer, (touch,))
    told = replace(touch, name="weight_hh_l0") if kind == "weight" else touch
    logits, loss, states, weights = plain(trainer, told)
    assert_allclose(torch.cat(made.logits), logits.detach(), rtol=1e-4, atol=1e-5)
    assert facts.loss == pytest.approx(loss.item(), rel=1e-5)
    assert facts.loss_before == pytest.approx(trainer.total.item() if trainer.total is not None else 0)
    found = torch.autograd.grad(
        loss, [*(each for layer in states for each in layer), *weights.values()], allow_unused=True
    )
    size = len(states) * trainer.fed
    by_h = torch.stack(found[:size]).view(len(states), trainer.fed, 2, -1)
    assert_allclose(torch.stack([each[0] for each in state_gradients(made)]), by_h, rtol=1e-3, atol=1e-6)
    for mine, expected in zip(made.gradients(), found[size:], strict=True):
        assert mine is not None
        assert expected is not None
        assert_allclose(mine, expected, rtol=1e-3, atol=1e-5)
    shown = Probe(made).states(replace(EVERYTHING, row=1))
    for layer, each in enumerate(shown):
        assert_allclose(each.h, torch.stack(states[layer])[:, 1].detach().T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", TOUCHES)
def test_it_tells_what_it_was(kind: TouchKind) -> None:
    trainer = at_end(CASES[3])
    probe = Probe(trainer)
    expected = {
        "input": "hielo".index("l"),
        "state": probe.states(replace(EVERYTHING, row=1))[0].h[4, 3],
        "h0": trainer.h_0[0][0, 1, 2].item(),
        "weight": dict(trainer.model.named_parameters())["recurrent.weight_hh_l0"][1, 2].item(),
    }[kind]
    for value in (TOUCHES[kind].value, None):
        _, facts = touched(trainer, (replace(TOUCHES[kind], value=value),))
        assert facts.before == pytest.approx((expected,))
    assert facts.loss == pytest.approx(facts.loss_before)  # nothing was changed by looking


def test_gates_answer_with_the_held_state() -> None:
    trainer = at_end(CASES[3])
    made, _ = touched(trainer, (TOUCHES["state"],))
    (facts,) = Probe(made).inside(replace(EVERYTHING, row=1, inside=(GatesAsk(units=7),)))
    assert isinstance(facts, GatesFacts)
    weights = {name: each.detach().double() for name, each in trainer.model.named_parameters()}
    _, _, states, _ = plain(trainer, TOUCHES["state"])
    x = weights["embedding.weight"]["hielo".index("lolihe"[4])]
    h = states[0][3][1].detach()  # with the unit held
    sums = weights["recurrent.weight_ih_l0"] @ x + weights["recurrent.bias_ih_l0"]
    sums = sums + weights["recurrent.weight_hh_l0"] @ h + weights["recurrent.bias_hh_l0"]
    for name, part in zip("ifgo", sums.chunk(4), strict=True):
        expected = torch.tanh(part) if name == "g" else torch.sigmoid(part)
        (gate,) = (each for each in facts.gates if each.name == name)
        assert_allclose(gate.values[np.argsort(facts.units), 4], expected, rtol=1e-4, atol=1e-5)


def test_in_the_middle_of_a_pass_only_what_has_been_fed_is_there() -> None:
    trainer = Trainer(CASES[4], torch.device("cpu"))
    for _ in range(4):
        trainer.tick()
    made, facts = touched(trainer, (Touch(kind="input", step=1, value=4),))
    logits, loss, _, _ = plain(trainer, Touch(kind="input", step=1, value=4))
    assert_allclose(torch.cat(made.logits), logits.detach(), rtol=1e-4, atol=1e-5)
    assert facts.loss == pytest.approx(loss.item(), rel=1e-5)
    with pytest.raises(TouchError, match="no time step 5"):
        touched(trainer, (Touch(kind="state", step=4),))


@pytest.mark.parametrize(
    ("touch", "problem"),
    [
        (Touch(kind="input", step=6), "no time step 7: there are 6"),
        (Touch(kind="input", row=2), "no row 3: there are 2"),
        (Touch(kind="input", value=5), "no character 6: there are 5"),
        (Touch(kind="input", value=1.5), "by its number"),
        (Touch(kind="state", unit=7, value=1), "no unit 8: there are 7"),
        (Touch(kind="state", layer=2), "no layer 3"),
        (Touch(kind="h0", value=float("nan")), "finite"),
        (Touch(kind="weight", name="weight_ih_l0", at=(0, 0), value=1e39), "too large for float32"),
        (Touch(kind="input", value=1e300), "too large for float32"),
        (Touch(kind="input", value=1e20), "by its number in the vocabulary"),
        (Touch(kind="weight", name="nobody", at=(0,)), "no such weight"),
        (Touch(kind="weight", name="weight_hh_l0", at=(0,)), "named by 2"),
        (Touch(kind="weight", name="bias_hh_l0", at=(28,)), "no row 29"),
    ],
)
def test_what_is_not_there_is_not_touched(touch: Touch, problem: str) -> None:
    with pytest.raises(TouchError, match=problem):
        touched(at_end(CASES[3], 1), (touch,))
    if touch.kind == "h0":
        with pytest.raises(TouchError, match="LSTM"):
            touched(at_end(CASES[0], 1), (Touch(kind="c0"),))


def test_before_the_first_step_and_in_both_directions_a_state_cannot_be_touched() -> None:
    with pytest.raises(TouchError, match="Nothing of this pass"):
        touched(Trainer(CASES[0], torch.device("cpu")), (TOUCHES["h0"],))
    both = experiment({"cell": "gru", "head": "linear", "bidirectional": True}, tick="sequence")
    with pytest.raises(TouchError, match="both ways"):
        touched(at_end(both, 1), (TOUCHES["state"],))
    made, _ = touched(at_end(both, 1), (TOUCHES["input"],))
    assert made.fed == 6


def test_a_number_of_a_series_is_touched_in_its_units() -> None:
    trainer = at_end(LESSONS["sine"], 1)
    made, facts = touched(trainer, (Touch(kind="input", step=3, value=100.0),))
    probe = Probe(made)
    numbers = probe.steps(EVERYTHING).numbers
    before = Probe(trainer).steps(EVERYTHING).numbers
    assert numbers is not None
    assert before is not None
    assert numbers.values[3] == pytest.approx(100.0, rel=1e-5)
    assert facts.before == pytest.approx((before.values[3],))
    assert_allclose(numbers.predicted[:3], before.predicted[:3], rtol=1e-4, atol=1e-4)
    assert abs(numbers.predicted[3] - before.predicted[3]) > 1e-3


def run(what: Experiment, folder: Path, *, touch: bool) -> list[bytes]:
    """Losses, weights, gradients, optimiser and random numbers after each tick, and the files of the checkpoint."""
    keeper = RunFolder(lambda _: None)
    session = keeper.open(Open(experiment=what, keep=SaveOptions(folder=str(folder))))
    keeper.begin(session)
    found = []
    for _ in range(8):
        keeper.settle(session)
        session.tick()
        keeper.ticked()
        if touch:
            probe, facts = session.touched(tuple(TOUCHES.values()), at=session.trainer.ticks)
            asks = (GatesAsk(units=9),)
            probe.steps(EVERYTHING), probe.states(EVERYTHING), probe.inside(replace(EVERYTHING, inside=asks))
            assert facts.loss != facts.loss_before or facts.problem
        trainer = session.trainer
        session.recording.drain()
        tensors = [torch.get_rng_state(), *trainer.model.parameters(), *trainer.logits]
        tensors += [weight.grad for weight in trainer.model.parameters() if weight.grad is not None]
        assert trainer.updater.optimizer is not None
        for state in trainer.updater.optimizer.state.values():
            tensors += [value for value in state.values() if isinstance(value, Tensor)]
        losses = session.losses.envelope(10**6).low
        found.append(b"".join(each.detach().numpy().tobytes() for each in tensors) + losses.tobytes())
    keeper.save()
    keeper.close()
    names = sorted(each.name for each in folder.iterdir() if each.suffix in (".safetensors", ".csv"))
    return [*found, *(_untimed(folder / name) for name in names)]


def _untimed(file: Path) -> bytes:
    """Return what is kept, without what depends on the time that it took: of losses the update, the tick, the loss."""
    content = file.read_bytes()
    if file.suffix != ".csv":
        return content
    return b"\n".join(b",".join(line.split(b",")[:3]) for line in content.splitlines())


@pytest.mark.parametrize("what", [CASES[3], CASES[4]], ids=["sequence", "character"])
def test_nothing_of_it_is_learnt_or_kept(what: Experiment, tmp_path: Path) -> None:
    assert run(what, tmp_path / "a", touch=True) == run(what, tmp_path / "b", touch=False)


def test_the_run_on_the_screen_is_back_when_the_touch_is_gone() -> None:
    session = Session(CASES[3])
    for _ in range(3):
        session.tick()
    before = [each.h for each in session.probe.states(EVERYTHING)]
    probe, _ = session.touched((TOUCHES["weight"],), at=1)
    assert not np.array_equal(probe.states(EVERYTHING)[0].h, before[0])
    assert session.touched((TOUCHES["weight"],), at=1)[0] is probe  # computed once
    for each, expected in zip(session.probe.states(EVERYTHING), before, strict=True):
        assert_array_equal(each.h, expected)
    session.phases.next()
    assert "held at a phase" in session.touched((TOUCHES["weight"],), at=2)[1].problem
