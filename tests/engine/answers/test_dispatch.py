"""What panes ask is answered in their order, at the step that they mean, and nothing is computed that nobody asks."""

from importlib import import_module
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnn_tui.data.load import load
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.inspect import recompute
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import ASKS as KINDS
from rnn_tui.protocol.inspect import Ask, name_of, name_of_answer
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts

SOME: tuple[Ask, ...] = (
    SaliencyAsk(step=-1),
    SpaceAsk(),
    WeightsAsk(),
    GradientsAsk(at=-1),
    GatesAsk(),
    CellAsk(step=-1),
    SampleAsk(prime="h", length=9),
    ReadingAsk(order="quotes"),
)
ASKS = (*SOME, *(kind() for kind in KINDS if kind not in map(type, SOME)))


def ticked(experiment: Experiment, ticks: int) -> tuple[Trainer, Probe]:
    loaded = load(experiment)
    trainer = Trainer(loaded.experiment, torch.device("cpu"), loaded.source)
    for _ in range(ticks):
        trainer.tick()
    return trainer, Probe(trainer)


@pytest.mark.sampled(24)
@pytest.mark.parametrize("lesson", sorted(LESSONS))
@pytest.mark.parametrize("ticks", [0, 1, 9])
def test_every_ask_has_its_answer_in_every_lesson(lesson: str, ticks: int) -> None:
    _, probe = ticked(LESSONS[lesson], ticks)
    answers = probe.inside(Wanted(first=0, count=99, inside=ASKS))
    assert [name_of_answer(type(answer)) for answer in answers] == [name_of(ask) for ask in ASKS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_ask_is_answered_by_the_function_of_its_name(kind: type) -> None:
    name = kind.__name__.removesuffix("Ask")
    module = import_module(f"rnn_tui.engine.answers.{name.lower()}")
    hints = get_type_hints(getattr(module, f"{name.lower()}_facts"))
    assert hints["ask"] is kind
    assert hints["return"].__name__ == f"{name}Facts"


def test_without_a_cursor_it_is_the_step_fed_last() -> None:
    _, probe = ticked(LESSONS["hihello"], 9)  # the third step of the second pass
    answers = {type(each): each for each in probe.inside(Wanted(first=0, count=6, inside=ASKS))}
    cell: Any = answers[CellFacts]
    saliency: Any = answers[SaliencyFacts]
    gradients: Any = answers[GradientsFacts]
    assert (cell.step, saliency.step, gradients.at) == (2, 2, 2)


@pytest.mark.parametrize("ask", ASKS)
def test_looking_changes_nothing(ask: Ask) -> None:
    experiment = LESSONS["ohlol-lstm"]
    looked, left = Session(experiment), Session(experiment)
    for _ in range(12):
        looked.tick()
        left.tick()
        looked.probe.inside(Wanted(row=0, first=0, count=9, inside=(ask,)))
    for one, other in zip(looked.trainer.model.parameters(), left.trainer.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert looked.losses.last() == left.losses.last()


def test_nothing_is_unrolled_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return original(*arguments)

    original = recompute.unroll
    monkeypatch.setattr("rnn_tui.engine.inspect.focus.unroll", counted)
    trainer, probe = ticked(LESSONS["hihello"], 6)
    for wanted in (Wanted(), Wanted(count=6), Wanted(inside=(WeightsAsk(kind="update"),))):
        probe.inside(wanted)
    assert calls == []
    probe.inside(Wanted(first=0, count=6, inside=(CellAsk(step=1), GatesAsk(), GradientsAsk(at=2))))
    assert calls == [1]  # once for all of them
    assert not trainer.keeps_update


def test_updates_are_kept_only_while_somebody_looks_at_them() -> None:
    trainer, probe = ticked(LESSONS["hihello-sequence"], 2)
    probe.inside(Wanted(inside=(WeightsAsk(kind="update"),)))
    before = [weight.detach().clone() for weight in trainer.model.parameters()]
    trainer.tick()
    (facts,) = probe.inside(Wanted(inside=(WeightsAsk(kind="update", matrices=9, rows=99, columns=99),)))
    assert isinstance(facts, WeightsFacts)
    for fact, old, new in zip(facts.matrices, before, trainer.model.parameters(), strict=True):
        assert fact.values is not None
        assert_allclose(fact.values.ravel(), (new - old).detach().numpy().ravel(), atol=1e-7)
        assert np.abs(fact.values).max() > 0
    probe.inside(Wanted(inside=(WeightsAsk(kind="value"),)))
    assert not trainer.keeps_update


def test_the_row_of_the_batch_is_the_one_looked_at() -> None:
    trainer, probe = ticked(LESSONS["three-words"], 5)
    found = []
    for row in range(3):
        (facts,) = probe.inside(Wanted(row=row, first=0, count=9, inside=(CellAsk(step=4),)))
        assert isinstance(facts, CellFacts)
        found.append(facts.h)
    state = trainer.state
    assert isinstance(state, torch.Tensor)
    assert_allclose(np.stack(found), state[0].detach().numpy(), atol=1e-6)
