"""Every setting is declared once, and what its declaration says of it is so."""

import re
from contextlib import suppress
from itertools import product
from typing import Any

import msgspec
import pytest

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.experiment.setting import Setting, settings_of
from rnn_tui.experiment.settings import SETTINGS, optimizer_state
from rnn_tui.experiment.spec import Experiment, Training
from rnn_tui.experiment.validate import from_dict

SETS = pytest.mark.parametrize("each", SETTINGS, ids=lambda each: each.path)
TEXTS = ("", "a", "abcdefg", "utf-16", "some.csv")


_KINDS = ("adamw", "sgd", "rmsprop")
BASES = (*LESSONS.values(), *(from_dict({"training": {"optimizer": each}}) for each in _KINDS))


def others(each: Setting) -> list[Any]:
    """Some values of a setting, whether they fit together with the rest or not."""
    if each.choices:
        return list(each.choices)
    values: dict[type, list[Any]] = {
        bool: [False, True],
        int: [int(each.minimum or 0), int(each.minimum or 0) + 1, 30],
        float: [0.0, 0.1, 0.5],
        str: list(TEXTS),
        tuple: [("ab",), ("abcdefghi", "abcdefghi")],
    }
    return values[each.kind]


def with_value(experiment: Experiment, each: Setting, value: Any) -> Experiment:
    section = msgspec.structs.replace(getattr(experiment, each.section), **{each.name: value})
    return msgspec.structs.replace(experiment, **{each.section: section})


@SETS
def test_the_memory_estimate_depends_on_a_setting_exactly_where_it_says_so(each: Setting) -> None:
    matters = False
    for base in BASES:
        found = set()
        for value in others(each):
            with suppress(ValueError):  # without a file and without rows nothing has a size
                found.add(memory_bytes(with_value(base, each, value)))
        matters |= len(found) > 1
    assert matters == each.memory


@SETS
def test_a_setting_says_since_which_version_there_is_one(each: Setting) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", each.since)


@SETS
def test_a_value_is_read_as_it_is_written(each: Setting) -> None:
    for value in (*others(each), each.default):
        if each.kind not in (bool, tuple):
            assert each.parse(each.format(value)) == value


@SETS
def test_its_default_has_a_use_and_fits_its_range(each: Setting) -> None:
    if each.kind in (int, float):
        assert not each.range_problem(each.default)
    assert each.option.startswith("--")
    assert each.about
    assert type(each.default) is each.kind


def test_only_what_belongs_to_training_may_change_on_the_way() -> None:
    assert {each.section for each in SETTINGS if each.fork} == {"training"}
    assert {each.section for each in SETTINGS if each.resume} == {"training", "run"}
    rows = [each.fork for each in SETTINGS if each.fork > 0]
    assert len(rows) == len(set(rows))


def test_what_an_optimizer_keeps_is_what_torch_keeps() -> None:
    import torch

    from rnn_tui.engine.training.optimizers import build_optimizer

    for name, lr, momentum in product(("adam", *_KINDS), (0.1, 0.5), (0.0, 0.9)):
        training = Training(optimizer=name, lr=lr, momentum=momentum)  # type: ignore[arg-type]
        weight = torch.nn.Parameter(torch.ones(3, 4))
        optimizer = build_optimizer(training, [weight])
        weight.grad = torch.ones(3, 4)
        optimizer.step()
        assert set(optimizer_state(training)) == set(optimizer.state[weight])
        assert all(tensor.shape == ((3, 4) if key != "step" else ()) for key, tensor in optimizer.state[weight].items())


def test_a_field_without_a_declaration_is_refused() -> None:
    class Odd(msgspec.Struct):
        size: int = 3

    with pytest.raises(TypeError, match=r"odd\.size has no declaration"):
        settings_of(Odd, "odd")


@pytest.mark.parametrize("layers", [2, 5])
@pytest.mark.parametrize("both", [False, True])
def test_dropout_takes_a_mask_and_a_masked_state_between_two_layers(layers: int, both: bool) -> None:
    lesson = LESSONS["three-words"]
    network = msgspec.structs.replace(lesson.network, layers=layers, bidirectional=both, hidden_size=7)
    without = msgspec.structs.replace(lesson, network=network)
    with_it = msgspec.structs.replace(lesson, network=msgspec.structs.replace(network, dropout=0.5))
    more = memory_bytes(with_it) - memory_bytes(without)
    states = 5 * 3 * 7 * (2 if both else 1)  # of one layer: time steps, rows, units
    assert 2 * 4 * (layers - 1) * states <= more <= 2 * 4 * layers * states
