"""The seam: every message comes back as it was sent, and nothing else comes through."""

import math
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Training
from rnn_tui.protocol.commands import (
    Command,
    Fork,
    GoTo,
    Interrupt,
    NextBranch,
    NextPhase,
    Open,
    PhaseBack,
    Play,
    Restart,
    SelectNetwork,
    SetBreakpoints,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    StepBack,
    TakeControls,
)
from rnn_tui.protocol.core import Detach, Greeting, Inquire, Refused, Stop
from rnn_tui.protocol.engine_messages import EngineMessage, Frame, Left, Opened, Whereabouts
from rnn_tui.protocol.field import KeepMember, KeptMember, OpenField, SelectMember
from rnn_tui.protocol.frame import BranchCurve, Check, Curve, PredictionSeen, States, Status, Steps, TensorFact
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts, Compared, GateTerms
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts, GateValues
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsAsk, GradientsFacts, GradientWay
from rnn_tui.protocol.inspect.reading import Follower, ReadingAsk, ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightsAsk, WeightsFacts
from rnn_tui.protocol.phase import Gradient, Moved, Phase
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.touch import Touch, TouchFacts
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import MAX_MESSAGE, Buffer, ProtocolError, decode_command, decode_message, pack
from tests.examples import examples

COMMANDS: list[Command] = [
    TakeControls(),
    ReadLog(count=30, first=7, column=4, width=80, find="löss", after=3, backwards=True),
    Detach(),
    Stop(keep=True),
    Inquire(),
    GoTo(tick=-1),
    Interrupt(),
    StepBack(unit="epoch"),
    Fork(training=LESSONS["ohlol"].training, reseed=True),
    NextBranch(),
    NextPhase(),
    NextPhase(unit="part"),
    PhaseBack(),
    SlowMotion(on=True, pace=0.5),
    FrameRequest(number=1),
    FrameRequest(
        number=2**40,
        opened=3,
        seen=4,
        wanted=Wanted(
            row=1,
            first=-2,
            count=3,
            top=4,
            units=5,
            layers=(6, 7),
            tensors=True,
            inside=(
                CellAsk(step=-1, layer=1, direction=1, unit=2, units=3, features=4, compare=True),
                GatesAsk(layer=1, direction=1, unit=2, units=3, order="rows", at=4),
                GradientsAsk(at=4, layer=1, direction=1),
                WeightsAsk(kind="update", matrix=1, matrices=2, rows=3, columns=4, bins=5),
                SpaceAsk(kind="embedding", layer=1, direction=1, rows=2),
                SaliencyAsk(step=2, output="target"),
                SampleAsk(prime="h\né", temperature=0.5, top_k=3, seed=2**63 - 1, length=2000),
                ReadingAsk(layer=1, direction=1, rank=2, order="brackets", characters=9),
            ),
            curve=CurveWanted(columns=80, log_x=True),
            touch=(Touch(kind="weight", name="weight_hh_l0", at=(1, 2), value=0.5), Touch(kind="h0", layer=1)),
        ),
    ),
    *(Open(experiment=lesson, play=False) for lesson in LESSONS.values()),
    Restart(),
    Restart(seed=2**63 - 1),
    Open(experiment=LESSONS["hihello"], history=0, changes=(Change(tick=0, training=Training(lr=0.5), reseed=True),)),
    SelectNetwork(number=2),
    OpenField(
        comparison=Comparison(base=LESSONS["hihello-gru"], varied=(Varied(path="training.seed", values=(1, 2)),))
    ),
    SelectMember(member=1),
    KeepMember(member=4_095),
    SetBreakpoints(until=()),
    SetBreakpoints(until=("learnt", "loss<€")),
    Play(on=True),
    Play(on=False),
    Step(),
    Step(unit="epoch"),
    SetSpeed(speed=0),
    SetSpeed(speed=2.5),
    SetTick(tick="character"),
    SetTick(tick="sequence"),
    NextPhase(),
    SlowMotion(on=True, pace=0.5),
    SlowMotion(on=False),
]
STATUS = Status(
    tick=10**12,
    newest=10**12 + 1,
    branch="main",
    branches=2,
    epochs=10**6,
    epoch=3,
    fed=2,
    loss=0.1,
    running_loss=None,
    state="playing",
    speed=0.0,
    ticks_per_second=1e4,
    lr=0.1,
    notice="⏸ €",
)


