"""Asks are answered here: each by the module that knows how."""

from collections.abc import Sequence
from functools import partial
from typing import assert_never

from msgspec.structs import replace

from rnn_tui.engine.answers.cell import cell_facts, newest_cell
from rnn_tui.engine.answers.gates import gates_facts
from rnn_tui.engine.answers.gradients import gradients_facts
from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.reading import reading_facts
from rnn_tui.engine.answers.saliency import saliency_facts
from rnn_tui.engine.answers.sample import sample_facts
from rnn_tui.engine.answers.space import Spaces
from rnn_tui.engine.answers.weights import wants_update, weights_facts
from rnn_tui.engine.inspect.focus import Sight
from rnn_tui.protocol.inspect import (
    Answer,
    Ask,
    CellAsk,
    GatesAsk,
    GradientsAsk,
    ReadingAsk,
    SaliencyAsk,
    SampleAsk,
    SpaceAsk,
    WeightsAsk,
    name_of,
)

__all__ = ["Inside"]


_MOST_ASKS = 32  # that are answered in one frame: a view asks once for each pane


class Inside:
    """Answers what panes ask about one run. It remembers nothing but the axes of the state space."""

    def __init__(self) -> None:
        self._spaces = Spaces()

    def answers(self, asks: Sequence[Ask], sight: Sight, guard: Guard | None = None) -> tuple[Answer, ...]:
        """One for each of the first asks, in their order. What several of them need is computed once.

        With a guard, an ask that fails has no answer, and the others have theirs. Without, the error is raised.
        """
        asks = asks[:_MOST_ASKS]
        sight.trainer.keeps_update = wants_update(asks)
        if guard is None:
            return tuple(self._answer(ask, sight) for ask in asks)
        found = [guard.make(name_of(ask), partial(self._answer, ask, sight), None) for ask in asks]
        return tuple(answer for answer in found if answer is not None)

    def _answer(self, ask: Ask, sight: Sight) -> Answer:
        newest = max(0, sight.fed - 1)
        match ask:
            case CellAsk(step=step):
                return cell_facts(sight, ask if step >= 0 else newest_cell(sight, ask))
            case GatesAsk():
                return gates_facts(sight, ask)
            case GradientsAsk(at=at):
                return gradients_facts(sight, ask if at >= 0 else replace(ask, at=newest))
            case WeightsAsk():
                return weights_facts(sight, ask)
            case SpaceAsk():
                return self._spaces.facts(sight, ask)
            case SaliencyAsk(step=step):
                return saliency_facts(sight, ask if step >= 0 else replace(ask, step=newest))
            case SampleAsk():
                return sample_facts(sight, ask)
            case ReadingAsk():
                return reading_facts(sight, ask)
            case _:
                assert_never(ask)
