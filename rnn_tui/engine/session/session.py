"""A run as people drive it: play, hold, go back, fork, begin again. The same with a view and without."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from rnn_tui.data.load import load
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.row_view import RowView
from rnn_tui.engine.session.history import History
from rnn_tui.engine.session.hold import Hold
from rnn_tui.engine.session.phases import Phases
from rnn_tui.engine.session.plan import Plan
from rnn_tui.engine.session.processes import ALONE, Processes
from rnn_tui.engine.session.progress import Progress
from rnn_tui.engine.session.recording import Recording
from rnn_tui.engine.session.replay import Replay
from rnn_tui.engine.session.throughput import Throughput
from rnn_tui.engine.session.touching import Touching
from rnn_tui.engine.session.training_changes import TrainingChanges
from rnn_tui.engine.training.batches_on_device import Dataset
from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.eval_schedule import EvalSchedule
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.training.own_cell_facts import with_own_cell
from rnn_tui.engine.training.recorder import no_number
from rnn_tui.engine.training.snapshot import Snapshot
from rnn_tui.engine.training.threads import build_tuner
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.touch import Touch, TouchFacts

__all__ = ["Session"]


class Session:
    """One experiment under way: its trainer, and what it knows, remembers, plans and records."""

    def __init__(
        self,
        experiment: Experiment,
        *,
        history: int = HISTORY,
        changes: tuple[Change, ...] = (),
        processes: Processes = ALONE,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Begin at tick 0. Raises ExperimentError for an experiment that cannot run here.

        `history` is the memory in bytes for the states of each branch; 0: none, and no way back. `changes` are changes
        to come, each made when its tick is done. `processes` are those that compute.
        """
        self._clock = clock
        self._budget = history if processes is ALONE else 0  # several have no way back
        self._processes = processes
        self.device = processes.choose_device(load(experiment).experiment)
        self.begin(experiment, changes)

    def begin(
        self, experiment: Experiment, changes: tuple[Change, ...] = (), *, processes: Processes | None = None
    ) -> None:
        """Start afresh, on the same device; with other processes, where they are given."""
        self._processes = processes or self._processes
        data = with_own_cell(load(experiment))
        self.began = data.given  # the experiment as it was at tick 0
        self.origin = data.origin
        self.trainer = self._processes.build_trainer(data, self.device)
        self._threads = build_tuner(self.trainer)
        self._pass_seconds = 0.0  # that the pass under way has taken so far
        self.probe = Probe(self.trainer)
        self._touching = Touching()
        self.progress = Progress(self.trainer)
        self.throughput = Throughput(self._clock)
        self.history = History(self.trainer, self._budget)
        self.hold = Hold(self.history.shortage)
        self.plan = Plan(self.experiment.run.until)
        self.recording = Recording(
            self.trainer,
            self.progress,
            self.history,
            self.plan,
            self.hold,
            evaluation=EvalSchedule(self.trainer, self._processes.build_evaluator),
            threads=self._threads,
            clock=self._clock,
        )
        self.phases = Phases(
            self.trainer, self.probe, self.history, self.recording, self.hold, after_tick=self._after_tick
        )
        self._replay = Replay(self.trainer, self.history, self._clock)
        self._training_changes = TrainingChanges(
            self.trainer, self.progress, self.history, self.recording, self.plan, self._replay
        )
        self._training_changes.follow_plan(changes)

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The experiment as it runs at this tick."""
        return self.trainer.experiment

    @property
    def dataset(self) -> Dataset:
        """The data, as batches on the device."""
        return self.trainer.dataset

    @property
    def branch(self) -> Branch:
        """The branch that it stands on, with all that was recorded there."""
        return self.history.branch

    @property
    def losses(self) -> LossSeries:
        """The loss of each update of this branch."""
        return self.branch.losses

    @property
    def changes(self) -> tuple[Change, ...]:
        """What has been changed on this branch since tick 0."""
        return tuple(self.branch.changes[1:])

    @property
    def change_count(self) -> int:
        """The number of changes of training made so far, those that were made again included."""
        return self._replay.change_count

    @property
    def learnt(self) -> int | None:
        """The epoch at which the prediction was first right, once that has come."""
        epoch = self.branch.predictions.learnt
        return epoch if epoch is not None and epoch <= self.progress.whole_passes else None

    @property
    def done(self) -> bool:
        """Whether its epochs are over."""
        return self.progress.has_completed(self.branch.epochs)

    @property
    def has_ended(self) -> bool:
        """Whether its epochs are over, it has stopped early, or its loss is not a number."""
        return self.done or self.hold.lost or bool(self.hold.early)

    @property
    def is_held(self) -> bool:
        """Whether a tick is held at a phase that is not its last."""
        return self.phases.is_held

    @property
    def tries_threads(self) -> bool:
        """Whether it takes more threads where they are faster, up to all cores."""
        return self._threads is not None

    @property
    def is_shared(self) -> bool:
        """Whether other processes compute some rows of each batch."""
        return self._processes is not ALONE

    @property
    def heads_for_a_tick(self) -> bool:
        """Whether a breakpoint names a tick that is still to come."""
        return self.plan.goes_past(self.progress.tick)

    # ---- onward -----------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Do one tick. Return whether it may go on: not when done, at a breakpoint, or with a loss of NaN or inf."""
        self.finish_tick()
        self.hold.forget()
        again = not self.history.at_newest
        began = self._clock()
        self.recording.evaluation.stop()
        self.history.keep_state()
        ready = self._clock()
        self.trainer.tick()
        now = self._clock()
        self.branch.states.spent(now - began)
        if not again:
            self.recording.trained(now - began)
        if self._threads is not None:
            self._pass_seconds += now - ready
            if self.trainer.at_end_of_pass:
                self._threads.pass_took(self._pass_seconds)
                self._pass_seconds = 0.0
        return self._after_tick(again)

    def finish_tick(self) -> bool:
        """Do the rest of a tick that is held at a phase. Return whether there was any."""
        return self.phases.finish()

    def hurry(self) -> None:
        """Do the rest of this pass in one tick."""
        self.trainer.unit = "sequence"

    def play_on(self) -> None:
        """Allow as many epochs again once they are over, and as many without a better loss."""
        if self.history.at_newest:
            if self.done:
                self.recording.allow_epochs()
            self.recording.patience.renew(self.branch)
        self.hold.notice = self.hold.early = ""

    def touched(self, touches: tuple[Touch, ...], *, at: object) -> tuple[Probe, TouchFacts]:
        """Return what looks into the pass under way with other numbers; the run stays as it is. See `Touching`."""
        return self._touching.look(self.trainer, self.probe, touches, at=at)

    def view_elsewhere(self, wanted: Wanted) -> RowView | None:
        """Return what is seen of a row that another process computes; None: this one does. Raises RankLost."""
        return self._processes.view_elsewhere(self.trainer, wanted)

    def keep_updates(self, on: bool) -> None:
        """Keep how far each update moves the weights, from the next one on, because it is looked at."""
        self.trainer.keeps_update = on

    # ---- back, and elsewhere ----------------------------------------------------------------------------------

    def go_to(self, tick: int) -> None:
        """Go to a tick of this branch, to the bit as it was. Raises HistoryError where that cannot be done."""
        self.finish_tick()
        self.recording.drain()
        self.recording.evaluation.stop()
        self.hold.notice = ""
        tick = min(max(tick, 0), self.branch.newest)
        if tick == self.progress.tick:
            return
        self._replay.go_to(tick)
        if self.progress.tick < tick:
            self.hold.notice = f"Tick {tick:,} is too far from a kept state: this is tick {self.progress.tick:,}."
        elif self.device.type != "cpu":
            self.hold.notice = "Run again on a GPU: the last digits may differ from the first time."

    def end_of_stretch_before(self) -> int:
        """Return the tick at which the pass or the epoch before this one ended; 0: there is none."""
        passes = self.progress.passes_at_end_of_last_stretch
        return self.branch.ends[passes - 1] if passes > 0 else 0

    def next_branch(self) -> None:
        """Go to the newest tick of the next branch, if there is another."""
        if len(self.history.branches) == 1:
            return
        self.finish_tick()
        self.recording.drain()
        self.history.next_branch()
        self.recording.change_branch()
        self.trainer.ticks = -1  # wherever it stands, it is not on this branch
        self.go_to(self.branch.newest)

    def continue_branch(self, branch: Branch, state: Snapshot, changes: tuple[Change, ...] = ()) -> None:
        """Go to the newest tick of a branch that was begun in another process.

        `state` is a pass or less before that tick. `changes` are changes to come.
        """
        self._replay.continue_branch(branch, state)
        count, patience = self.change_count, self.recording.patience
        early = self.progress.at_end_of_epoch and patience.is_over(branch)
        reason = patience.reason(branch) if early else ""
        if early:  # where it is played on, patience counts anew
            patience.renew(branch)
        self._training_changes.follow_plan(changes)
        problem = no_number(self.branch, self.progress.epoch)
        stopped = early and self.change_count == count
        if problem or self.done or stopped:
            self.hold.forget()
        if problem:
            self.hold.lose(problem)
        elif self.done:
            self.hold.end(self.progress)
        elif stopped:
            self.hold.stop_early(reason)

    # ---- otherwise --------------------------------------------------------------------------------------------

    def learn(self, training: Training, *, reseed: bool = False) -> None:
        """Change the training from this tick on; at a tick in the past, on a new branch. Planned changes are dropped.

        Raises ExperimentError where this network cannot be trained so.
        """
        self.finish_tick()
        self._training_changes.make(training, reseed=reseed)
        if self.plan.cancel():
            self.hold.notice = "What --fork was to change later is off."

    def set_tick(self, unit: Tick) -> None:
        """Set the unit of a tick from here on. Raises ExperimentError where the network cannot be fed so."""
        self.learn(replace(self.experiment.training, tick=unit))

    def watch(self, until: tuple[str, ...]) -> None:
        """Replace the breakpoints. Raises ExperimentError for a text that is none."""
        run = replace(self.began.run, until=until)
        self.began = from_dict(to_dict(replace(self.began, run=run)))
        self.plan.watch(self.began.run.until)
        self.trainer.experiment = replace(self.experiment, run=self.began.run)

    # ---- how --------------------------------------------------------------------------------------------------

    def _after_tick(self, again: bool) -> bool:
        """Record a new tick, or repeat the changes after an old one (`again`). Return whether it may go on."""
        self.throughput.count()
        if again:
            self._replay.repeat_changes()
        else:
            self.recording.new_tick()
            self._training_changes.follow_plan()
        if self.done and not self.hold.lost:
            self.recording.end_epochs()
        return not self.hold.notice
