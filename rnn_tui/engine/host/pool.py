"""The other processes of an engine's run: begun by the first run that wants them, and kept for those that follow."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from rnn_tui.engine.session.processes import ALONE, Processes, RankLost
from rnn_tui.experiment.spec import Experiment, ExperimentError

if TYPE_CHECKING:
    from rnn_tui.engine.ranks.ranks import Ranks

__all__ = ["Pool"]


class Pool:
    """Begins the processes that an experiment asks for, and ends them with the engine."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._ranks: Ranks | None = None

    def processes(self, experiment: Experiment) -> Processes:
        """Return what computes an experiment.

        Raises ExperimentError where others have been begun for another number, or they do not come together.
        """
        count = experiment.run.processes
        if count == 1:
            return ALONE
        if self._ranks is None:
            from rnn_tui.engine.ranks.start import processes_here  # it takes a while to load

            try:
                self._ranks = self._stack.enter_context(processes_here(experiment))
            except RankLost as lost:
                raise ExperimentError("run.processes", str(lost)) from None
        there = self._ranks.team.place.world_size
        if count != there:
            raise ExperimentError(
                "run.processes",
                f"{count} does not fit the {there} that this engine has begun: {there}, or begin it anew",
            )
        return self._ranks

    def why(self, lost: RankLost) -> str:
        """End what is left of the processes once one is lost, and say what has become of it."""
        try:
            self._stack.__exit__(RankLost, lost, None)
        except RankLost as found:
            lost = found
        self._stack, self._ranks = ExitStack(), None
        return str(lost)

    def close(self) -> None:
        """End the processes."""
        self._ranks = None
        self._stack.close()
