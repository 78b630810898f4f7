"""A run in this process, driven by a script: iterate over its ticks, go back, change the training, save it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor, nn

from rnn_tui.api.settings import experiment_of, named_setting, training_values
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpoint import weights
from rnn_tui.engine.store.export import state_dict
from rnn_tui.engine.store.resume import begin_saving, load_run
from rnn_tui.engine.training.prediction import scored_rows
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.runs.catalog import find
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import read_experiment

__all__ = ["Run", "Tick"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """What a tick brought."""

    tick: int  # ticks done
    epoch: int  # that it belongs to, from 1
    loss: float | None  # of the pass that it ended, else of the character that was fed; None where nothing is learnt
    held_out: float | None  # the loss of held-out data, where it was evaluated after this tick
    ends_pass: bool  # whether its gradients are ready: the update is made when the next tick begins
    ends_epoch: bool  # whether all of the data have been read
    notice: str  # why the run holds here; empty: it does not


class Run:
    """An experiment under way. It makes the same numbers as the program, to the bit.

    Iterating trains: each tick feeds one character or one sequence, as the experiment says, until the run holds: its
    epochs are over, it comes to a breakpoint (`until`), it stops early (`patience`), or its loss is NaN or infinite.
    """

    def __init__(self, experiment: Experiment | str = "hihello", *, history: int = HISTORY, **settings: Any) -> None:
        """Begin an experiment, or the lesson of that name, with `settings` such as `lr` and `hidden_size` replaced.

        `history` is the memory in bytes for states to go back to. Raises ExperimentError for what cannot be run.
        The threads of torch and its random numbers are set as the experiment says.
        """
        self._history = history
        with named_setting():
            found = experiment_of(experiment, settings)
            choose_threads(found)
            self._session = Session(found, history=history)

    @classmethod
    def load(cls, run: str | os.PathLike[str], *, history: int = HISTORY) -> "Run":
        """Return the run in a folder, or of that name in `rnn-tui runs`, at the tick where it was left.

        Nothing is written there. Raises CheckpointError for what cannot be read, and ValueError for the name of none.
        """
        loaded = cls.__new__(cls)
        loaded._history = history
        return loaded.reload(find(os.fspath(run)))

    def reload(self, folder: Path) -> "Run":
        """Go to where the run in that folder was left, in place of what is here; return this run."""
        experiment = read_experiment(folder)
        choose_threads(experiment)
        self._session, _ = load_run(folder, experiment, history=self._history)
        return self

    # ---- onward -----------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Tick]:
        """Train, and yield each tick, until the run holds. At a breakpoint the next iteration goes on."""
        session = self._session
        while not (session.done and session.history.at_newest) and not session.hold.lost:
            tick = self.step()
            yield tick
            if tick.notice:
                return

    def step(self) -> Tick:
        """Do one tick, also after the last epoch."""
        session, before = self._session, self._evaluations
        session.play_on()
        session.tick()
        session.recording.evaluate()
        newest = session.branch.held_out.newest() if self._evaluations != before else None
        return Tick(
            tick=self.tick,
            epoch=self.epoch,
            loss=self._last_loss(),
            held_out=None if newest is None else newest.loss,
            ends_pass=session.progress.at_end_of_pass,
            ends_epoch=session.progress.at_end_of_epoch,
            notice=session.hold.notice,
        )

    def train(self) -> "Run":
        """Train until the run holds; return it."""
        for _ in self:
            pass
        return self

    # ---- back, and elsewhere ----------------------------------------------------------------------------------

    def go_to(self, tick: int) -> None:
        """Go to a tick of this branch, to the bit as it was. Raises HistoryError where no states are kept."""
        self._session.go_to(tick)

    def fork(self, *, reseed: bool = False, **training: Any) -> None:
        """Change settings of the training from this tick on: `run.fork(lr=0.01)`.

        At a tick in the past this begins another branch; `next_branch` returns to the first. `reseed` draws the random
        numbers anew, from `seed`. Raises ExperimentError where the network cannot be trained so.
        """
        with named_setting():
            changed = replace(self.experiment.training, **training_values(self.experiment, training))
            self._session.learn(changed, reseed=reseed)

    def next_branch(self) -> None:
        """Go to the newest tick of the next branch, the first after the last."""
        self._session.next_branch()

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The experiment as it runs at this tick."""
        return self._session.experiment

    @property
    def tick(self) -> int:
        """Ticks done."""
        return self._session.progress.tick

    @property
    def epoch(self) -> int:
        """The epoch that the last tick belongs to, from 1; 0 before the first."""
        return self._session.progress.epoch

    @property
    def branch(self) -> str:
        """The name of the branch that it stands on: "main" or "fork 1"."""
        return self._session.branch.name

    @property
    def losses(self) -> NDArray[np.float64]:
        """The loss of each pass up to this tick, (passes,); in the middle of one that is not among them."""
        self._session.recording.drain()
        return np.array(list(self._session.losses)[: self._session.progress.whole_passes])

    @property
    def held_out(self) -> list[tuple[int, float]]:
        """The number of a pass and the loss of held-out data after it, for each evaluation of this branch."""
        return [(each.update, each.loss) for each in self._session.branch.held_out.all()]

    @property
    def done(self) -> bool:
        """Whether the epochs are over."""
        return self._session.done

    @property
    def notice(self) -> str:
        """Why the run holds; empty: it does not."""
        return self._session.hold.notice

    @property
    def predictions(self) -> tuple[str, ...]:
        """What the last whole pass predicts in each row, at the steps that are scored; () before and for numbers."""
        return tuple(predicted for predicted, _ in scored_rows(self._session.trainer))

    @property
    def targets(self) -> tuple[str, ...]:
        """What is right in each row, at the same steps."""
        return tuple(target for _, target in scored_rows(self._session.trainer))

    @property
    def logits(self) -> NDArray[np.float32]:
        """The outputs of the steps fed in this pass, (time steps, rows, features)."""
        trainer = self._session.trainer
        logits = trainer.logits
        if not logits:
            return np.zeros((0, self._session.dataset.rows, self.experiment.output_size), np.float32)
        return torch.cat(logits)[..., trainer.classes_from :].float().cpu().numpy()

    @property
    def states(self) -> NDArray[np.float32]:
        """The hidden states h_t of this pass, (layers · directions, time steps fed, rows, units)."""
        return self._states("h")

    @property
    def cell_states(self) -> NDArray[np.float32]:
        """The cell states c_t of an LSTM, of the same shape. Raises ValueError for another cell."""
        if not self.experiment.network.kind.has_c:
            raise ValueError(f"{self.experiment.network.cell} has no cell states: an LSTM has")
        return self._states("c")

    @property
    def model(self) -> nn.Module:
        """The network itself. The update of the newest pass has not been made: see `Tick.ends_pass`."""
        return self._session.trainer.model

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights, by the names of nn.Embedding, nn.RNN/GRU/LSTM and nn.Linear."""
        trainer = self._session.trainer
        return state_dict(self.experiment, weights(trainer, [each.detach() for each in trainer.model.parameters()]))

    def __repr__(self) -> str:
        return f"<Run {self.experiment.name}: tick {self.tick}, epoch {self.epoch}, {self.branch}>"

    # ---- on the disk ------------------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the run as of the newest tick of this branch into a new folder, which `rnn-tui resume` opens.

        Raises CheckpointError for a folder that holds a run already or cannot be written.
        """
        problems: list[str] = []
        session, here = self._session, self.tick
        if not session.history.at_newest:
            session.go_to(session.branch.newest)
        checkpointer = begin_saving(session, SaveOptions(folder=os.path.abspath(folder)), problems.append)
        checkpointer.close()
        if here != self.tick:
            session.go_to(here)
        if problems:
            raise CheckpointError(Path(folder), problems[0])
        return checkpointer.folder

    # ---- how --------------------------------------------------------------------------------------------------

    @property
    def _evaluations(self) -> int:
        return self._session.branch.held_out.count

    def _last_loss(self) -> float | None:
        session = self._session
        session.recording.drain()
        if not self.experiment.training.learn:
            return None
        if session.progress.at_end_of_pass:
            return session.losses.at(session.progress.whole_passes - 1)
        return None if session.trainer.loss is None else session.trainer.loss.item()

    def _states(self, name: str) -> NDArray[np.float32]:
        network, task = self.experiment.network, self._session.dataset
        wanted = Wanted(first=0, count=task.length, units=network.hidden_size, layers=(0, network.layers))
        rows = [self._session.probe.states(replace(wanted, row=row)) for row in range(task.rows)]
        found = [[getattr(layer, name).T for layer in row] for row in rows]  # (time steps, units) of each row and layer
        shape = network.layers * network.directions, self._session.progress.fed, task.rows, network.hidden_size
        states = np.zeros(shape, np.float32)
        for row, layers in enumerate(found):
            for layer, values in enumerate(layers):
                states[layer, : len(values), row] = values
        return states
