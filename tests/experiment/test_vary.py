"""`--vary`: what is written is what varies, and what cannot vary is refused in one line."""

import math
from itertools import pairwise
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.experiment.comparison import MOST_MEMBERS, Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.vary import (
    VaryError,
    comparison_of,
    parse_varied,
    seeds_from,
    short_name,
    vary_text,
    why_alike,
)

READ = {
    "cell=rnn,gru,lstm": ("network.cell", ("rnn", "gru", "lstm"), False),
    "cell": ("network.cell", setting("network.cell").choices, False),
    "bidirectional": ("network.bidirectional", (False, True), False),
    "bidirectional = yes": ("network.bidirectional", (True,), False),
    "hidden=2..6": ("network.hidden_size", (2, 3, 4, 5, 6), False),
    "hidden_size=2..16:4": ("network.hidden_size", (2, 4, 8, 16), True),
    "network.hidden_size=16,4": ("network.hidden_size", (16, 4), True),
    "hidden=2..5:4": ("network.hidden_size", (2, 3, 4, 5), True),
    "layers=1..9:3": ("network.layers", (1, 5, 9), False),
    "lr=0.001..1:4": ("training.lr", (0.001, 0.01, 0.1, 1.0), True),
    "lr=1e-4..1:3": ("training.lr", (0.0001, 0.01, 1.0), True),
    "weight-decay=0,0.1..10:3": ("training.weight_decay", (0.0, 0.1, 1.0, 10.0), False),
    "dropout=0..0.5:6": ("network.dropout", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5), False),
    "seed=3,5": ("training.seed", (3, 5), False),
    "seed=7..7": ("training.seed", (7,), False),
    "--optimizer=sgd,adam": ("training.optimizer", ("sgd", "adam"), False),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_written_is_what_varies(text: str) -> None:
    varied = parse_varied(text)
    assert (varied.path, varied.values, varied.logarithmic) == READ[text]
    assert parse_varied(vary_text(varied)).values == varied.values