def floats(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def integers(*shape: int) -> Any:
    return np.arange(math.prod(shape), dtype=np.int32).reshape(shape)


def doubles(*values: float) -> Any:
    return np.array(values, dtype=np.float64)


FULL = Frame(
    request=7,
    revision=8,
    status=STATUS,
    opened=Opened(
        run=1,
        experiment=LESSONS["ohlol-lstm"],
        began=LESSONS["ohlol"],
        changes=(Change(tick=5, training=LESSONS["ohlol-lstm"].training, reseed=True),),
        weights=60,
        device="cpu",
        torch="2.13",
    ),
    steps=Steps(
        first=1,
        inputs=integers(4),
        targets=integers(4),
        top=integers(3, 2),
        top_p=floats(3, 2),
        target_p=floats(3),
        losses=floats(3),
        right=2,
        outputs=floats(3, 5),
    ),
    states=(
        States(layer=0, direction=0, units=integers(5), h=floats(5, 3)),
        States(layer=1, direction=1, units=integers(5), h=floats(5, 0), c=floats(5, 0), skip=1),
    ),
    phase=Phase(
        kind="backward",
        time_step=3,
        layer=1,
        direction=1,
        words="‖∂L/∂h‖",
        numbers=(("h =", 0.5), ("", math.inf)),
        moved=(Moved(name="weight_ih_l0", distance=0.5, relative=0.1),),
        gradients=(
            Gradient(layer=0, direction=1, first=2, norms=floats(3), units=integers(2), values=floats(2, 3)),
        ),
        largest_value=0.25,
        largest=0.5,
    ),
    touch=TouchFacts(before=(0.5, -1.0), loss=2.5, loss_before=1.5),
    curve=Curve(x=doubles(1, 2), low=doubles(0.5, math.inf), high=doubles(1, -0.0)),
    characters=Curve(x=doubles(), low=doubles(), high=doubles()),
    others=(BranchCurve(name="fork 1", curve=Curve(x=doubles(1), low=doubles(0.5), high=doubles(0.5))),),
    predictions=(PredictionSeen(text="ihello 👩", epoch=9, right=True),),
    learnt=9,
    tensors=(TensorFact(name="h_0", shape=(1, 5), dimensions=("layers", "hidden"), values=floats(1, 5)),),
    checks=(Check(claim="output[-1] is h_n", holds=False, difference=math.nan),),
    inside=(
        CellFacts(
            step=1, unit=2, features=integers(3), units=integers(2), states=integers(2), x=floats(3), h=floats(2),
            h_before=floats(2), h_before_units=floats(2), c_before=floats(2), c=floats(2),
            gates=(
                GateTerms(
                    name="f", squash="σ", w_ih=floats(2, 3), from_input=floats(2), b_ih=floats(2), w_hh=floats(2, 2),
                    from_state=floats(2), b_hh=floats(2), total=floats(2), value=floats(2),
                ),
            ),
            compared=Compared(h=floats(2), c=floats(2), difference=math.inf, steps=3),
        ),
        GatesFacts(
            note="…", hidden_size=5, order="rows", at=3, units=integers(2), spread=floats(2),
            gates=(GateValues(name="f", about="keeps", signed=False, values=floats(2, 3)),),
        ),
        GradientsFacts(
            first=1, at=2, radius=(("f", math.nan),), norm=0.5, clipped=0.25, peak=math.inf,
            flows=(
                GradientFlow(
                    layer=0, direction=1, whole=floats(3), alone=floats(3), whole_c=floats(3), saturated=0.5,
                    whole_ways=(GradientWay(direction=1, steps=400, start=0, start_norm=0.5, vanished=165),),
                ),
            ),
        ),
        WeightsFacts(
            kind="gradient",
            matrices=(
                MatrixFact(
                    name="weight_ih_l0", shape=(5, 5), norm=math.nan, lowest=-1, highest=1, rows=integers(2),
                    columns=integers(2), values=floats(2, 2), counts=integers(4), not_finite=1,
                ),
            ),
        ),
        SpaceFacts(
            rows=integers(2), characters=integers(2, 3), points=floats(2, 3, 2), start=floats(2, 2), shares=(0.5, 0.25),
        ),
        SaliencyFacts(step=1, character=2, output="target", inputs=integers(4), values=floats(3)),
        SampleFacts(
            note="é", skipped=2, prime=integers(3), prime_p=floats(3), greedy=integers(4), greedy_p=floats(4),
            sampled=integers(2), sampled_p=floats(2), next=integers(5), next_p=floats(5), next_drawn=floats(5),
        ),
        ReadingFacts(
            layer=1, direction=1, hidden_size=3, order="quotes", rank=1, unit=2, score=math.nan, inputs=integers(4),
            h=floats(4), c=floats(4),
            followers=(Follower(property="quotes", varies=False, unit=1, score=-0.5, own=math.inf),),
        ),
    ),
)  # fmt: skip
WHERE = Whereabouts(
    process=7,
    views=2,
    name="hihello-1",
    kept="/somewhere/hihello-1",
    experiment=LESSONS["hihello"],
    status=STATUS,
    device="cuda:1",
)
MESSAGES: list[EngineMessage] = [
    Greeting(version=VERSION, torch="2.13"),
    Refused(problem="no"),
    Refused(problem="no", path="run.device"),
    Frame(request=1, revision=0, status=STATUS),
    FULL,
    WHERE,
    KeptMember(member=3, passes=60, name="hihello-2026-11-27-40a39c", problem="Platte voll"),
    LogLines(first=7, lines=("epoch 1", "für"), oldest=2, total=9, found=8, path="/a.out"),
    Left(run=WHERE, stopped=True, problem="no"),
]


def same(one: Any, other: Any) -> bool:
    """Equal to the bit, arrays by their type and shape too; one NaN is as good as another."""
    if isinstance(one, np.ndarray):
        alike = isinstance(other, np.ndarray) and (one.dtype, one.shape) == (other.dtype, other.shape)
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, msgspec.Struct):
        fields = one.__struct_fields__
        parts = [(getattr(one, name), getattr(other, name, None)) for name in fields]
        return type(one) is type(other) and all(same(*pair) for pair in parts)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))


