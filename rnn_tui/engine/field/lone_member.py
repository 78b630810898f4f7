"""One member that learns by itself, as its single run does, and what each of its passes has come to."""

import math
from dataclasses import dataclass

from torch import Tensor
from torch.nn.utils import parameters_to_vector

from rnn_tui.engine.network.cells import State
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.prediction import right_rows
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import DIVERGED, DONE, LEARNING

__all__ = ["LoneMember", "PassMade"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PassMade:
    """What a member has come to with a pass."""

    passes: int
    loss: float
    learnt: int  # the epoch at which it was first right; 0: not yet
    held_out: float  # the newest evaluation; NaN: there is none
    right: bool  # whether it is right at its end
    state: int  # LEARNING, DONE, DIVERGED
    batches: int  # passes in an epoch


class LoneMember:
    """Trains a member, pass by pass."""

    def __init__(self, experiment: Experiment, *, stops_when_learnt: bool) -> None:
        """Build it. Raises ExperimentError for data that cannot be read."""
        self._session = Session(experiment, history=0)
        self._stops_when_learnt = stops_when_learnt

    @property
    def weights(self) -> Tensor:
        """Its weights now, (P,)."""
        return parameters_to_vector(self._session.trainer.model.parameters()).detach()

    @property
    def h_0(self) -> State:
        """The state before the first step of the newest pass."""
        return self._session.trainer.h_0

    def make_pass(self) -> PassMade:
        """Make the next pass."""
        session = self._session
        going = session.tick()
        while going and not session.progress.at_end_of_pass:
            going = session.tick()
        session.recording.drain()
        learnt = session.learnt or 0
        is_done = session.has_ended or (self._stops_when_learnt and learnt > 0)
        if is_done and not session.hold.lost:
            session.recording.evaluate()
        loss, evaluated = session.losses.last(), session.branch.held_out.newest()
        state = DIVERGED if session.hold.lost else DONE if is_done else LEARNING
        return PassMade(
            passes=session.progress.pass_number,
            loss=math.nan if loss is None else loss,
            learnt=learnt,
            held_out=math.nan if evaluated is None else evaluated.loss,
            right=state == DONE and learnt > 0 and right_rows(session.trainer) == session.dataset.rows,
            state=state,
            batches=session.progress.batches,
        )
