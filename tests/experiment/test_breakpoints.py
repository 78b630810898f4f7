"""Breakpoints as texts: what is printed is read again, and what is wrong is told in one line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.breakpoints import Breakpoint, needs_learning, parse, parse_all
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

POINTS = st.one_of(
    st.just(Breakpoint(kind="learnt")),
    st.builds(Breakpoint, kind=st.just("loss"), value=st.floats(0, 1e300, exclude_min=True)),
    st.just(Breakpoint(kind="nan")),
    st.builds(Breakpoint, kind=st.sampled_from(["jump", "grad", "ratio"]), value=st.floats(0, 1e300)),
    st.builds(Breakpoint, kind=st.sampled_from(["dead", "saturated"]), value=st.floats(0, 1, exclude_max=True)),
    st.builds(Breakpoint, kind=st.sampled_from(["epoch", "tick"]), value=st.integers(1, 10**15)),
)


@given(POINTS)
def test_what_is_printed_is_read_again(point: Breakpoint) -> None:
    assert parse(str(point)) == point
    assert parse(f"  {point} ") == point
    assert str(parse(str(point))) == str(point)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("learnt", "learnt"),
        ("loss<2.7", "loss<2.7"),
        ("loss < 2.70", "loss<2.7"),
        ("loss<3", "loss<3"),
        ("loss<1e-3", "loss<0.001"),
        ("jump>0", "jump>0"),
        ("jump>-0.0", "jump>0"),
        ("jump>.5", "jump>0.5"),
        ("grad > 1e2", "grad>100"),
        ("ratio>1e-2", "ratio>0.01"),
        ("dead > .5", "dead>0.5"),
        ("saturated>0.90", "saturated>0.9"),
        (" nan", "nan"),
        ("epoch=50", "epoch=50"),
        ("epoch = 007", "epoch=7"),
        ("tick=1000000", "tick=1000000"),
    ],
)
def test_breakpoints_have_one_way_to_be_written(text: str, printed: str) -> None:
    assert str(parse(text)) == printed


WRONG = {
    "": "loss<2.7, jump>0.5, grad>10, ratio>0.1, dead>0.5, saturated>0.9, nan, epoch=50, tick=300 or never",
    "learned": "'learned' is no breakpoint: it must be learnt, ",
    "LOSS<2": "is no breakpoint: it must be learnt, ",
    "loss": "is no breakpoint: it must be learnt, ",
    "never, learnt": "is no breakpoint",
    "loss>2.7": "'loss>2.7' is no breakpoint: it must be loss<NUMBER, as in loss<2.7",
    "jump<1": "it must be jump>NUMBER, as in jump>0.5",
    "epoch>5": "it must be epoch=NUMBER, as in epoch=50",
    "epoch==5": "needs a whole number, as in epoch=50",
    "loss<": "'loss<' needs a number, as in loss<2.7",
    "loss<two": "needs a number",
    "loss<nan": "needs a number",
    "loss<inf": "needs a number",
    "loss<1e999": "needs a number",
    "loss<0": "can never be: no loss is below 0",
    "loss<-1": "can never be: no loss is below 0",
    "jump>-1": "is too small: it must be at least 0",
    "grad<1": "it must be grad>NUMBER, as in grad>10",
    "grad>-1": "is too small: it must be at least 0",
    "grad>nan": "needs a number, as in grad>10",
    "ratio=1": "it must be ratio>NUMBER, as in ratio>0.1",
    "ratio>-1": "is too small: it must be at least 0",
    "dead<0.5": "it must be dead>NUMBER, as in dead>0.5",
    "dead>1": "can never be: it is a share of the units, below 1",
    "dead>-0.1": "is too small: it must be at least 0",
    "saturated>50%": "needs a number, as in saturated>0.9",
    "saturated>1": "can never be: it is a share of the units, below 1",
    "nan>1": "is no breakpoint: it must be learnt, ",
    "epoch=": "needs a whole number, as in epoch=50",
    "epoch=1.5": "needs a whole number",
    "epoch=٣": "needs a whole number",
    "epoch=0": "is out of reach: the epoch must be 1 or more",
    "tick=-1": "needs a whole number, as in tick=300",
    "tick=" + "9" * 20: "is out of reach: the tick must be 1 or more, and at most 1,000,000,000,000,000",
    "tick=" + "9" * 5000: "needs a whole number",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=lambda text: repr(text)[:30])
def test_what_is_wrong_is_told(text: str, said: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert (caught.value.path, caught.value.value) == ("run.until", text)
    assert len(str(caught.value)) < 165


@given(st.text() | st.from_regex(r"(loss|jump|epoch|tick) ?[<>=] ?[-+\d.einfx]{0,6}", fullmatch=True))
def test_any_text_is_a_breakpoint_or_refused(text: str) -> None:
    try:
        point = parse(text)
    except ExperimentError:
        return
    assert parse(str(point)) == point
    assert math.isfinite(point.value)


def test_never_names_none_and_each_counts_once() -> None:
    assert parse_all(("never", " never ")) == ()
    assert [str(each) for each in parse_all(("epoch=5", "learnt", "epoch = 5"))] == ["epoch=5", "learnt"]


@pytest.mark.parametrize("text", ["learnt", "loss<1", "jump>1", "grad>1", "nan", "epoch=1", "tick=1"])
def test_what_learns_nothing_cannot_come_to_a_loss(text: str) -> None:
    values = to_dict(LESSONS["hello"])
    values["run"]["until"] = [text]
    if needs_learning(text):
        with pytest.raises(ExperimentError, match="never comes without learning: it must be epoch=N or tick=N"):
            from_dict(values)
    else:
        assert from_dict(values).run.until == (text,)


def test_an_experiment_holds_them_as_they_are_printed() -> None:
    values = to_dict(LESSONS["hihello"])
    values["run"]["until"] = ["loss < 2.70", "never", "learnt", "loss<2.7"]
    assert from_dict(values).run.until == ("loss<2.7", "learnt")


def test_lessons_that_learn_pause_when_they_have_learnt() -> None:
    for lesson in LESSONS.values():
        same_batch = lesson.training.learn and not lesson.data.file  # in every pass
        assert lesson.run.until == (("learnt",) if same_batch else ())
        assert from_dict(to_dict(lesson)) == lesson