def body(message: Command | EngineMessage) -> bytes:
    packed = pack(message)
    assert int.from_bytes(packed[:4], "big") == len(packed) - 4
    return packed[4:]


def test_these_are_all_the_kinds_of_messages() -> None:
    assert {type(each) for each in COMMANDS} == set(Command.__args__)
    assert {type(each) for each in MESSAGES} == set(EngineMessage.__args__)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: type(each).__name__)
def test_commands_come_back_as_they_were(command: Command) -> None:
    assert decode_command(body(command)) == command
    with pytest.raises(ProtocolError, match="not a message"):
        decode_message(body(command))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_messages_come_back_as_they_were(message: EngineMessage) -> None:
    assert same(decode_message(body(message)), message)
    with pytest.raises(ProtocolError, match="not a command"):
        decode_command(body(message))


@given(arrays(np.float32, array_shapes(min_dims=0, max_dims=8, min_side=0, max_side=3)), st.booleans())
def test_arrays_come_back_to_the_bit(array: Any, turned: bool) -> None:
    array = array.T if turned else array  # not contiguous, where it has two dimensions
    fact = TensorFact(name="x", shape=array.shape, dimensions=(), values=array)
    frame = Frame(request=0, revision=0, status=STATUS, tensors=(fact,))
    found = decode_message(body(frame))
    assert isinstance(found, Frame)
    assert same(found.tensors[0].values, array)


def decoded_or_refused(data: bytes) -> int:
    """Return how many of the two decoders take it; they may raise nothing but ProtocolError."""
    taken = 0
    for decode in (decode_command, decode_message):
        with suppress(ProtocolError):
            decode(data)
            taken += 1
    return taken


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert decoded_or_refused(data) == 0


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
tags = st.sampled_from([each.__struct_config__.tag for each in (*Command.__args__, *EngineMessage.__args__)])


names = st.sampled_from(["look", "number", "status", "seed", "on", "version", "states", "tick", "wanted"])


@given(st.dictionaries(names, json_like), tags)
def test_well_formed_nonsense_raises_nothing_else(values: dict[str, Any], tag: str) -> None:
    decoded_or_refused(msgspec.msgpack.encode({"type": tag, **values}))


