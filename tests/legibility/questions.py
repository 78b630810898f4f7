"""Twenty questions to a reader of the screen, each with the answer from the numbers of its frame."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.protocol.inspect.cell import CellFacts
from rnn_tui.protocol.inspect.gates import GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsFacts
from rnn_tui.protocol.inspect.reading import ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyFacts
from rnn_tui.protocol.inspect.sample import SampleFacts
from rnn_tui.protocol.inspect.space import SpaceFacts
from rnn_tui.protocol.inspect.weights import WeightsFacts
from rnn_tui.view.model.scene import AnswerKind, Scene
from rnn_tui.view.model.settings import Theme

__all__ = ["QUESTIONS", "Question"]

_GATES = {"i": "input", "f": "forget", "o": "output", "r": "reset", "z": "update"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A screen, and what is asked about it."""

    name: str  # of the picture
    lesson: str
    ticks: int  # that the lesson has been trained for, from its own seed
    asked: str
    answer: Callable[[Scene], str]
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 36)
    theme: Theme = "dark"
    settings: dict[str, Any] = field(default_factory=dict)


def _facts(scene: Scene, kind: type[AnswerKind]) -> AnswerKind:
    found = scene.newest(kind)
    assert found is not None, kind
    return found[0]


def _predicted(scene: Scene, at: int) -> str:
    steps = scene.frame.steps
    assert steps is not None
    predicted, target = int(steps.top[at, 0]), int(steps.targets[at])
    return f"'{scene.name_of(predicted)}', {'right' if predicted == target else 'wrong'}"


def _right(scene: Scene) -> str:
    steps = scene.frame.steps
    assert steps is not None
    return f"{steps.right} of {scene.experiment.length if steps.scored is None else steps.scored}"


def _chance(scene: Scene) -> str:
    steps = scene.frame.steps
    assert steps is not None
    return f"{steps.top_p[1, 0]:.2f}"


def _above_floor(scene: Scene) -> str:
    loss, floor = scene.frame.status.loss, scene.floor
    assert loss is not None
    assert floor is not None
    return "near the floor" if loss < 1.2 * floor else "far above the floor"


def _turn(scene: Scene) -> str:
    gates = [gate for gate in _facts(scene, GatesFacts).gates if gate.name in _GATES and gate.summary is not None]
    turns = {gate.name: gate.summary for gate in gates if gate.summary is not None}
    name = max(turns, key=lambda each: abs(turns[each].turn))
    verb = "opens" if turns[name].turn > 0 else "closes"
    return f"the {_GATES[name]} gate: it {verb} at {step_name(turns[name].turn_at)}"


def _open(scene: Scene) -> str:
    means = {gate.name: gate.summary.mean for gate in _facts(scene, GatesFacts).gates if gate.summary is not None}
    return "mostly open" if means["f"] > 2 / 3 else "mostly shut" if means["f"] < 1 / 3 else "half open"


def _fallen(scene: Scene) -> str:
    flow = _facts(scene, GradientsFacts).flows[-1]
    ratio = float(flow.alone[0]) / float(flow.alone[-1])
    return "it has all but vanished" if ratio < 1e-3 else "it arrives"


def _largest_weights(scene: Scene) -> str:
    matrices = [each for each in _facts(scene, WeightsFacts).matrices if len(each.shape) == 2]
    largest = max(matrices, key=lambda each: each.norm)
    return f"{'W_hh' if 'hh' in largest.name else 'W_ih'}, with norm {largest.norm:.3f}"


def _shares(scene: Scene) -> str:
    return f"{100 * _facts(scene, SpaceFacts).shares[0]:.0f} %"


def _vectors(scene: Scene) -> str:
    return str(_facts(scene, SpaceFacts).points.shape[1])


def _unit(scene: Scene) -> str:
    facts = _facts(scene, CellFacts)
    return with_minus(f"{float(facts.h[facts.units.tolist().index(facts.unit)]):+.2f}")


def _mattered(scene: Scene) -> str:
    facts = _facts(scene, SaliencyFacts)
    step = int(np.abs(facts.values).argmax())
    return f"'{scene.name_of(int(facts.inputs[step]))}' at {step_name(step)}"


def _coloured(scene: Scene) -> str:
    facts = _facts(scene, ReadingFacts)
    return f"unit {facts.unit + 1} of {facts.hidden_size}"


def _next_number(scene: Scene) -> str:
    numbers = scene.numbers
    assert numbers is not None
    return with_minus(f"{numbers.predicted[-1]:+.2f}")


def _shape(scene: Scene) -> str:
    return str(next(each.shape for each in scene.frame.tensors if each.name == "h_n"))


