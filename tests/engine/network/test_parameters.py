"""The tensors of weights, from the description alone: as the model has them."""

import torch
from hypothesis import given, settings

from rnn_tui.data.load import load
from rnn_tui.engine.network.model import Model
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from tests.engine.answers.test_probe import experiments
from tests.examples import examples


def of_model(experiment: Experiment) -> list[tuple[str, tuple[int, ...]]]:
    with torch.device("meta"):
        named = Model(experiment).named_parameters()
    return [(name.removeprefix("recurrent."), tuple(weight.shape)) for name, weight in named]


@settings(max_examples=examples(60), deadline=None)
@given(experiments())
def test_names_and_shapes_are_those_of_the_model(experiment: Experiment) -> None:
    assert list(parameter_shapes(experiment)) == of_model(experiment)


def test_of_every_lesson() -> None:
    for lesson in map(load, LESSONS.values()):
        assert list(parameter_shapes(lesson.experiment)) == of_model(lesson.experiment)