@given(st.sampled_from([*COMMANDS, *MESSAGES]), st.data())
def test_what_is_cut_off_is_refused(message: Command | EngineMessage, data: st.DataObject) -> None:
    whole = body(message)
    assert decoded_or_refused(whole) == 1
    assert decoded_or_refused(whole[: data.draw(st.integers(0, len(whole) - 1))]) == 0


@settings(max_examples=examples(400))
@given(st.sampled_from([*COMMANDS, *MESSAGES]), st.data())
def test_flipped_bits_raise_nothing_else(message: Command | EngineMessage, data: st.DataObject) -> None:
    flipped = bytearray(body(message))
    for bit in data.draw(st.lists(st.integers(0, 8 * len(flipped) - 1), min_size=1, max_size=5)):
        flipped[bit // 8] ^= 1 << bit % 8
    decoded_or_refused(bytes(flipped))


@pytest.mark.parametrize(
    "array",
    [
        ("<f8", [1, 2], bytes(16)),
        ("<i4", [1, 2], bytes(8)),
        ("|O", [1], bytes(8)),
        (">f4", [2], bytes(8)),
        ("<f4", [1, 2], bytes(7)),
        ("<f4", [1, 3], bytes(8)),
        ("<f4", [-1, -2], bytes(8)),
        ("<f4", [2.0], bytes(8)),
        ("<f4", [0, 2**63], b""),
        ("<f4", [0, 2**64 - 1], b""),
        ("<f4", [2**40, 2**40, 0], b""),
        ("<f4", [1] * 9, bytes(4)),
        ("<f4", [2], "12345678"),
        ("<f4", 2, bytes(8)),
        (4, [2], bytes(8)),
        ("<f4", [2]),
        [],
        {},
        1.0,
        b"1234",
        "text",
    ],
)
def test_arrays_of_another_type_or_shape_are_refused(array: Any) -> None:
    def frame(values: Any) -> bytes:
        plain = msgspec.msgpack.decode(body(Frame(request=0, revision=0, status=STATUS)))
        plain["tensors"] = [{"name": "x", "shape": [], "dimensions": [], "values": values}]
        return msgspec.msgpack.encode(plain)

    decode_message(frame(("<f4", [1, 2], bytes(8))))  # a right one is taken
    with pytest.raises(ProtocolError, match="not a message"):
        decode_message(frame(array))


@pytest.mark.parametrize("values", [{"speed": -1.0}, {"speed": math.nan}, {"speed": "max"}, {}])
def test_a_speed_is_a_number_from_0(values: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        decode_command(msgspec.msgpack.encode({"type": "SetSpeed", **values}))


def test_deep_nesting_is_refused() -> None:
    for nested in (b"\x91" * 100_000, b"\x81\xa4type" * 50_000):
        assert decoded_or_refused(nested) == 0
    plain = msgspec.msgpack.encode({"type": "Greeting", "version": 1, "torch": ""})
    assert decoded_or_refused(b"\x84" + plain[1:] + b"\xa1x" + b"\x91" * 100_000) == 0


def test_what_is_no_value_does_not_cross() -> None:
    with pytest.raises(TypeError, match="does not cross the seam"):
        pack(Refused(problem=object()))  # type: ignore[arg-type]


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_a_buffer_cuts_any_stream_into_the_same_bodies(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(len(each).to_bytes(4, "big") + each for each in bodies)
    buffer, found = Buffer(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += buffer.feed(stream[:size])
        stream = stream[size:]
    assert found == bodies
    assert buffer.feed(b"") == []


def test_a_buffer_takes_messages_as_packed() -> None:
    assert [decode_command(each) for each in Buffer().feed(b"".join(map(pack, COMMANDS)))] == COMMANDS


def test_an_absurd_length_is_refused_before_it_has_come() -> None:
    assert Buffer().feed(MAX_MESSAGE.to_bytes(4, "big")) == []
    for length in (MAX_MESSAGE + 1, 2**32 - 1):
        with pytest.raises(ProtocolError, match=f"{length:,} bytes"):
            Buffer().feed(length.to_bytes(4, "big"))
    with pytest.raises(ProtocolError):
        Buffer().feed(b"GET / HTTP/1.1\r\n")  # somebody else's protocol
