"""The equations written out against nn.RNN, nn.GRU and nn.LSTM: numbers, gradients, first weights, losses."""

import json
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.testing import assert_close

from rnn_tui.cli.main import main
from rnn_tui.engine.inspect.compare import compare
from rnn_tui.engine.inspect.recompute import unroll
from rnn_tui.engine.network.cells import WrittenOut, gru_step, lstm_step, relu_step, rnn_step
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment, Network
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted

CPU = torch.device("cpu")
SIZES = st.integers(1, 5)
NETWORKS = st.builds(
    Network,
    cell=st.sampled_from(["rnn", "rnn-relu", "gru", "lstm"]),
    implementation=st.just("written-out"),
    hidden_size=SIZES,
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
)


def torchs(network: Network, input_size: int) -> nn.RNNBase:
    """The same network from torch."""
    kind: Any = {"gru": nn.GRU, "lstm": nn.LSTM}.get(network.cell, nn.RNN)
    relu = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    shape: dict[str, Any] = {"num_layers": network.layers, "bidirectional": network.bidirectional}
    module: nn.RNNBase = kind(input_size, network.hidden_size, batch_first=network.batch_first, **shape, **relu)
    return module


def leaves(*tensors: Tensor) -> list[Tensor]:
    return [each.clone().requires_grad_() for each in tensors]


# ---- the module -----------------------------------------------------------------------------------------------------


@given(NETWORKS, SIZES, SIZES, SIZES, st.integers(0, 2**32))
def test_outputs_states_and_every_gradient_are_torchs(
    network: Network, length: int, rows: int, input_size: int, seed: int
) -> None:
    torch.manual_seed(seed)
    mine, fused = WrittenOut(network, input_size).double(), torchs(network, input_size).double()
    mine.load_state_dict(fused.state_dict())
    shape = (rows, length, input_size) if network.batch_first else (length, rows, input_size)
    states = (network.layers * network.directions, rows, network.hidden_size)
    lstm = network.cell == "lstm"
    read = [torch.randn(shape), torch.randn(states), torch.randn(states)][: 3 if lstm else 2]
    weights: list[Tensor] = []  # of a loss that every number of output, h_n and c_n enters in its own way
    found = []
    for module in (mine, fused):
        x, *first = leaves(*(each.double() for each in read))
        output, state = module(x, tuple(first) if lstm else first[0])
        results = [output, *state] if lstm else [output, state]
        weights = weights or [torch.randn_like(each) for each in results]
        loss = torch.stack([(w * each).sum() for w, each in zip(weights, results, strict=True)]).sum()
        gradients = torch.autograd.grad(loss, [x, *first, *module.parameters()])
        found.append([*results, *gradients])
    assert len(found[0]) == (6 if lstm else 4) + 4 * network.layers * network.directions
    for one, other in zip(*found, strict=True):
        assert_close(one, other, rtol=1e-11, atol=1e-12)


