"""All processes of a run: how they agree on what they train, and what each of them then builds and does."""

import msgspec
import torch

from rnn_tui import __version__
from rnn_tui.data.load import LoadedData, load
from rnn_tui.engine.answers.row_view import RowView
from rnn_tui.engine.ranks.orders import Begin, End, Evaluate, FinishUpdate, Look, Reconfigure, Restore, Take, Tick
from rnn_tui.engine.ranks.ranked_evaluator import RankedEvaluator
from rnn_tui.engine.ranks.ranked_trainer import RankedTrainer
from rnn_tui.engine.ranks.team import Team
from rnn_tui.engine.session.processes import CannotMeet, EndAsked, RankLost
from rnn_tui.engine.training import snapshot
from rnn_tui.engine.training.devices import choose_device
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import text_hash

__all__ = ["Ranks", "Reply", "agree", "follow"]


class Ranks:
    """Builds what a session drives, on all ranks."""

    def __init__(self, team: Team) -> None:
        self.team = team

    @property
    def end_asked(self) -> EndAsked | None:
        """Which other process was asked to end, as of the newest pass."""
        return self.team.end_asked

    def choose_device(self, experiment: Experiment) -> torch.device:
        """Choose the device of this process: its own GPU, or the CPU. Raises ExperimentError for too few GPUs."""
        device = choose_device(experiment)
        if device.type != "cuda":
            return device
        local, count = self.team.place.local_rank, torch.cuda.device_count()
        if local >= count:
            raise ExperimentError(
                "run.processes", f"there are more processes than GPUs on this machine, which has {count}: one each"
            )
        return torch.device("cuda", local)

    def build_trainer(self, data: LoadedData, device: torch.device) -> RankedTrainer:
        """Build a trainer at tick 0, on all ranks. Raises ExperimentError where they do not agree."""
        self.team.tell(Begin(data.given))
        agree(self.team, Reply.of(data.given))
        return RankedTrainer(data.experiment, device, data.source, self.team)

    def build_evaluator(self, trainer: Trainer) -> RankedEvaluator:
        """Build what evaluates what is held out."""
        return RankedEvaluator(trainer, self.team)

    def view_elsewhere(self, trainer: Trainer, wanted: Wanted) -> RowView | None:
        """Return what is seen of a row that another rank has; None: it is rank 0's own."""
        if not isinstance(trainer, RankedTrainer) or wanted.row < trainer.dataset.rows:
            return None
        return trainer.view_elsewhere(wanted)

    def end(self) -> None:
        """Let the others stop."""
        self.team.tell(End())


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a rank has found where it is, or why it cannot begin."""

    version: str = __version__
    torch: str = str(torch.__version__)
    text: str = ""  # the SHA-256 of the data
    problem: str = ""

    @classmethod
    def of(cls, experiment: Experiment) -> "Reply":
        """Return what this rank has found of an experiment's data."""
        try:
            return cls(text=text_hash(experiment))
        except CheckpointError as error:
            return cls(problem=str(error))


def agree(team: Team, reply: Reply) -> None:
    """Raise ExperimentError, on all ranks, unless all can begin with the same data and the same program."""
    replies = team.gather(reply)
    for rank, each in enumerate(replies):
        if each.problem:
            raise ExperimentError("run.processes", f"rank {rank}: {each.problem}")
        if (each.version, each.torch) != (replies[0].version, replies[0].torch):
            raise ExperimentError(
                "run.processes",
                f"rank {rank} runs rnn-tui {each.version} with torch {each.torch}, and rank 0 rnn-tui "
                f"{replies[0].version} with torch {replies[0].torch}: they must be the same",
            )
        if each.text != replies[0].text:
            raise ExperimentError(
                "run.processes",
                f"rank {rank} reads other data than rank 0: their SHA-256 are {each.text[:12]}… and "
                f"{replies[0].text[:12]}…",
            )


def follow(team: Team) -> None:
    """Do what rank 0 says, until it says that this is the end.

    Raises RankLost where it is gone, and CannotMeet where it is because not all agree with it.
    """
    ranks, trainer = Ranks(team), None
    evaluator: RankedEvaluator | None = None
    disagreement = ""
    while True:
        try:
            order = team.hear()
        except RankLost:
            if disagreement:
                raise CannotMeet(disagreement) from None
            raise
        if isinstance(order, End):
            return
        if isinstance(order, Begin):
            begun, disagreement = _begun(ranks, order.experiment)
            trainer, evaluator = begun or trainer, None
            continue
        if trainer is None:
            continue
        match order:
            case Tick():
                trainer.tick()
            case FinishUpdate():
                trainer.finish_update()
            case Reconfigure(training=training):
                trainer.reconfigure(training)
            case Take(beginning=beginning):
                (snapshot.take_beginning if beginning else snapshot.take)(trainer)
            case Restore():
                snapshot.restore(trainer, None)
            case Look(wanted=wanted, rank=rank):
                trainer.show(wanted, rank)
            case Evaluate(first=first, whole=whole):
                evaluator = evaluator or ranks.build_evaluator(trainer)
                evaluator.score_pieces(first, whole=whole)


def _begun(ranks: Ranks, given: Experiment) -> tuple[RankedTrainer | None, str]:
    """Return a trainer of the experiment that rank 0 begins; None and why where not all agree, which rank 0 tells."""
    data, reply = None, Reply()
    try:
        data = load(given)
        device = ranks.choose_device(data.experiment)
        reply = Reply.of(given)
    except ExperimentError as error:
        reply = Reply(problem=f"{error.path}: {error}")
    try:
        agree(ranks.team, reply)
    except ExperimentError as error:
        return None, str(error)
    assert data is not None
    choose_threads(given)
    return RankedTrainer(data.experiment, device, data.source, ranks.team), ""
