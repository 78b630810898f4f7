"""A run that goes forward: tick by tick or phase by phase, and all that becomes known on the way."""

import math
import time
from collections.abc import Callable

import msgspec
import torch

from rnn_tui.data.load import load
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.inspect.slow_motion import Motion
from rnn_tui.engine.session.rate import Rate
from rnn_tui.engine.session.remaining import Remaining
from rnn_tui.engine.training.branches import Branch, States
from rnn_tui.engine.training.breakpoint_watch import Hit, Watch, told
from rnn_tui.engine.training.devices import choose_device
from rnn_tui.engine.training.early_stopping import Best, best_of
from rnn_tui.engine.training.eval_schedule import Judge
from rnn_tui.engine.training.loss_history import Predictions, Series
from rnn_tui.engine.training.recorder import Recorder, no_number
from rnn_tui.engine.training.snapshot import Snapshot, restore, state_bytes, take
from rnn_tui.engine.training.threads import build_tuner, on_one_thread
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError, Training
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import HISTORY

__all__ = ["Forward", "checked_turn"]


class Forward:
    """One experiment under way. Raises ExperimentError for one that cannot run here.

    `history` is the memory in bytes for the states of each branch; 0: none, and no way back. `turns` are changes to
    come, each when its tick is done.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        history: int = HISTORY,
        turns: tuple[Turn, ...] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._clock = clock
        # Hears of every new pass, and of the last judgement, with the weights that were read.
        self.pass_over: Callable[[], object] | None = None
        self._history = history
        self.device = choose_device(load(experiment).experiment)
        self.begin(experiment, turns)

    @property
    def tries_threads(self) -> bool:
        """Whether the run goes to more threads where they are faster, up to all cores."""
        return self._threads is not None

    def begin(self, experiment: Experiment, turns: tuple[Turn, ...] = ()) -> None:
        """Start afresh, on the same device."""
        loaded = load(experiment)
        self._began, experiment, self.origin = loaded.given, loaded.experiment, loaded.origin
        self.trainer = Trainer(experiment, self.device, loaded.source)
        self._threads = build_tuner(self.trainer)
        self._pass_seconds = 0.0  # that the pass under way has taken so far
        self.probe = Probe(self.trainer)
        training = experiment.training
        self.branch = Branch(
            name="main",
            states=States(self._history),
            turns=[Turn(tick=0, training=training)],
            epochs=training.epochs,
        )
        self.branches = [self.branch]
        self.notice = ""
        self.lost = False  # the last loss was no number
        self.stopped: list[Hit] = []  # breakpoints that the last tick came to
        self.early = ""  # why it stopped early, where it has
        self.changes = 0  # counts the ways of learning that have taken effect
        self._watch = Watch(experiment.run.until)
        self.remembers = 0 < state_bytes(self.trainer) <= self._history
        if self._history and not self.remembers:
            self.notice = (
                f"No way back: one state takes {state_bytes(self.trainer) / 2**20:,.0f} MB, and --history allows "
                f"{self._history / 2**20:,.0f} MB."
            )
        self._recorder, self._judge = Recorder(self.trainer), Judge(self.trainer)
        self._rate, self._remaining = Rate(self._clock), Remaining(self._clock)
        self._planned = [checked_turn(experiment, turn) for turn in turns]
        self._follow_plan()

    @property
    def experiment(self) -> Experiment:
        """The experiment as it runs at this tick."""
        return self.trainer.experiment

    @property
    def losses(self) -> Series:
        """One for each update of this branch."""
        return self.branch.losses

    @property
    def character_losses(self) -> Series:
        """One for each character tick of this branch."""
        return self.branch.character_losses

    @property
    def predictions(self) -> Predictions:
        """The distinct predictions of this branch."""
        return self.branch.predictions

    @property
    def epochs(self) -> int:
        """Where it stops; 0: never. Played on past it, this grows."""
        return self.branch.epochs

    @epochs.setter
    def epochs(self, epochs: int) -> None:
        self.branch.epochs = epochs

    @property
    def done(self) -> bool:
        """Whether the epochs asked for are over."""
        trainer = self.trainer
        return bool(self.epochs) and trainer.epoch >= self.epochs * trainer.task.batches and trainer.at_end_of_pass

    @property
    def epoch(self) -> int:
        """The epoch that the last tick belongs to, from 1; 0 before the first. Of a text it has many passes."""
        return -(-self.trainer.epoch // self.trainer.task.batches)

    @property
    def at_end_of_epoch(self) -> bool:
        """Whether the last tick completed a pass over all of the data."""
        return self.trainer.at_end_of_pass and self.trainer.epoch % self.trainer.task.batches == 0

    @property
    def watched_loss(self) -> float | None:
        """What early stopping goes by, of the epoch that has just ended: what is held out, or what is learnt."""
        judged = self.branch.held_out.regular()
        learnt = self.trainer.watched_loss
        if learnt is None or judged is None:
            summed = self.experiment.data.text and self.experiment.training.reduction == "sum"
            return learnt / self.trainer.length if summed and learnt is not None else learnt
        return judged.loss

    @property
    def whole_passes(self) -> int:
        """Passes that are over at this tick."""
        return self.trainer.epoch if self.trainer.at_end_of_pass else max(0, self.trainer.epoch - 1)

    def tick(self) -> bool:
        """One tick. False where the run must hold: done, at a breakpoint, or its loss is no longer a number."""
        self.finish_tick()
        trainer, branch = self.trainer, self.branch
        self._forget_why()
        again = trainer.ticks < branch.newest
        began = self._clock()
        self._prepare_tick()
        ready = self._clock()
        trainer.tick()
        now = self._clock()
        branch.states.spent(now - began)
        if self._threads is not None:
            self._pass_seconds += now - ready
            if trainer.at_end_of_pass:
                self._threads.pass_took(self._pass_seconds)
                self._pass_seconds = 0.0
        return self._after_tick(again=again)

    def _forget_why(self) -> None:
        """It goes on: why it held is of the past."""
        self.notice, self.lost, self.early = "", False, ""
        self.stopped.clear()

    @property
    def is_held(self) -> bool:
        """Whether a tick is held at a phase that is not its last."""
        return self.probe.motion is not None and not self.probe.motion.is_last

    def next_phase(self) -> bool:
        """One phase of a tick, and hold there. False where the run must hold: see tick()."""
        motion = self.probe.motion
        self._judge.stop()
        if motion is None or not self.is_held:
            self._forget_why()
            if not self.trainer.has_update:
                self._keep_state()
            motion = self.probe.motion = Motion(self.trainer)
        self._drive(motion, motion.step)
        return not (motion.is_last and self.notice)

    def finish_tick(self) -> bool:
        """Do what is left of a tick that is held at a phase. Whether there was anything left to do."""
        motion = self.probe.motion
        unfinished = motion is not None and not motion.complete
        if motion is not None and unfinished:
            self._drive(motion, motion.finish)
        self.probe.motion = None
        return unfinished

    def _drive(self, motion: Motion, go_on: Callable[[], None]) -> None:
        if motion.complete:
            go_on()
            return
        again = self.trainer.ticks < self.branch.newest
        go_on()
        if motion.now.kind == "update":
            self._keep_state()
        if motion.complete:
            self._after_tick(again=again)

    def _after_tick(self, *, again: bool) -> bool:
        """What becomes known with a tick. False where the run must hold."""
        trainer, branch = self.trainer, self.branch
        self._rate.count()
        if again:
            self._take_turns()
        else:
            branch.newest = trainer.ticks
            if trainer.at_end_of_pass:
                branch.ends.append(trainer.ticks)
            self._record()
            if self._judge.is_due:
                self.drain()
                with on_one_thread(self._threads):
                    self._judge.judge_part(branch)
            if self.pass_over is not None and trainer.at_end_of_pass:
                self.pass_over()
            self.stopped += self._watch.at_tick(trainer.ticks, self.epoch if self.at_end_of_epoch else None)
            if self.stopped and not self.notice:
                self.notice = f"Paused at tick {trainer.ticks:,}, epoch {self.epoch:,}: {told(self.stopped)}."
            if self.experiment.training.patience and self.at_end_of_epoch:
                self._lose_patience()
            self._follow_plan()
        if self.done and not self.lost:
            self._end(beyond=self._watch.goes_past(trainer.ticks))
        return not self.notice

    def _lose_patience(self) -> None:
        """Hold, where the loss has not become better for long: but not where the epochs end, or a tick lies ahead."""
        trainer, patience = self.trainer, self.experiment.training.patience
        loss = self.watched_loss
        if loss is None:
            return
        best = self.branch.best = self.branch.best.after(loss, self.epoch)
        if not best.is_over(self.epoch, patience) or self.done or self.lost:
            return
        if self._watch.goes_past(trainer.ticks):
            self.branch.best = best.anew(self.epoch)
            return
        self.early = best.told(patience)
        self.notice = f"{self.notice} Stopped: {self.early}. Space plays on.".lstrip()

    def _end(self, *, beyond: bool) -> None:
        """The epochs are over: hold and say so; or allow as many again, where a later tick is to be reached."""
        if beyond:
            self.epochs = self.epoch + self.experiment.training.epochs
            return
        self.notice = f"{self.notice} {self._done_words}".lstrip()
        self._judge.begin_whole(self.branch)

    @property
    def held_out_characters(self) -> int:
        """All characters, or numbers, that are held out and have to be said."""
        return self._judge.characters

    @property
    def _done_words(self) -> str:
        epochs = f"{self.epoch:,} epochs are" if self.epoch > 1 else "The epoch is"
        return f"{epochs} done. Space plays on."

    @property
    def judges_every(self) -> int:
        """Updates from one judgement of what is held out to the next; 0: nothing is."""
        return self._judge.every

    @property
    def is_judging(self) -> bool:
        """Whether the run is over, and all that is held out has not been judged yet."""
        return self._judge.is_busy

    def judge(self, seconds: float = math.inf) -> None:
        """Go on judging all that is held out, for about so long."""
        was_busy = self._judge.is_busy
        with on_one_thread(self._threads):
            self._judge.go_on(seconds, self._clock)
        if was_busy and not self._judge.is_busy and self.pass_over is not None:
            self.pass_over()

    def _prepare_tick(self) -> None:
        """What comes between two ticks: the update, and a state to come back to."""
        self._judge.stop()
        self._keep_state()

    def _keep_state(self) -> None:
        trainer, branch = self.trainer, self.branch
        if self.remembers and (trainer.at_end_of_pass or not trainer.ticks) and branch.states.wants(trainer.ticks):
            trainer.finish_update()
            branch.states.keep(take(trainer))

    def _record(self) -> None:
        """Keep what the tick that has just been done has said."""
        if not self.trainer.learns:
            return
        at_once = self.device.type == "cpu"
        self._recorder.record(self.branch, prediction=at_once or self._watch.learnt)
        if at_once or self._watch.losses or self._recorder.is_full:
            self.drain()

    def drain(self) -> None:
        """Fetch the losses that wait on the device, and look whether they still are numbers."""
        hits, problem = self._recorder.drain(self.branch, self._watch)
        self.stopped += hits
        if problem and not self.notice:
            self.lost, self.notice = True, problem

    def note_prediction(self) -> None:
        """Keep the prediction of this pass, if it is a new one."""
        self._recorder.note_prediction(self.branch)

    def play_on(self) -> None:
        """Allow as many epochs again, once they are over."""
        if self.done and self.trainer.ticks == self.branch.newest:
            self.epochs = self.epoch + self.experiment.training.epochs
        if self.trainer.ticks == self.branch.newest:
            self._be_patient()
        self.notice = self.early = ""

    @property
    def planned(self) -> tuple[Turn, ...]:
        """What is still to be changed on the way."""
        return tuple(self._planned)

    def go_on(self, branch: Branch, state: Snapshot, turns: tuple[Turn, ...] = ()) -> None:
        """Stand at the newest tick of a branch that was begun elsewhere, a pass or less after that state of it.

        `turns` are changes to come.
        """
        if self.remembers:
            branch.states.keep(take(self.trainer))
        self.branch, self.branches = branch, [branch]
        self._configure(branch.training_at(state.ticks))
        restore(self.trainer, state)
        while self.trainer.ticks < branch.newest:
            self.trainer.tick()
            self._take_turns()
        patience, best, changes = self.experiment.training.patience, self.branch.best, self.changes
        early = patience > 0 and self.at_end_of_epoch and best.is_over(self.epoch, patience)
        if early:  # it has stopped there; where it goes on, it is as patient as at first
            self._be_patient()
        self._planned = [checked_turn(self.experiment, turn) for turn in turns]
        self._follow_plan()
        problem = no_number(self.branch, self.epoch)
        if problem:
            self.lost, self.notice = True, problem
        elif self.done:
            self.notice = self._done_words
        elif early and self.changes == changes:
            self.early = best.told(patience)
            self.notice = f"Stopped: {self.early}. Space plays on."

    @property
    def rests(self) -> bool:
        """Whether the run has come to its end: its epochs are over, it has stopped early, or its loss is no number."""
        return self.done or self.lost or bool(self.early)

    def _be_patient(self) -> None:
        """Count patience anew, where it is over."""
        patience, best = self.experiment.training.patience, self.branch.best
        if patience and best.is_over(self.epoch, patience):
            self.branch.best = best.anew(self.epoch)

    def _follow_plan(self) -> None:
        """Make the changes that were planned for this tick."""
        while self._planned and self._planned[0].tick <= self.trainer.ticks:
            self._turn(self._planned.pop(0))

    def _turn(self, turn: Turn) -> None:
        self.drain()
        tick, asked = turn.tick, turn.training.epochs != self.experiment.training.epochs
        if tick < self.branch.newest:
            self.branch = self.branch.fork(f"fork {len(self.branches)}", tick, turn)
            self.branch.best = self._best_so_far()
            self.branches.append(self.branch)
            self._recorder.change_branch()
        else:
            if turn.training.patience and not self.experiment.training.patience:
                self.branch.best = self._best_so_far()
            self.branch.turns.append(turn)
        epochs = turn.training.epochs
        allowed = (
            self.epoch if asked else self.branch.epochs
        )  # as many as were played on to, unless others are asked for
        self.branch.epochs = max(allowed, epochs) if epochs else 0
        self._apply(turn)

    def _best_so_far(self) -> Best:
        return best_of(self.branch.watched_losses(self.trainer.task.batches))

    def _take_turns(self) -> None:
        """Change what was changed at this tick."""
        for turn in self.branch.turns_at(self.trainer.ticks):
            self._apply(turn)

    def _apply(self, turn: Turn) -> None:
        self.changes += 1
        self._configure(turn.training)
        if turn.reseed:
            torch.manual_seed(turn.training.seed)

    def _configure(self, training: Training) -> None:
        if training != self.trainer.experiment.training:
            self.trainer.reconfigure(training)


def checked_turn(experiment: Experiment, turn: Turn) -> Turn:
    """The turn, where that network can learn so: it may come over a wire. Raises ExperimentError."""
    changed = msgspec.structs.replace(experiment, training=turn.training)
    for each in SETTINGS:
        if not each.fork and each.of(changed) != each.of(experiment):
            raise ExperimentError(each.path, "cannot change on the way: begin another run")
    return msgspec.structs.replace(turn, training=from_dict(to_dict(changed)).training)
