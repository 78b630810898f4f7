"""The past of a run: its branches, and the states kept to go back to."""

from rnn_tui.engine.training.branches import Branch, StateHistory
from rnn_tui.engine.training.diagnostics import Diagnostics
from rnn_tui.engine.training.snapshot import state_bytes, take
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.engine.training.update_ratios import matrix_names
from rnn_tui.experiment.changes import Change

__all__ = ["History"]


class History:
    """The branches of one trainer's run, one of which it stands on."""

    def __init__(self, trainer: Trainer, budget: int) -> None:
        """Begin with one branch. `budget` is the memory in bytes for the states of each; 0: none are kept."""
        self._trainer = trainer
        self._state_bytes = state_bytes(trainer)
        self._budget = budget
        self._keeps_states = 0 < self._state_bytes <= budget
        training = trainer.experiment.training
        self.branch = Branch(
            name="main",
            states=StateHistory(budget),
            changes=[Change(tick=0, training=training)],
            epochs=training.epochs,
            diagnostics=Diagnostics(matrix_names(trainer.model)),
        )
        self.branches = [self.branch]

    @property
    def shortage(self) -> str:
        """Why there is no way back although one was wanted, in a sentence; empty: there is one, or none was wanted."""
        if self._keeps_states or not self._budget:
            return ""
        state, budget = self._state_bytes / 2**20, self._budget / 2**20
        return f"No way back: one state takes {state:,.0f} MB, and --history allows {budget:,.0f} MB."

    @property
    def at_newest(self) -> bool:
        """Whether the trainer stands at the newest tick of its branch, rather than in its past."""
        return self._trainer.ticks == self.branch.newest

    def keep_state(self) -> None:
        """Keep the state between two passes, if it is time for one. The update that waits is made before."""
        trainer, states = self._trainer, self.branch.states
        if self._keeps_states and (trainer.at_end_of_pass or not trainer.ticks) and states.wants(trainer.ticks):
            trainer.finish_update()
            states.keep(take(trainer))

    def adopt(self, branch: Branch) -> None:
        """Continue a branch that was begun in another process, in place of all that is here."""
        if self._keeps_states:
            branch.states.keep(take(self._trainer))
        self.branch, self.branches = branch, [branch]

    def add_change(self, change: Change) -> bool:
        """Note a change: at a tick in the past on another branch, which begins there. Return whether it does."""
        if change.tick >= self.branch.newest:
            self.branch.changes.append(change)
            return False
        self.branch = self.branch.fork(f"fork {len(self.branches)}", change.tick, change)
        self.branches.append(self.branch)
        return True

    def next_branch(self) -> None:
        """Select the next branch, the first after the last."""
        self.branch = self.branches[(self.branches.index(self.branch) + 1) % len(self.branches)]