def _units_shown(scene: Scene) -> str:
    states = scene.frame.states[0]
    return f"{len(states.units)} of {scene.experiment.network.hidden_size}: those that vary most"


def _epochs(scene: Scene) -> str:
    status = scene.frame.status
    return f"epoch {status.epoch} of {status.epochs}"


def _written(scene: Scene) -> str:
    return "".join(scene.name_of(each) for each in _facts(scene, SampleFacts).greedy[:5].tolist())


def _strongest(scene: Scene) -> str:
    states = scene.frame.states[0]
    unit, step = np.unravel_index(int(np.abs(states.h).argmax()), states.h.shape)
    return f"unit {int(states.units[unit]) + 1} at {step_name(scene.axis.first + int(step))}"


def _guessing(scene: Scene) -> str:
    loss, guessing = scene.frame.status.loss, scene.opened.guessing
    assert loss is not None
    assert guessing is not None
    assert math.isfinite(loss)
    return "yes, below it" if loss < guessing else "no, above it"


_REMEMBER = {"network.cell": "lstm"}

QUESTIONS: tuple[Question, ...] = (
    Question(
        name="output", lesson="hihello", ticks=60, answer=lambda scene: _predicted(scene, -1),
        asked="What does the network predict at the last time step, and is it right?",
    ),
    Question(
        name="score", lesson="ohlol-lstm", ticks=4, answer=_right, size=(120, 50),
        asked="How many of the characters are predicted right?",
    ),
    Question(
        name="probability", lesson="hihello", ticks=120, answer=_chance, size=(200, 60),
        asked="How probable is the character that it predicts at t=2?",
    ),
    Question(
        name="floor", lesson="hihello", ticks=570, answer=_above_floor, theme="light",
        asked="Is the loss near the lowest that this network can reach?",
    ),
    Question(
        name="guessing", lesson="remember", ticks=60, answer=_guessing,
        asked="Is the network better than one that guesses?",
    ),
    Question(
        name="epochs", lesson="hihello-embedding", ticks=37, answer=_epochs, size=(80, 24),
        asked="Which epoch is it in, of how many?",
    ),
    Question(
        name="strongest", lesson="three-words", ticks=5, answer=_strongest,
        asked="Which unit has the largest state, either way, and when?",
    ),
    Question(
        name="gate-turns", lesson="ohlol-lstm", ticks=15, answer=_turn, keys=("g",), size=(120, 50),
        asked="Which gate of layer 1, reading from the left, changes most on average, and when?",
    ),
    Question(
        name="forget", lesson="remember", ticks=150, answer=_open, keys=("g",), settings=_REMEMBER,
        asked="Is the forget gate open or shut, on average?",
    ),
    Question(
        name="forget-large", lesson="remember", ticks=150, answer=_open, keys=("g",), settings=_REMEMBER,
        size=(200, 60), theme="light",
        asked="Is the forget gate open or shut, on average?",
    ),
    Question(
        name="gradient-rnn", lesson="remember", ticks=60, answer=_fallen, keys=("v",),
        asked="Does the gradient of the last step's loss arrive at the first time step?",
    ),
    Question(
        name="gradient-lstm", lesson="remember", ticks=150, answer=_fallen, keys=("v",), settings=_REMEMBER,
        asked="Does the gradient of the last step's loss arrive at the first time step?",
    ),
    Question(
        name="weights", lesson="hihello", ticks=60, answer=_largest_weights, keys=("w",), size=(200, 60),
        asked="Which matrix has the larger norm, and what is it?",
    ),
    Question(
        name="space", lesson="remember", ticks=120, answer=_shares, keys=("p",), settings={"network.cell": "gru"},
        asked="How much of the variance lies on the first axis?",
    ),
    Question(
        name="embedding", lesson="hihello-embedding", ticks=20, answer=_vectors, keys=("p", "o"),
        asked="How many characters have a vector?",
    ),
    Question(
        name="cell", lesson="hihello", ticks=60, answer=_unit, keys=("i",), size=(200, 60),
        asked="What is the state h of unit 1 after the time step that is looked at?",
    ),
    Question(
        name="saliency", lesson="remember", ticks=200, answer=_mattered, keys=("a",), settings=_REMEMBER,
        asked="Which input mattered most for the output?",
    ),
    Question(
        name="reading", lesson="python-source", ticks=20, answer=_coloured, keys=("u", "z"),
        asked="Whose state colours the text?",
    ),
    Question(
        name="large-layer", lesson="python-source", ticks=20, answer=_units_shown, size=(200, 60),
        asked="How many of the units are shown, and which?",
    ),
    Question(
        name="series", lesson="sine", ticks=60, answer=_next_number, size=(120, 50),
        asked="Which number does it predict at the last time step?",
    ),
)  # fmt: skip
