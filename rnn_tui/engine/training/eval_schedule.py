"""When what is held out is evaluated in the course of a run: a part of it often, all of it at the end."""

from collections.abc import Callable, Iterator

from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["EvalSchedule"]


class EvalSchedule:
    """Writes its evaluations into a branch; does nothing where nothing is held out."""

    def __init__(self, trainer: Trainer, evaluator: Callable[[Trainer], HeldOutEvaluator] = HeldOutEvaluator) -> None:
        """Prepare for a trainer. `evaluator` makes what evaluates for it, where something is held out."""
        self._trainer = trainer
        self._hold_out = evaluator(trainer) if trainer.experiment.data.holdout else None
        self._under_way: tuple[Branch, Score, Iterator[None]] | None = None  # all that is held out

    @property
    def every(self) -> int:
        """Updates from one evaluation to the next; 0: nothing is held out."""
        return self._hold_out.every if self._hold_out else 0

    @property
    def characters(self) -> int:
        """All characters, or numbers, that are held out and have to be predicted."""
        return self._hold_out.characters if self._hold_out else 0

    @property
    def is_due(self) -> bool:
        """Whether the pass that has just ended is to be evaluated."""
        trainer = self._trainer
        return self._hold_out is not None and trainer.at_end_of_pass and self._hold_out.wants(trainer.epoch)

    @property
    def is_busy(self) -> bool:
        """Whether all that is held out is being evaluated."""
        return self._under_way is not None

    def evaluate_part(self, branch: Branch) -> None:
        """Evaluate the part that is evaluated every time."""
        self._evaluate_part(branch, part=True)

    def evaluate_last(self, branch: Branch) -> bool:
        """Evaluate the same part with the weights that the run ends with; tell whether that was not known yet."""
        if self._hold_out is None or branch.held_out.at(self._trainer.epoch) is not None:
            return False
        self._evaluate_part(branch, part=False)
        return True

    def _evaluate_part(self, branch: Branch, *, part: bool) -> None:
        assert self._hold_out is not None
        score = Score()
        for _ in self._hold_out.evaluate(score):
            pass
        self._tell(branch, score, whole=self._hold_out.part_is_whole, part=part)

    def begin_whole(self, branch: Branch) -> None:
        """Begin to evaluate all of it, unless that has just been done."""
        newest = branch.held_out.newest()
        if self._hold_out and not (newest and newest.whole and newest.update == self._trainer.epoch):
            score = Score()
            self._under_way = branch, score, self._hold_out.evaluate(score, whole=True)

    def go_on(self, seconds: float, clock: Callable[[], float]) -> None:
        """Continue the evaluation for about so long."""
        until = clock() + seconds
        while self._under_way is not None and clock() < until:
            branch, score, pieces = self._under_way
            if next(pieces, pieces) is pieces:
                self._under_way = None
                self._tell(branch, score, whole=True, part=False)

    def stop(self) -> None:
        """Drop the evaluation under way: the weights are about to change."""
        self._under_way = None

    def _tell(self, branch: Branch, score: Score, *, whole: bool, part: bool) -> None:
        branch.held_out.add(
            update=self._trainer.epoch,
            loss=score.nats / score.characters,
            accuracy=score.right / max(1, score.scored),
            characters=score.characters,
            rows=score.right_rows / score.rows if self._trainer.experiment.data.padded else None,
            whole=whole,
            part=part,
        )
