"""Data that need no file: a table of names, each of which makes what it says, from the seed alone."""

import pytest

from rnn_tui.data.builtin import built_in_pairs, built_in_text, seed_of
from rnn_tui.data.load import load
from rnn_tui.experiment.built_in import BUILT_INS, BuiltIn
from rnn_tui.experiment.hash import is_made_up
from rnn_tui.experiment.spec import BUILT_IN, ExperimentError
from rnn_tui.experiment.validate import from_dict


def files(each: BuiltIn) -> list[str]:
    name = BUILT_IN + each.name
    return [name, f"{name}:1", f"{name}:{each.size + 1}"] if each.size else [name]


@pytest.mark.parametrize("each", BUILT_INS.values(), ids=BUILT_INS)
def test_each_is_made_from_the_seed_alone(each: BuiltIn) -> None:
    make = built_in_text if each.kind == "text" else built_in_pairs
    for file in files(each):
        made = make(file, 3)
        assert made
        assert made == make(file, 3)
        assert (made != make(file, 4)) == each.of_seed or file.endswith(":1")


@pytest.mark.parametrize("each", BUILT_INS.values(), ids=BUILT_INS)
def test_each_can_be_learnt_and_is_known_by_its_name(each: BuiltIn) -> None:
    values: dict[str, object] = {"inputs": [], each.kind: BUILT_IN + each.name, "task": each.task}
    values |= {"batch": 2, "length": 0 if each.kind == "pairs" else 8}
    experiment = from_dict({"data": values, "network": {"head": "linear"}})
    assert is_made_up(experiment)
    assert seed_of(experiment.data, 7) == (7 if each.of_seed else 0)
    loaded = load(experiment)
    assert len(loaded.experiment.vocabulary) > 1
    assert loaded.given == experiment  # what is found in the data is not kept


@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [
        ({"pairs": "builtin:sum"}, "data.pairs", "no such built-in data; nearest: builtin:sums"),
        ({"text": "builtin:qqqq"}, "data.text", "no such built-in data; nearest: builtin:words, builtin:python-source"),
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
