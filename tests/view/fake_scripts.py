"""Scripts that are watched, by hand: an LSTM 8 × 2 on a batch of 3 rows of 12 time steps, of words or of features."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Training
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import Check, Curve, HeldOut, States, Status, Steps, TensorFact
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.inspect import Answer, Ask
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts, GateTerms
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesAsk, EigenvaluesFacts, Spectrum
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts, GateValues
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.reading import Follower, ReadingAsk, ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightsAsk, WeightsFacts
from rnn_tui.protocol.subject import Subject
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import TORCH, h_value

__all__ = ["LENGTH", "WORDS", "FakeScript", "ScriptEngine", "script", "word_at"]

LENGTH, ROWS, HIDDEN, LAYERS = 12, 3, 8, 2
SHORT = 9  # time steps of the last row
WORDS = ("<pad>", "the", "cat", "sat", "on", "a", "mat", "and", "looked", "at", "international", "news", ".", " of", "")
LOSSES = (4.2, 3.1, 2.7, 2.4, 2.2, 2.05, 1.9, 1.8, 1.72, 1.66)
RUNNING = Status(
    tick=1234, newest=1234, branch="main", branches=1, epochs=0, epoch=1234, fed=LENGTH, loss=1.66, running_loss=None,
    state="playing", speed=0.0, ticks_per_second=87.0, lr=0.001,
)  # fmt: skip


@dataclass(frozen=True)
class FakeScript:
    """What the fake frames are made of."""

    subject: Subject
    experiment: Experiment
    status: Status = RUNNING
    is_seen: bool = True  # whether a recurrent network has been called
    predicts: bool = True
    has_loss: bool = True
    evaluated: bool = False
    changes: dict[str, Any] = field(default_factory=dict)  # of the description


def stand_ins(count: int) -> str:
    """Private-use characters, from U+E000 on, then from U+F0000 on, as the engine takes them."""
    return "".join(chr(0xE000 + at if at < 0x1900 else 0xF0000 + at - 0x1900) for at in range(count))


def script(
    *,
    words: tuple[str, ...] = WORDS,
    classes: int = 0,
    status: dict[str, Any] | None = None,
    subject: dict[str, Any] | None = None,
    length: int = LENGTH,
    embedding: int = 16,
    **more: Any,
) -> FakeScript:
    """A script; `classes` where there are no words, changes of its status and its subject, and other fields."""
    what = Subject(
        script="train.py --epochs 3",
        networks=("encoder.rnn",),
        network_facts="LSTM 8 × 2, embedding 16",
        optimizer="Adam",
        words=words if not classes else (),
        can=("hold", "step", "speed", "breakpoints", "back", "log"),
    )
    vocabulary = stand_ins(classes or len(words))
    experiment = Experiment(
        name="train.py",
        data=Data(inputs=(), text="<the script>", batch=ROWS, length=length, vocabulary=vocabulary),
        network=Network(cell="lstm", hidden_size=HIDDEN, layers=LAYERS, embedding=embedding, head="linear"),
        training=Training(tick="sequence", epochs=0, lr=0.001, optimizer="adam"),
        run=RunOptions(speed=0),
    )
    now = replace(RUNNING, **{"fed": length, **(status or {})})
    return FakeScript(subject=replace(what, **(subject or {})), experiment=experiment, status=now, **more)


def word_at(which: FakeScript, step: int, row: int) -> int:
    """The index that is read at a time step."""
    return (7 * step + 5 * row + 1) % len(which.experiment.vocabulary)


class ScriptEngine(FakeEngine):
    """The server in a script that was there before the view."""

    def __init__(self, which: FakeScript) -> None:
        super().__init__(which.status)
        self.script = which
        self.join(which.experiment)

    def change(self, **changes: Any) -> None:
        """Describe the subject anew."""
        self.script = FakeScript(**{**vars(self.script), "subject": replace(self.script.subject, **changes)})
        self.run += 1
        self.move()

    def become(self, which: FakeScript) -> None:
        """Show another pass, with another description."""
        self.script, self.experiment = which, which.experiment
        self.run += 1
        self.move()

    def _answer(self) -> None:
        look = self._pending
        if look is not None and look.seen != self.revision and not self.holds:
            self._pending = None
            frame = frame_of_script(look, self.script, self.status, run=self.run, revision=self.revision)
            self.frames.append(replace(frame, **self.extra))
            self._said.put_nowait(self.frames[-1])


def frame_of_script(look: FrameRequest, which: FakeScript, status: Status, *, run: int, revision: int) -> Frame:
    """The answer to a look."""
    wanted, experiment = look.wanted, which.experiment
    opened = Opened(
        run=run,
        name="train-1",
        experiment=experiment,
        began=experiment,
        weights=12_345,
        device="cpu",
        torch=TORCH,
        subject=which.subject,
        **which.changes,
    )
    fields: dict[str, Any] = {}
    if wanted.count and which.is_seen:
        first, stop = _window(experiment.length, wanted)
        fields["steps"] = _steps(which, wanted, first, stop)
        fields["states"] = _states(wanted, first, min(stop, _fed(wanted.row, experiment.length)))
    if wanted.tensors and which.is_seen:
        shape = (experiment.length, ROWS, HIDDEN)
        fields["tensors"] = (TensorFact(name="output", shape=shape, dimensions=("time", "batch", "hidden")),)
        fields["checks"] = (Check(claim="output[-1] is h_n", holds=True, difference=0.0),)
    if wanted.curve is not None and which.has_loss:
        losses = np.array(LOSSES)
        fields["curve"] = Curve(x=np.linspace(1, 1234, len(losses)), low=losses, high=losses)
        if which.evaluated:
            fields["held_out"] = HeldOut(
                update=1000, loss=1.9, accuracy=float("nan"), characters=0, whole=True,
                curve=Curve(x=np.array([500.0, 1000.0]), low=losses[3:5], high=losses[3:5]),
            )  # fmt: skip
    if which.is_seen:
        fields["inside"] = tuple(_answer(which, ask, wanted) for ask in wanted.inside)
    known = None if look.opened == run else opened
    return Frame(request=look.number, revision=revision, status=status, opened=known, **fields)


def _fed(row: int, length: int) -> int:
    return SHORT if row == ROWS - 1 and length == LENGTH else length


def _window(length: int, wanted: Wanted) -> tuple[int, int]:
    count = min(wanted.count, length)
    first = length - 1 - count // 2 if wanted.first is None else wanted.first
    first = min(max(first, 0), length - count)
    return first, first + count


def _steps(which: FakeScript, wanted: Wanted, first: int, stop: int) -> Steps:
    length, row = which.experiment.length, wanted.row
    own = _fed(row, length)
    size, reads = len(which.experiment.vocabulary), which.subject.reads == "tokens"
    read = [word_at(which, step, row) if reads else 0 for step in range(first, stop)]
    inputs = [index if step < own else -1 for step, index in zip(range(first, stop), read, strict=True)]
    right = [word_at(which, step + 1, row) for step in range(first, stop)]
    fed = max(0, min(stop, own) - first)
    ranks = min(wanted.top, size) if which.predicts else 0
    top = [_likeliest(right[at], first + at, ranks, size) for at in range(fed)]
    p = np.tile(np.array([0.5 / 2**rank for rank in range(ranks)], np.float32), (fed, 1)).reshape(fed, ranks)
    hit = [bool(each) and each[0] == right[at] for at, each in enumerate(top)]
    target_p = np.array([0.5 if each else 0.25 for each in hit], np.float32)
    none = np.zeros(0, np.float32)
    return Steps(
        first=first,
        inputs=np.array(inputs, np.int32),
        targets=np.array(
            [index if step < own else -1 for step, index in zip(range(first, stop), right, strict=True)], np.int32
        )
        if which.predicts
        else np.zeros(0, np.int32),
        top=np.array(top, np.int32).reshape(fed, ranks),
        top_p=p,
        target_p=target_p if which.predicts else none,
        losses=-np.log(target_p) if which.predicts else none,
        right=sum(hit),
        scored=own,
        scored_fed=own,
        right_rows=1,
        outputs=None if which.predicts else np.zeros((0, 1), np.float32),  # not known
    )


def _likeliest(right: int, step: int, ranks: int, size: int) -> list[int]:
    """The right index first, but at every third step its neighbour."""
    near = [right, *((right + by) % size for by in range(1, ranks + 1))]
    return (near if step % 3 else [near[1], near[0], *near[2:]])[:ranks] if ranks > 1 else near[:ranks]


def _states(wanted: Wanted, first: int, stop: int) -> tuple[States, ...]:
    units = range(min(HIDDEN, wanted.units))

    def values(layer: int) -> NDArray[np.float32]:
        rows = [[h_value(unit, step, layer=layer, row=wanted.row) for step in range(first, stop)] for unit in units]
        return np.array(rows, np.float32).reshape(len(units), max(0, stop - first))

    layers = range(wanted.layers[0], min(sum(wanted.layers), LAYERS))
    numbers = np.array(units, np.int32)
    return tuple(
        States(layer=layer, direction=0, units=numbers, h=values(layer), c=2 * values(layer)) for layer in layers
    )


def _answer(which: FakeScript, ask: Ask, wanted: Wanted) -> Answer:
    length = which.experiment.length
    read = [word_at(which, step, wanted.row) if which.subject.reads == "tokens" else 0 for step in range(length)]
    inputs, steps = np.array(read, np.int32), np.arange(length)
    wave = np.sin(steps).astype(np.float32)
    units = np.arange(HIDDEN, dtype=np.int32)
    match ask:
        case GatesAsk():
            first, stop = _window(length, wanted)
            values = np.abs(np.tile(wave[first:stop], (HIDDEN, 1)))
            gates = tuple(GateValues(name=name, about="a gate", signed=False, values=values) for name in "ifgoc")
            return GatesFacts(hidden_size=HIDDEN, first=first, units=units, gates=gates)
        case GradientsAsk():
            first, stop = _window(length, wanted)
            norms = np.exp(-steps[first:stop][::-1] / 4).astype(np.float32)
            flows = tuple(
                GradientFlow(layer=layer, direction=0, whole=norms, alone=norms, saturated=0.1) for layer in (0, 1)
            )
            return GradientsFacts(first=first, at=length - 1, flows=flows, peak=1.0)
        case ReadingAsk():
            followers = tuple(Follower(property=name, unit=1, score=0.5, own=0.1) for name in PROPERTIES)
            return ReadingFacts(hidden_size=HIDDEN, score=0.3, inputs=inputs, h=wave, c=wave, followers=followers)
        case SaliencyAsk():
            return SaliencyFacts(step=length - 1, character=read[0], inputs=inputs, values=wave)
        case EigenvaluesAsk():
            values = np.linspace(0.9, -0.9, 5, dtype=np.float32)
            return EigenvaluesFacts(spectrum=Spectrum(name="∂h/∂h of t=1", real=values, imaginary=values[::-1].copy()))
        case SpaceAsk():
            points = np.stack([wave, np.cos(steps / 2)], -1)[None].astype(np.float32)
            start = np.zeros((1, 2), np.float32)
            rows = np.array([wanted.row], np.int32)
            return SpaceFacts(kind=ask.kind, rows=rows, characters=inputs[None], points=points, start=start)
        case WeightsAsk():
            w = np.outer(wave, wave).astype(np.float32)
            at = np.arange(length, dtype=np.int32)
            name = "encoder.rnn.weight_hh_l0"
            matrix = MatrixFact(
                name=name, shape=(32, HIDDEN), norm=1.0, lowest=-1, highest=1, rows=at, columns=at, values=w
            )
            return WeightsFacts(matrices=(matrix,))
        case CellAsk():
            return _cell(read[-1], units)
    raise AssertionError(ask)


def _cell(index: int, units: NDArray[np.int32]) -> CellFacts:
    u = np.linspace(-0.9, 0.9, HIDDEN, dtype=np.float32)
    x = np.zeros(HIDDEN, np.float32)
    x[2] = 1  # one-hot
    w = np.outer(u, u).astype(np.float32)
    gates = tuple(
        GateTerms(
            name=gate.name, squash=gate.squash, w_ih=w, from_input=u, b_ih=u, w_hh=w, from_state=u, b_hh=u, total=4 * u,
            value=np.tanh(4 * u),
        )
        for gate in CELL_KINDS["lstm"].gates
    )  # fmt: skip
    return CellFacts(
        step=LENGTH - 1, character=index, input_size=HIDDEN, hidden_size=HIDDEN, features=units, units=units,
        states=units, x=x, h_before=u, h_before_units=u, c_before=u, gates=gates, c=u, h=u,
    )  # fmt: skip
