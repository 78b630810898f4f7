"""Well-formed commands and looks with absurd values: refused or cut to size, and the run goes on as it was."""

import math
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.pace import Pace
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.commands import Open, Play, SetSpeed, SlowMotion, Step
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts
from tests.engine.driven import Driven
from tests.examples import examples

WILD = [0, -1, 2**31, 2**63 - 1, 2**64 - 1, -(2**63), 10**7]
HIHELLO = LESSONS["hihello-lstm"]
FULL = Wanted(count=6, top=3, units=4, layers=(0, 9), tensors=True, forecast=9, curve=CurveWanted(columns=50))


@pytest.fixture
def driver() -> Driven:
    return held()


def held() -> Driven:
    """A run after its first pass."""
    it = Driven()
    obey(it, Open(experiment=HIHELLO, play=False))
    obey(it, Step())
    return it


# ---- commands ----


@pytest.mark.parametrize("rate", [math.nan, math.inf])
@pytest.mark.parametrize("kind", ["speed", "slow motion"])
def test_a_speed_that_is_no_number_is_refused_and_the_one_before_stays(driver: Driven, kind: str, rate: float) -> None:
    obey(driver, SetSpeed(speed=4.0))
    with pytest.raises(ExperimentError, match="is not a finite number"):
        obey(driver, SetSpeed(speed=rate) if kind == "speed" else SlowMotion(on=True, pace=rate))
    obey(driver, Play(on=True))
    assert driver.frames.frame(Wanted()).status.speed == 4.0
    assert 0 < (driver.patience() or 0.0) <= 0.25


@pytest.mark.parametrize("speed", [5e-324, 1e-300, 1e-9])
def test_however_slow_it_is_what_is_waited_for_is_a_time_that_poll_takes(speed: float) -> None:
    """Milliseconds as an int: longer waits ended the engine."""
    pace = Pace()
    pace.speed = speed
    pace.begin()
    assert not pace.is_due
    assert 0 < pace.wait() * 1000 < 2**31


@pytest.mark.parametrize(
    ("section", "values", "path"),
    [
        ("data", {"inputs": (), "targets": ()}, "data.inputs"),
        ("data", {"inputs": ("",), "targets": ("",)}, "data.inputs"),
        ("run", {"speed": math.nan}, "run.speed"),
        ("network", {"hidden_size": -1}, "network.hidden_size"),
        ("network", {"layers": 2**63}, "network.layers"),
        ("training", {"epochs": -5}, "training.epochs"),
    ],
)
def test_an_experiment_that_cannot_be_is_refused_and_the_run_before_goes_on(
    driver: Driven, section: str, values: dict[str, Any], path: str
) -> None:
    before = driver.session
    wrong = replace(HIHELLO, **{section: replace(getattr(HIHELLO, section), **values)})
    with pytest.raises(ExperimentError) as error:
        obey(driver, Open(experiment=wrong))
    assert error.value.path == path
    assert driver.session is before
    obey(driver, Step())
    assert driver.frames.frame(Wanted()).status.tick == 2


# ---- looks ----


def asks() -> st.SearchStrategy[Any]:
    """Any ask that the seam lets through, with numbers far from every network."""

    def of(kind: Any) -> st.SearchStrategy[Any]:
        fields = {}
        for each in msgspec.structs.fields(kind):
            usual = st.just(each.default if each.default is not msgspec.NODEFAULT else 0)
            fields[each.name] = usual | st.sampled_from([3, *WILD]) if "int" in str(each.type) else usual
        return st.fixed_dictionaries(fields).map(lambda values: as_it_comes(kind, values)).filter(bool)

    return st.one_of([of(kind) for kind in get_args(Ask)])


def as_it_comes(kind: Any, values: dict[str, Any]) -> Any:
    """The ask, or None where the seam refuses it."""
    try:
        return msgspec.convert({"type": kind.__name__, **values}, kind)
    except msgspec.ValidationError:
        return None


DRIVER = held()


@settings(max_examples=examples(150))
@given(
    st.lists(asks(), max_size=2), st.sampled_from(["row", "first", "count", "top", "units", "forecast", "curve"]),
    st.sampled_from(WILD), st.sampled_from(WILD), st.sampled_from(WILD),
)  # fmt: skip
def test_no_look_is_too_wild_for_a_frame(inside: list[Any], field: str, number: int, layer: int, layers: int) -> None:
    value = CurveWanted(columns=number) if field == "curve" else number
    wanted = replace(FULL, inside=tuple(inside), layers=(layer, layers), **{field: value})
    assert not DRIVER.frames.frame(wanted).failures


def test_a_histogram_has_no_more_bins_than_a_screen(driver: Driven) -> None:
    (found,) = driver.frames.frame(replace(FULL, inside=(WeightsAsk(matrices=1, bins=2**31),))).inside
    assert isinstance(found, WeightsFacts)
    counts = found.matrices[0].counts
    assert counts is not None
    assert len(counts) == 1000
    assert counts.sum() == math.prod(found.matrices[0].shape)


def test_of_asks_without_end_the_first_are_answered(driver: Driven) -> None:
    asked = tuple(CellAsk(step=0, unit=number % 5) for number in range(20_000))
    frame = driver.frames.frame(replace(FULL, inside=asked))
    assert len(frame.inside) == 32
    assert not frame.failures
