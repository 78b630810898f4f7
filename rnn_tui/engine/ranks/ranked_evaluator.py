"""The evaluation of what is held out, its pieces shared among the ranks."""

from collections.abc import Iterator

import torch

from rnn_tui.engine.ranks.orders import Evaluate
from rnn_tui.engine.ranks.team import Team
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["RankedEvaluator"]


class RankedEvaluator(HeldOutEvaluator):
    """Evaluates with all ranks, a piece each at a time; the figures are those of one process.

    Where the state is carried from piece to piece none can begin before the one before has ended: then rank 0 reads all
    of it.
    """

    def __init__(self, trainer: Trainer, team: Team) -> None:
        super().__init__(trainer)
        self._team = team

    def evaluate(self, score: Score, *, whole: bool = False) -> Iterator[None]:
        """Add to the score what is evaluated every time, or the whole; yields after a piece of each rank."""
        if self.reads_on:
            yield from super().evaluate(score, whole=whole)
            return
        for first in range(0, self.count(whole=whole), self._team.share.world_size):
            self._team.tell(Evaluate(first, whole))
            for each in self.score_pieces(first, whole=whole):
                score.add(each)
            yield

    def score_pieces(self, first: int, *, whole: bool) -> list[Score]:
        """Return the scores of the next pieces, one of each rank; all ranks come here together."""
        number, own = first + self._team.share.rank, Score()
        if number < self.count(whole=whole):
            self.evaluate_piece(own, number)
        found = self._team.gather_numbers(torch.tensor(own.numbers(), dtype=torch.float64))
        return [Score.of(each) for each in found.tolist()]
