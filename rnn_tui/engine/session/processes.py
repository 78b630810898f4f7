"""What computes a run: this process alone, or several that share each batch (`engine/ranks/`)."""

from typing import NamedTuple, Protocol

import torch

from rnn_tui.data.load import LoadedData
from rnn_tui.engine.answers.row_view import RowView
from rnn_tui.engine.training.devices import choose_device
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.frame_request import Wanted

__all__ = ["ALONE", "CannotMeet", "EndAsked", "Processes", "RankLost"]


class RankLost(Exception):
    """A process that shares the batches has ended, or can be reached no more; the run cannot go on."""


class CannotMeet(RankLost):
    """The processes that are to share the batches do not come together; nothing has been computed."""


class EndAsked(NamedTuple):
    """A process that does not lead was asked to end, by a signal."""

    rank: int
    signal: int


class Processes(Protocol):
    """Builds what a session drives."""

    @property
    def end_asked(self) -> EndAsked | None:
        """Which other process was asked to end, as of the newest pass: so all of them should."""

    def choose_device(self, experiment: Experiment) -> torch.device:
        """Choose the device of this process. Raises ExperimentError where there is none such."""

    def build_trainer(self, data: LoadedData, device: torch.device) -> Trainer:
        """Build a trainer at tick 0. Raises ExperimentError for data that cannot be learnt."""

    def build_evaluator(self, trainer: Trainer) -> HeldOutEvaluator:
        """Build what evaluates what is held out."""

    def view_elsewhere(self, trainer: Trainer, wanted: Wanted) -> RowView | None:
        """Return what is seen of a row that another process computes; None: this one does. Raises RankLost."""


class _Alone:
    """This process, and no other."""

    end_asked = None

    def choose_device(self, experiment: Experiment) -> torch.device:
        return choose_device(experiment)

    def build_trainer(self, data: LoadedData, device: torch.device) -> Trainer:
        return Trainer(data.experiment, device, data.source)

    def build_evaluator(self, trainer: Trainer) -> HeldOutEvaluator:
        return HeldOutEvaluator(trainer)

    def view_elsewhere(self, trainer: Trainer, wanted: Wanted) -> RowView | None:
        del trainer, wanted
        return None


ALONE: Processes = _Alone()
