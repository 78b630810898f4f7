"""Data that need no file: a table of names, each of which makes what it says, from the seed alone."""

import pytest

from rnn_tui.data.builtin import built_in_pairs, built_in_series, built_in_text, seed_of
from rnn_tui.data.load import load
from rnn_tui.experiment.built_in import BUILT_INS, BuiltIn
from rnn_tui.experiment.hash import is_made_up
from rnn_tui.experiment.spec import BUILT_IN, ExperimentError
from rnn_tui.experiment.validate import from_dict


def files(each: BuiltIn) -> list[str]:
    name = BUILT_IN + each.name
    return [name, f"{name}:1", f"{name}:{each.size + 1}"] if each.size else [name]


def as_lists(file: str, seed: int) -> dict[str, list[float]]:
    """The columns of a series, which can be compared."""
    made = built_in_series(file, seed)
    assert made is not None
    return {name: values.tolist() for name, values in made.items()}


@pytest.mark.parametrize("each", BUILT_INS.values(), ids=BUILT_INS)
def test_each_is_made_from_the_seed_alone(each: BuiltIn) -> None:
    make = {"text": built_in_text, "pairs": built_in_pairs, "series": as_lists}[each.kind]
    for file in files(each):
        made = make(file, 3)
        assert made
        assert made == make(file, 3)
        assert (made != make(file, 4)) == each.of_seed or file.endswith(":1")


@pytest.mark.parametrize("each", BUILT_INS.values(), ids=BUILT_INS)
def test_each_can_be_learnt_and_is_known_by_its_name(each: BuiltIn) -> None:
    values: dict[str, object] = {"inputs": [], each.kind: BUILT_IN + each.name, "task": each.task}
    values |= {"batch": 2, "length": 0 if each.kind == "pairs" else each.size or 8}
    if each.kind == "series":
        values["column"] = ["1"]
    experiment = from_dict({"data": values, "network": {"head": "linear"}})
    assert is_made_up(experiment)
    assert seed_of(experiment.data, 7) == (7 if each.of_seed else 0)
    loaded = load(experiment)
    assert len(loaded.experiment.vocabulary) > 1 or each.kind == "series"
    assert loaded.given == experiment  # what is found in the data is not kept


TEXTS = ("builtin:words", "builtin:python-source", "builtin:reber", "builtin:brackets")


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        ({"pairs": "builtin:sum"}, "data.pairs", "no such built-in data; nearest: builtin:sums"),
        ({"text": "builtin:qqqq"}, "data.text", "no such built-in data; nearest: " + ", ".join(TEXTS)),
        ({"pairs": "builtin:words"}, "data.pairs", "is text: give it as --text"),
        ({"text": "builtin:words:5"}, "data.text", "has no size: it must be builtin:words"),
        ({"pairs": "builtin:sums"}, "data.task", "many-to-many does not fit builtin:sums: it must be one-to-many"),
    ],
)
def test_another_name_is_refused(data: dict[str, object], path: str, problem: str) -> None:
    with pytest.raises(ExperimentError) as error:
        from_dict({"data": {"inputs": []} | data})
    assert str(error.value) == problem
    assert error.value.path == path


def test_adding_marks_a_number_in_each_half_and_sums_them() -> None:
    made = built_in_series("builtin:adding:30", 5)
    assert made is not None
    value, marker, total = (made[name].reshape(5000, 30) for name in ("value", "marker", "sum"))
    assert ((marker == 0) | (marker == 1)).all()
    assert (marker[:, :15].sum(1) == 1).all()
    assert (marker[:, 15:].sum(1) == 1).all()
    for at in range(0, 5000, 500):
        first, second = (step for step in range(30) if marker[at, step] == 1)
        assert total[at, -1] == pytest.approx(value[at, first] + value[at, second])
    assert 0 <= value.min() < 0.01
    assert 0.99 < value.max() < 1
    assert ((total[:, -1] - 1) ** 2).mean() == pytest.approx(2 / 12, rel=0.05)


def test_flip_flop_holds_the_sign_of_the_last_pulse() -> None:
    made = built_in_series("builtin:flip-flop:20", 5)
    assert made is not None
    assert len(made) == 6
    for bit in (1, 2, 3):
        pulses, held = made[f"in{bit}"].tolist(), made[f"bit{bit}"].tolist()
        now = 0.0
        for at, pulse in enumerate(pulses):
            if at % 20 == 0:
                assert pulse in (-1, 1)
            now = pulse or now
            assert held[at] == now
        assert 0.08 < sum(map(bool, pulses)) / len(pulses) - 0.05 * 0.9 < 0.12


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        ({"length": 40}, "data.length", "40 cuts the sequences of builtin:adding: it must be 50"),
        ({"targets": ["total"]}, "data.targets", "there are 'value', 'marker', 'sum'"),
        ({"column": []}, "data.series", "has 3 columns: say which with --column"),
    ],
)
def test_what_does_not_fit_a_made_up_series_is_refused(data: dict[str, object], path: str, problem: str) -> None:
    values = {"series": "builtin:adding", "column": ["value", "marker"], "targets": ["sum"], "length": 50} | data
    with pytest.raises(ExperimentError) as error:
        load(from_dict({"data": values, "network": {"head": "linear"}}))
    assert error.value.path == path
    assert problem in str(error.value)
