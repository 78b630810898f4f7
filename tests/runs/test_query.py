"""Conditions and orders of a list of runs, against plain Python; and any text at all."""

import math
import operator
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Training
from rnn_tui.runs.annotations import Annotations
from rnn_tui.runs.facts import RunFacts, differing, values_of
from rnn_tui.runs.query import FACTS, QueryError, parse_condition, parse_order

OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
numbers = st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 12.0, -3.0, 1e9])


def facts(**known: object) -> RunFacts:
    """A run, with some settings by their names and some facts by theirs."""
    network = {name: known.pop(name) for name in Network.__struct_fields__ if name in known}
    training = Training(**{name: known.pop(name) for name in Training.__struct_fields__ if name in known})  # type: ignore[arg-type]
    experiment = Experiment(name="x", network=Network(**network), training=training)  # type: ignore[arg-type]
    return RunFacts(**{"name": "run", "experiment": experiment, "trainings": (training,)} | known)  # type: ignore[arg-type]


def fits(text: str, run: RunFacts) -> bool:
    return parse_condition(text).fits(run)


@given(loss=numbers, lr=st.sampled_from([0.001, 0.01, 0.1]), value=numbers, sign=st.sampled_from([*OPERATORS]))
def test_numbers_are_compared_as_numbers(loss: float, lr: float, value: float, sign: str) -> None:
    run = facts(loss=loss, lr=lr)
    assert fits(f"loss{sign}{value}", run) == OPERATORS[sign](loss, value)
    assert fits(f" lr {sign} {value!r} ", run) == OPERATORS[sign](lr, value)


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("cell=lstm", True),
        ("network.cell=lstm", True),
        ("cell!=lstm", False),
        ("cell=gru", False),
        ("hidden=8", True),
        ("hidden_size=8", True),
        ("hidden-size<8", False),
        ("bidirectional=yes", True),
        ("bidirectional=no", False),
        ("tag=good", True),
        ("tags=goo", False),
        ("tag!=bad", True),
        ("tag~GOO", True),
        ("name~2026", True),
        ("name=hihello", False),
        ("note~first", True),
        ("note~second", False),
        ("note=", False),
        ("held-out<2", True),
        ("held_out>=2", False),
        ("best<9", False),  # not known
        ("best!=9", True),
        ("loss<9", False),  # no number
        ("when=2026-01", True),
        ("when>=2026-01-31", True),
        ("when>2026-01-31", False),
        ("when<2026-01-31 14:01", True),
        ("state=kept", True),
    ],
)
def test_what_fits(text: str, fitting: bool) -> None:
    run = facts(
        name="hihello-2026",
        cell="lstm",
        hidden_size=8,
        bidirectional=True,
        loss=math.nan,
        held_out=1.5,
        changed=time.mktime((2026, 1, 31, 14, 0, 0, 0, 0, -1)),
        annotations=Annotations(note="the First", tags=("good", "slow")),
    )
    assert fits(text, run) == fitting


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'': must be a name, =, !=, <, <=, >, >= or ~, and a value, as in 'loss<0.5' or cell=lstm"),
        ("loss", "loss: must be a name"),
        ("=3", "=3: must be a name"),
        ("los<3", "los<3: nothing is called los; nearest: loss"),
        ("qqq=3", "qqq=3: nothing is called qqq; it must be a setting, or name, experiment,"),
        ("loss<x", "loss<x: x is not a number"),
        ("loss<nan", "loss<nan: nan is not a number"),
        ("hidden=1.5", "hidden=1.5: 1.5 is not a whole number"),
        ("cell=foo", "cell=foo: foo is not rnn, rnn-relu, gru, lstm, "),
        ("cell<lstm", "cell<lstm: cell has no order: use = or !="),
        ("note<x", "note<x: note has no order: use =, != or ~"),
        ("lr~0", "lr~0: ~ looks into texts, and lr is none: use = or !="),
        ("when=today", "when=today: today is not a date, as in 2026-01-31 or '2026-01-31 14:00'"),
        ("x" * 2000 + "=1", "x" * 47 + "…: must be a name"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(QueryError) as found:
        parse_condition(text)
    assert str(found.value).startswith(problem)


@given(
    text=st.one_of(
        st.text(max_size=40),
        st.builds(
            "{}{}{}".format,
            st.sampled_from([*FACTS, *(each.name for each in SETTINGS)]),
            st.sampled_from([*OPERATORS, "~", "==", "=<"]),
            st.one_of(st.text(max_size=12), st.integers().map(str), st.floats().map(str)),
        ),
    )
)
def test_any_text_is_a_condition_or_is_refused_in_a_line(text: str) -> None:
    problems = []
    for run in (facts(loss=1.0), RunFacts(name="unreadable")):
        try:
            assert parse_condition(text).fits(run) in (True, False)
        except QueryError as error:
            problems.append(str(error))
        try:
            assert parse_order(text).sort([run, run], lambda each: each) == [run, run]
        except QueryError as error:
            problems.append(str(error))
    assert all("\n" not in each and len(each) < 400 for each in problems)


@given(losses=st.lists(st.one_of(st.none(), st.just(math.nan), numbers), max_size=8), down=st.booleans())
def test_the_unknown_stands_last_in_either_order(losses: list[float | None], down: bool) -> None:
    runs = [facts(loss=each, name=str(number)) for number, each in enumerate(losses)]
    order = parse_order("-loss" if down else "loss").sort(runs, lambda each: each)
    known = [run.loss for run in order if run.loss is not None and not math.isnan(run.loss)]
    assert known == sorted(known, reverse=down)
    assert [run.loss for run in order[: len(known)]] == known
    equal = [int(run.name) for run in order[len(known) :]]
    assert equal == sorted(equal)


def test_runs_differ_in_their_settings_now_or_before() -> None:
    first, second = facts(lr=0.1, cell="gru"), facts(lr=0.1, cell="lstm")
    assert [each.path for each in differing([first, second])] == ["network.cell"]
    assert differing([first, first]) == differing([first]) == differing([]) == ()
    forked = replace(first, trainings=(*first.trainings, Training(lr=0.01), Training(lr=0.01, clip=1.0)))
    lr, clip = (each for each in SETTINGS if each.name in ("lr", "clip"))
    assert [each.path for each in differing([first, forked])] == ["training.lr", "training.clip"]
    assert (values_of(forked, lr), values_of(forked, clip)) == ((0.1, 0.01), (0.0, 1.0))
    assert first.experiment is not None
    watched = replace(first.experiment, run=RunOptions(speed=9.0))
    assert differing([first, replace(first, experiment=watched)]) == ()
    assert differing([first, RunFacts(name="unreadable")]) == ()
    assert [each.path for each in differing([first, facts(cell="gru", experiment=Experiment(data=Data(batch=7)))])] == [
        "data.batch",
        "network.cell",
    ]
