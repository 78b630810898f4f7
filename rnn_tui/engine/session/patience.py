"""Early stopping: what it goes by, and when it stops a run."""

from rnn_tui.engine.session.progress import Progress
from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.early_stopping import BestLoss, best_of
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Patience"]


class Patience:
    """Compares the loss of each epoch with the best so far, which the branch keeps.

    Held-out data give the loss, if there are any, and else the data that are learnt.
    """

    def __init__(self, trainer: Trainer, progress: Progress) -> None:
        self._trainer = trainer
        self._progress = progress

    @property
    def epochs(self) -> int:
        """Epochs without a better loss after which the run stops; 0: it never does."""
        return self._trainer.experiment.training.patience

    def is_over(self, branch: Branch) -> bool:
        """Tell whether the last epochs have brought no better loss."""
        return self.epochs > 0 and branch.best.is_over(self._progress.epoch, self.epochs)

    def end_epoch(self, branch: Branch) -> bool:
        """Take note of the loss of the epoch that has just ended; return whether the run should stop now."""
        loss = self._watched_loss(branch)
        if loss is None:
            return False
        branch.best = branch.best.after(loss, self._progress.epoch)
        return self.is_over(branch)

    def renew(self, branch: Branch) -> None:
        """Count the epochs from here on, if patience is over."""
        if self.is_over(branch):
            branch.best = branch.best.anew(self._progress.epoch)

    def best_so_far(self, branch: Branch) -> BestLoss:
        """Return the best loss among all epochs of a branch."""
        return best_of(branch.watched_losses(self._progress.batches))

    def reason(self, branch: Branch) -> str:
        """Say why the run stops."""
        return branch.best.told(self.epochs)

    def _watched_loss(self, branch: Branch) -> float | None:
        held_out = branch.held_out.regular()
        learnt, experiment = self._trainer.watched_loss, self._trainer.experiment
        if learnt is None or held_out is None:
            summed = experiment.data.text and experiment.training.reduction == "sum"
            return learnt / self._trainer.length if summed and learnt is not None else learnt
        return held_out.loss