REFUSED = {
    "lrr=0.1": "lrr: no such setting; nearest: lr",
    "": "'': no such setting; as in lr=0.001..1:24 or cell=rnn,gru,lstm",
    "lr": "lr: lacks its values: it must be like lr=0.001..1:24",
    "lr=": "lr=: lacks a value: it must be like lr=0.001..1:24",
    "hidden=2,,4": "hidden=2,,4: lacks a value: it must be like hidden=2..16 or hidden=2..16:4",
    "lr=1..0.001:24": "lr=1..0.001:24: is upside down: it must be lr=0.001..1:24",
    "hidden=16..2": "hidden=16..2: is upside down: it must be hidden=2..16",
    "lr=0.001..1": "lr=0.001..1: lacks how many values: it must be like lr=0.001..1:24",
    "lr=0..1:5": "lr=0..1:5: 0 is too small: it must be above 0",
    "weight-decay=0..1:5": "weight-decay=0..1:5: its values are spaced by a factor, so it cannot begin at 0: it must "
    "be like weight-decay=0.001..1:24, or a list",
    "lr=0.1..0.1:2": "lr=0.1..0.1:2: 2 values are too many: there is one number only",
    "hidden=2..4:9": "hidden=2..4:9: 9 values are too many: there are only 3 whole numbers",
    "hidden=2..4:x": "hidden=2..4:x: x after the colon must be a whole number from 2 to 4,096, the number of values",
    "hidden=1..100000": "hidden=1..100000: has 100,000 values, and at most 4,096 networks can be compared; "
    "hidden=1..100000:16 takes 16 of them",
    "hidden=2.5": "hidden=2.5: 2.5 is not a whole number",
    "hidden=0..4": "hidden=0..4: 0 is too small: it must be at least 1",
    "cell=rnn,gur": f"cell=rnn,gur: gur is not {setting('network.cell').wanted}",
    "cell=rnn..lstm": f"cell=rnn..lstm: rnn..lstm is not {setting('network.cell').wanted}",
    "lr=0.1,1e-1": "lr=0.1,1e-1: has 0.1 twice",
    "lr=nan": "lr=nan: nan is not a finite number",
    "bidirectional=maybe": "bidirectional=maybe: maybe is not true or false",
    "device=cpu,cuda": "device=cpu,cuda: device cannot vary: it decides where and how fast they run, and no number",
    "threads=1,2": "threads=1,2: threads cannot vary: it decides where and how fast they run, and no number",
    "tick=character,sequence": "tick=character,sequence: tick cannot vary: it changes how a run is watched, "
    "and no loss",
    "input=a,b": "input=a,b: input cannot vary: the networks learn the same data, or their losses could not be "
    "compared",
    "gap=3,20": "gap=3,20: gap cannot vary: the networks learn the same data, or their losses could not be compared",
    "\x1b[31m=1": "␛[31m: no such setting; as in lr=0.001..1:24 or cell=rnn,gru,lstm",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_vary_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(VaryError) as caught:
        parse_varied(text)
    assert str(caught.value) == REFUSED[text]


_NAMES = st.sampled_from(("lr=", "hidden=", "cell=", "seed=", "dropout=", "clip="))


@given(st.text(max_size=40) | st.builds(add, _NAMES, st.text("-0123456789.,:e", max_size=20)))
def test_any_text_is_read_or_refused_in_a_printable_line(text: str) -> None:
    try:
        varied, problem = parse_varied(text), ""
    except VaryError as error:
        varied, problem = None, str(error)
    if varied is None:
        assert problem
        assert problem.isprintable()
        return
    assert 1 <= len(set(varied.values)) == len(varied.values)
    its = setting(varied.path)
    assert all(its.kind is str or its.kind is bool or not its.range_problem(value) for value in varied.values)
    assert parse_varied(vary_text(varied)).values == varied.values


@given(
    st.floats(1e-6, 1e5, allow_nan=False), st.floats(1.001, 1e6), st.integers(2, 60), st.sampled_from(["lr", "dropout"])
)
def test_values_of_a_range_are_evenly_spaced(low: float, factor: float, count: int, name: str) -> None:
    """By a factor, or by a difference; to a tenth of it, since they are rounded to few digits."""
    high = min(low * factor, 1e6)
    if name == "dropout":
        low, high = 0.9 * low / 1e5, 0.9 * low / 1e5 + 0.05
    values = parse_varied(f"{name}={low!r}..{high!r}:{count}").values
    place = [math.log(value) if name == "lr" else value for value in values]
    step = (place[-1] - place[0]) / (count - 1)
    assert (len(values), values[0], values[-1]) == (count, low, high)
    for before, after in pairwise(place):
        assert abs(after - before - step) <= 0.11 * step


@given(st.integers(1, 300), st.integers(1, 4000), st.data())
def test_whole_numbers_of_a_range_ascend_between_its_ends(low: int, room: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, min(room + 1, 200)))
    for name in ("hidden", "layers"):
        values = parse_varied(f"{name}={low}..{low + room}:{count}").values
        assert list(values) == sorted(set(values))
        assert (len(values), values[0], values[-1]) == (count, low, low + room)


def test_few_digits_are_enough() -> None:
    values = parse_varied("lr=0.001..1:24").values
    assert values[:4] == (0.001, 0.00135, 0.00182, 0.00246)
    assert max(len(f"{value}") for value in values) <= 7


def test_seeds_count_up_from_that_of_the_experiment() -> None:
    assert seeds_from(LESSONS["hihello"], 3).values == (4, 5, 6)
    for count in (0, MOST_MEMBERS + 1):
        with pytest.raises(VaryError, match="must be from 1 to 4,096"):
            seeds_from(LESSONS["hihello"], count)
    last = replace(LESSONS["hihello"], training=replace(LESSONS["hihello"].training, seed=2**63 - 2))
    with pytest.raises(VaryError, match="the largest is"):
        seeds_from(last, 3)