@given(NETWORKS, SIZES, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_parameters_to_the_bit(network: Network, input_size: int, seed: int) -> None:
    torch.manual_seed(seed)
    mine = WrittenOut(network, input_size)
    after = torch.rand(3)
    torch.manual_seed(seed)
    fused = torchs(network, input_size)
    assert torch.equal(torch.rand(3), after)  # no number more is drawn, and none less
    assert [name for name, _ in mine.named_parameters()] == [name for name, _ in fused.named_parameters()]
    for one, other in zip(mine.parameters(), fused.parameters(), strict=True):
        assert torch.equal(one, other)
    assert all(weight.requires_grad for weight in mine.parameters())
    assert mine.state_dict().keys() == fused.state_dict().keys()


@pytest.mark.parametrize(
    ("step", "reference", "gates"),
    [(rnn_step, torch.rnn_tanh_cell, 1), (relu_step, torch.rnn_relu_cell, 1), (gru_step, torch.gru_cell, 3),
     (lstm_step, torch.lstm_cell, 4)],
)  # fmt: skip
@pytest.mark.parametrize("rows", [(), (3,)])
def test_one_step_is_torchs_own_of_a_row_or_a_batch(step: Any, reference: Any, gates: int, rows: tuple[int]) -> None:
    torch.manual_seed(1)
    x, h, c = (torch.randn(*rows, size).double() for size in (2, 5, 5))
    shapes = [(gates * 5, 2), (gates * 5, 5), (gates * 5,), (gates * 5,)]
    weights = [torch.randn(shape).double() for shape in shapes]
    state: Any = (h, c) if gates == 4 else h
    one: Any = (h.view(-1, 5), c.view(-1, 5)) if gates == 4 else h.view(-1, 5)
    expected = reference(x.view(-1, 2), one, *weights)
    found = step(x, state, *weights)
    for mine, theirs in zip(found, expected, strict=True) if gates == 4 else [(found, expected)]:
        assert_close(mine, theirs.view(*rows, 5), rtol=1e-11, atol=1e-12)


class Calls(TorchFunctionMode):
    """The names of the functions of torch that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(func.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("cell", ["rnn", "rnn-relu", "gru", "lstm"])
def test_nothing_of_torchs_recurrent_code_is_called(cell: Any) -> None:
    network = Network(cell=cell, layers=2, bidirectional=True)
    first, x = torch.zeros(4, 2, 5), torch.randn(4, 2, 3)
    called = []
    for module in (WrittenOut(network, 3), torchs(network, 3)):
        with Calls() as calls:
            module(x, (first, first) if cell == "lstm" else first)
        called.append(any(word in name for name in calls.names for word in ("rnn", "gru", "lstm")))
    assert called == [False, True]


# ---- training with it -----------------------------------------------------------------------------------------------


def written_out(lesson: str, **training: Any) -> Experiment:
    values: Any = to_dict(LESSONS[lesson])
    values["network"]["implementation"] = "written-out"
    values["training"] |= training
    return from_dict(values)


def losses(experiment: Experiment, passes: int) -> list[float]:
    """Of each pass, as the trainer adds them up; where nothing is learnt, the sums of the outputs."""
    trainer, found = Trainer(experiment, CPU), []
    while trainer.epoch < passes or not trainer.at_end_of_pass:
        trainer.tick()
        if trainer.at_end_of_pass:
            found.append((torch.cat(trainer.logits).sum() if trainer.total is None else trainer.total).item())
    return found


@pytest.mark.parametrize("name", [name for name, lesson in LESSONS.items() if not lesson.data.file])
def test_a_lesson_has_the_same_losses(name: str) -> None:
    """Measured: within 7e-7 of each other, relatively, or 2e-7 absolutely. There is room for another CPU's sums.

    `cliff` is there to be chaotic: what rounding makes of it is large after a dozen passes.
    """
    passes = 6 if name == "cliff" else 20
    mine, theirs = losses(written_out(name), passes), losses(LESSONS[name], passes)
    assert len(mine) == len(theirs) == passes
    assert_close(mine, theirs, rtol=5e-6, atol=1e-6)
    if LESSONS[name].training.learn and name != "cliff":
        assert mine[-1] < mine[0]


@pytest.mark.parametrize("name", ["hihello", "ohlol-lstm", "hihello-gru", "one-letter-deep"])
def test_the_same_seed_gives_the_same_losses_to_the_bit(name: str) -> None:
    assert losses(written_out(name), 15) == losses(written_out(name), 15)
    assert losses(written_out(name), 15) != losses(written_out(name, seed=99), 15)


@pytest.mark.parametrize("name", ["hihello", "ohlol-lstm", "hihello-gru"])
def test_a_run_goes_back_and_forth(name: str) -> None:
    def numbers(session: Session) -> list[bytes]:
        trainer = session.trainer
        assert trainer.total is not None
        tensors = [trainer.total, *trainer.logits, *trainer.model.parameters()]
        return [each.detach().numpy().tobytes() for each in tensors]

    session = Session(written_out(name))
    session.watch(())
    seen = []
    for _ in range(20):
        session.tick()
        seen.append(numbers(session))
    for tick in (13, 4, 18, 1):
        session.go_to(tick)
        assert numbers(session) == seen[tick - 1]


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_slow_motion_says_nothing_of_torchs_calls(tick: str) -> None:
    session = Session(written_out("ohlol-embedding", tick=tick))
    words = []
    for _ in range(8):
        session.phases.next()
        phase = session.probe.phase(Wanted())
        assert phase is not None
        words.append(phase.words)
    assert any("tanh" in each for each in words)
    assert not any("nn." in each or "one call" in each for each in words)


def test_the_option_trains_on_it() -> None:
    told = []
    for options in ([], ["--implementation", "written-out"]):
        result = CliRunner().invoke(main, ["train", "hihello-gru", "--epochs", "9", "--json", *options])
        assert result.exit_code == 0, result.output
        told.append([json.loads(line)["loss"] for line in result.stdout.splitlines()])
    assert len(told[0]) == 9
    assert_close(told[1], told[0], rtol=5e-6, atol=1e-6)
    assert "written-out: " in CliRunner().invoke(main, ["--help"]).stdout


# ---- beside torch's -------------------------------------------------------------------------------------------------


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any cell, torch's or written out, with a state to begin with and some rows."""
    both = draw(st.booleans())
    network = replace(draw(NETWORKS), bidirectional=both, initial_state="random", head="linear")
    network = replace(network, implementation="fused" if draw(st.booleans()) else "written-out")
    rows = draw(st.lists(st.text("abcd", min_size=4, max_size=4), min_size=1, max_size=3))
    data = {"inputs": rows, "targets": rows, "vocabulary": "abcd"}
    values: Any = {"data": data, "training": {"tick": "sequence"}}
    return from_dict(values | {"network": to_dict(Experiment(network=network))["network"]})


@given(experiments(), st.integers(1, 4))
def test_compared_with_torch_the_equations_give_every_state(experiment: Experiment, fed: int) -> None:
    network = experiment.network
    trainer = Trainer(experiment, CPU)
    trainer.tick()
    fed = 4 if network.bidirectional else fed
    for row in range(trainer.dataset.rows):
        unfolded = unroll(trainer, row, fed)
        found = compare(unfolded)
        assert [len(both) for both in found] == [network.directions] * network.layers
        for both, expected in zip(found, unfolded, strict=True):
            for (h, c), each in zip(both, expected, strict=True):
                assert h.shape == (fed, network.hidden_size)
                assert not h.requires_grad
                assert_close(h, each.h.detach(), rtol=1e-5, atol=2e-6)
                assert (c is None) == (each.c is None) == (network.cell != "lstm")
                if c is not None and each.c is not None:
                    assert_close(c, each.c.detach(), rtol=1e-5, atol=2e-6)


def test_each_layer_reads_what_the_equations_gave_below_and_not_what_torch_did() -> None:
    trainer = Trainer(written_out("ohlol-lstm"), CPU)
    trainer.tick()
    unfolded = unroll(trainer, 0, trainer.length)
    plain = compare(unfolded)
    for both in unfolded:
        for each in both:
            each.h.fill_(9.0)
    for layer, both in enumerate(unfolded):
        for each in both:
            if layer:
                each.x.fill_(9.0)
    for before, after in zip(plain, compare(unfolded), strict=True):
        for (h, _), (again, _) in zip(before, after, strict=True):
            assert torch.equal(h, again)


def test_before_the_first_step_there_is_nothing_to_compare() -> None:
    trainer = Trainer(written_out("hihello"), CPU)
    assert compare(unroll(trainer, 0, 0)) == []