COMPARED = {
    ((), None): "nothing varies: --seeds 64 compares 64 seeds, and --vary lr=0.001..1:24 learning rates",
    (("lr=1,2", "lr=3"), None): "lr: varies twice: give all of its values at once",
    (("seed=1,2",), 4): "--seeds 4: the seeds are given already, as seed=…: give one of them",
    (("cell=rnn,gru,lstm", "lr=0.001..1:24", "hidden=2..16"), 8): "8,640 networks are too many (3 cell × 24 lr × 15 "
    "hidden × 8 seed): at most 4,096",
}


@pytest.mark.parametrize(("texts", "seeds"), COMPARED)
def test_what_cannot_be_compared_is_refused(texts: tuple[str, ...], seeds: int | None) -> None:
    with pytest.raises(VaryError) as caught:
        comparison_of(LESSONS["hihello"], map(parse_varied, texts), seeds)
    assert str(caught.value) == COMPARED[texts, seeds]


def test_what_learns_nothing_is_not_compared() -> None:
    with pytest.raises(VaryError, match="three-words: learns nothing"):
        comparison_of(LESSONS["three-words"], (), 3)


def test_seeds_vary_last() -> None:
    comparison = comparison_of(LESSONS["spell"], [parse_varied("cell=rnn,gru")], 3)
    assert [(each.network.cell, each.training.seed) for each in map(comparison.experiment, range(6))] == [
        ("rnn", 0),
        ("rnn", 1),
        ("rnn", 2),
        ("gru", 0),
        ("gru", 1),
        ("gru", 2),
    ]


@pytest.mark.parametrize("each", [each for each in SETTINGS if not why_alike(each)], ids=lambda each: each.path)
def test_every_setting_that_may_vary_is_read_back(each: object) -> None:
    its = setting(getattr(each, "path", ""))
    values: tuple[object, ...] = its.choices or {bool: (False, True), int: (1, 3), float: (0.25, 0.5)}[its.kind]
    varied = Varied(path=its.path, values=values)
    assert parse_varied(vary_text(varied)).values == values
    assert vary_text(varied).startswith(f"{short_name(its)}=")


def test_what_is_read_is_alike_and_what_divides_it_may_vary() -> None:
    may = {each.path for each in SETTINGS if each.section == "data" and not why_alike(each)}
    assert may == {"data.batch", "data.length", "data.stateful"}


@given(
    st.lists(
        st.sampled_from(
            [
                Varied(path="training.lr", values=(0.1, 1, 0.01)),
                Varied(path="training.clip", values=(0.0, 1.0)),
                Varied(path="training.weight_decay", values=(0.0, -1.0)),
                Varied(path="training.seed", values=(3, 5, 2**63 - 1)),
                Varied(path="training.seed", values=(3, -1)),
                Varied(path="network.cell", values=("rnn", "lstm")),
                Varied(path="network.hidden_size", values=(5, 8)),
                Varied(path="network.dropout", values=(0.0, 0.2)),
                Varied(path="network.layers", values=(1, 2)),
                Varied(path="network.head", values=("direct", "linear")),
                Varied(path="training.schedule", values=("constant", "cosine")),
                Varied(path="training.epochs", values=(0, 10)),
            ]
        ),
        max_size=4,
        unique_by=lambda each: each.path,
    )
)
def test_members_made_at_once_are_those_made_one_by_one(varied: list[Varied]) -> None:
    """Also where one of them cannot be: the same one, for the same reason."""
    comparison = Comparison(base=LESSONS["hihello"], varied=tuple(varied))
    one_by_one: list[Experiment] = []
    problem = ""
    try:
        one_by_one.extend(map(comparison.experiment, range(comparison.members)))
    except ExperimentError as error:
        problem = f"{error.path} {error}"
    at_once: list[Experiment] = []
    found = ""
    try:
        at_once.extend(comparison.experiments())
    except ExperimentError as error:
        found = f"{error.path} {error}"
    assert (at_once, found) == (one_by_one, problem)
    assert [type(each.training.lr) for each in at_once] == [float] * len(at_once)
