"""A run as people drive it: play, hold, go back, fork, begin again. The same with a view and without."""

import math
import time
from collections.abc import Callable, Iterator

import msgspec
import torch

from rnn_tui.engine.devices import choose_device
from rnn_tui.engine.history import Predictions, Series
from rnn_tui.engine.holdout import HoldOut, Score
from rnn_tui.engine.motion import Motion
from rnn_tui.engine.probe import Probe
from rnn_tui.engine.rate import Rate
from rnn_tui.engine.reading import read
from rnn_tui.engine.snapshot import restore, state_bytes, take
from rnn_tui.engine.tasks import SeriesTask
from rnn_tui.engine.timeline import Branch, States
from rnn_tui.engine.trainer import Trainer
from rnn_tui.engine.watch import Hit, Watch, told
from rnn_tui.experiment import Experiment, ExperimentError, Tick, Training
from rnn_tui.protocol import HISTORY, BranchCurve, Curve, CurveWanted, SeriesScale, Status, Turn
from rnn_tui.rules import from_dict, to_dict

__all__ = ["HistoryError", "Session", "checked_turn"]

_DRAIN_EVERY = 64  # ticks whose losses may wait on a GPU, so that training need not wait for them
_MOST_CURVES = 6  # of other branches, in a chart
_LONGEST_RUN = 10.0  # seconds that going to a tick may take


class HistoryError(ValueError):
    """A tick that cannot be gone to; the text says which can."""


class Session:
    """One experiment under way, with its past and its branches. Raises ExperimentError for one that cannot run here.

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
        self._history = history
        self.device = choose_device(read(experiment).experiment)
        self.begin(experiment, turns)

    def begin(self, experiment: Experiment, turns: tuple[Turn, ...] = ()) -> None:
        """Start afresh, on the same device."""
        reading = read(experiment)
        self._began, experiment = reading.given, reading.experiment
        self.trainer = Trainer(experiment, self.device, reading.source)
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
        self.changes = 0  # counts the ways of learning that have taken effect
        self._watch = Watch(experiment.run.until)
        self.remembers = 0 < state_bytes(self.trainer) <= self._history
        if self._history and not self.remembers:
            self.notice = (
                f"No way back: one state takes {state_bytes(self.trainer) / 2**20:,.0f} MB, and --history allows "
                f"{self._history / 2**20:,.0f} MB."
            )
        self._waiting: list[tuple[bool, torch.Tensor, int, int]] = []  # losses on the device: of which tick and epoch
        self._last_prediction: torch.Tensor | None = None
        self._hold_out = HoldOut(self.trainer) if experiment.data.holdout else None
        self._judging: tuple[Score, Iterator[None]] | None = None  # the whole of what is held out
        self._rate = Rate(self._clock)
        self._planned = [checked_turn(experiment, turn) for turn in turns]
        self._follow_plan()

    # ---- what is known ----------------------------------------------------------------------------------------

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
    def whole_passes(self) -> int:
        """Passes that are over at this tick."""
        return self.trainer.epoch if self.trainer.at_end_of_pass else max(0, self.trainer.epoch - 1)

    def status(self, *, playing: bool, speed: float, slow: float = 0.0) -> Status:
        """Where the run is now."""
        self.drain()
        trainer, motion = self.trainer, self.probe.motion
        total = trainer.total if motion is None or motion.complete else motion.running
        running = None
        if total is not None and not trainer.at_end_of_pass:
            mean = self.experiment.training.reduction == "mean" or self.experiment.data.source
            running = total.item() / (trainer.fed if mean else 1)
        return Status(
            tick=trainer.ticks,
            newest=self.branch.newest,
            branch=self.branch.name,
            branches=len(self.branches),
            epochs=self.epochs,
            epoch=self.epoch,
            batch=(trainer.epoch - 1) % trainer.task.batches + 1,
            batches=trainer.task.batches,
            fed=self.probe.answered,
            loss=self.losses.at(self.whole_passes - 1),
            running_loss=running,
            state="playing" if playing else "done" if self.done else "paused",
            speed=speed,
            ticks_per_second=self._rate.per_second() if playing else 0.0,
            lr=self.experiment.training.lr,
            slow=slow,
            notice=self.notice,
        )

    def character_curve(self, wanted: CurveWanted) -> Curve | None:
        """The losses of single characters, where every tick has been a character."""
        self.drain()
        if not 0 < len(self.character_losses) == self.branch.newest:
            return None
        step = 1 / self.trainer.length
        return self.character_losses.envelope(wanted.columns, first_x=step, step_x=step, log_x=wanted.log_x)

    def other_curves(self, wanted: CurveWanted) -> tuple[BranchCurve, ...]:
        """The losses of the other branches, the newest of them."""
        others = [each for each in self.branches if each is not self.branch and len(each.losses)]
        return tuple(
            BranchCurve(name=each.name, curve=each.losses.envelope(wanted.columns, log_x=wanted.log_x))
            for each in others[-_MOST_CURVES:]
        )

    @property
    def learnt(self) -> int | None:
        """The epoch at which the prediction was first right, once that has come."""
        epoch = self.predictions.learnt
        return epoch if epoch is not None and epoch <= self.whole_passes else None

    @property
    def scale(self) -> SeriesScale | None:
        """What a series is called, and how it is standardised."""
        task = self.trainer.task
        if not isinstance(task, SeriesTask):
            return None
        return SeriesScale(name=task.series.name, mean=task.scale.mean, deviation=task.scale.deviation)

    def prediction(self) -> str:
        """What the last whole pass predicts, the rows apart by a space; of numbers nothing."""
        trainer = self.trainer
        if not trainer.at_end_of_pass or not trainer.logits or self.experiment.is_numbers:
            return ""
        return trainer.task.text(torch.cat(trainer.logits).argmax(-1))

    def with_seed(self, seed: int) -> Experiment:
        """The experiment as it began, with another seed."""
        training = msgspec.structs.replace(self._began.training, seed=seed)
        return from_dict(to_dict(msgspec.structs.replace(self._began, training=training)))

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What has been changed on this branch since tick 0."""
        return tuple(self.branch.turns[1:])

    @property
    def began(self) -> Experiment:
        """The experiment as it was at tick 0."""
        return self._began

    # ---- forward ----------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """One tick. False where the run must hold: done, at a breakpoint, or its loss is no longer a number."""
        self.finish_tick()
        trainer, branch = self.trainer, self.branch
        self.notice, self.lost = "", False
        self.stopped.clear()
        again = trainer.ticks < branch.newest
        began = self._clock()
        self._prepare_tick()
        trainer.tick()
        branch.states.spent(self._clock() - began)
        return self._after_tick(again=again)

    @property
    def is_held(self) -> bool:
        """Whether a tick is held at a phase that is not its last."""
        return self.probe.motion is not None and not self.probe.motion.is_last

    def next_phase(self) -> bool:
        """One phase of a tick, and hold there. False where the run must hold: see tick()."""
        motion = self.probe.motion
        self._judging = None
        if motion is None or not self.is_held:
            self.notice, self.lost = "", False
            self.stopped.clear()
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
            if self._hold_out and trainer.at_end_of_pass and self._hold_out.wants(trainer.epoch):
                self._judge_part(self._hold_out)
            self.stopped += self._watch.at_tick(trainer.ticks, self.epoch if self.at_end_of_epoch else None)
            if self.stopped and not self.notice:
                self.notice = f"Paused at tick {trainer.ticks:,}, epoch {self.epoch:,}: {told(self.stopped)}."
            self._follow_plan()
        if self.done and not self.lost:
            self._end(beyond=self._watch.goes_past(trainer.ticks))
        return not self.notice

    def _end(self, *, beyond: bool) -> None:
        """The epochs are over: hold and say so; or allow as many again, where a later tick is to be reached."""
        if beyond:
            self.epochs = self.epoch + self.experiment.training.epochs
            return
        epochs = f"{self.epoch:,} epochs are" if self.epoch > 1 else "The epoch is"
        self.notice = f"{self.notice} {epochs} done. Space plays on.".lstrip()
        newest = self.branch.held_out.newest()
        if self._hold_out and not (newest and newest.whole and newest.update == self.trainer.epoch):
            score = Score()
            self._judging = score, self._hold_out.judge(score, whole=True)

    @property
    def judges_every(self) -> int:
        """Updates from one judgement of what is held out to the next; 0: nothing is."""
        return self._hold_out.every if self._hold_out else 0

    @property
    def is_judging(self) -> bool:
        """Whether the run is over, and all that is held out has not been judged yet."""
        return self._judging is not None

    def judge(self, seconds: float = math.inf) -> None:
        """Go on judging all that is held out, for about so long."""
        until = self._clock() + seconds
        while self._judging is not None and self._clock() < until:
            score, pieces = self._judging
            if next(pieces, pieces) is pieces:
                self._judging = None
                self._judged(score, whole=True, part=False)

    def _judge_part(self, hold_out: HoldOut) -> None:
        """The part of what is held out that is judged every time."""
        self.drain()
        score = Score()
        for _ in hold_out.judge(score):
            pass
        self._judged(score, whole=hold_out.part_is_whole, part=True)

    def _judged(self, score: Score, *, whole: bool, part: bool) -> None:
        self.branch.held_out.add(
            update=self.trainer.epoch,
            loss=score.nats / score.characters,
            accuracy=score.right / score.characters,
            characters=score.characters,
            whole=whole,
            part=part,
        )

    def _prepare_tick(self) -> None:
        """What comes between two ticks: the update, and a state to come back to."""
        self._judging = None
        self._keep_state()

    def _keep_state(self) -> None:
        trainer, branch = self.trainer, self.branch
        if self.remembers and (trainer.at_end_of_pass or not trainer.ticks) and branch.states.wants(trainer.ticks):
            trainer.finish_update()
            branch.states.keep(take(trainer))

    def _record(self) -> None:
        """Keep the losses of the tick that has just been done."""
        trainer = self.trainer
        if not trainer.learns:
            return
        if trainer.loss is not None and trainer.unit == "character":
            self._waiting.append((False, trainer.loss, trainer.ticks, trainer.epoch))
        if trainer.at_end_of_pass and trainer.total is not None:
            long = bool(self.experiment.data.source)  # its losses are those of a step, however they are added up
            summed = long and self.experiment.training.reduction == "sum"
            total = trainer.total / trainer.length if summed else trainer.total
            self._waiting.append((True, total, trainer.ticks, trainer.epoch))
            if self.device.type == "cpu" or self._watch.learnt:
                self.note_prediction()
        if self.device.type == "cpu" or self._watch.losses or len(self._waiting) >= _DRAIN_EVERY:
            self.drain()

    def drain(self) -> None:
        """Fetch the losses that wait on the device, and look whether they still are numbers."""
        for is_update, loss, tick, epoch in self._waiting:
            value = loss.item()
            series = self.losses if is_update else self.character_losses
            before = series.last()
            series.append(value)
            if is_update:
                self.branch.held_out.learnt(value)
            if is_update and self._watch.losses:
                self.stopped += self._watch.at_update(before, value, learnt=self.predictions.learnt == epoch)
            if not math.isfinite(value) and not self.notice:
                self.lost = True
                kind = "NaN (not a number)" if math.isnan(value) else "infinite"
                self.notice = (
                    f"The loss turned {kind} at tick {tick:,}, epoch {-(-epoch // self.trainer.task.batches):,}: "
                    "try a smaller learning rate, or --clip 1."
                )
        self._waiting.clear()

    def note_prediction(self) -> None:
        """Keep the prediction of this pass, if it is a new one."""
        trainer, task = self.trainer, self.trainer.task
        if not trainer.at_end_of_pass or task.targets is None or task.batches > 1 or self.experiment.is_numbers:
            return
        prediction = torch.cat(trainer.logits).argmax(-1).cpu()  # (T, N)
        if self._last_prediction is not None and torch.equal(prediction, self._last_prediction):
            return
        self._last_prediction = prediction
        self.predictions.add(task.text(prediction), trainer.epoch, torch.equal(prediction, task.targets.cpu()))

    def play_on(self) -> None:
        """Allow as many epochs again, once they are over."""
        if self.done and self.trainer.ticks == self.branch.newest:
            self.epochs = self.epoch + self.experiment.training.epochs
        self.notice = ""

    # ---- back, and elsewhere ----------------------------------------------------------------------------------

    def go_to(self, tick: int) -> None:
        """Stand at a tick of this branch, to the bit as it was. Raises HistoryError where that cannot be done."""
        self.finish_tick()
        self.drain()
        trainer, branch = self.trainer, self.branch
        tick = min(max(tick, 0), branch.newest)
        self.notice = ""
        self._judging = None
        if tick == trainer.ticks:
            return
        state = branch.states.before(tick)
        if state is None:
            raise HistoryError("There is no way back: no states are kept (--history).")
        onward = trainer.ticks if state.ticks <= trainer.ticks < tick else state.ticks
        if onward == state.ticks:
            self._configure(branch.training_at(state.ticks))
            restore(trainer, state)  # it holds what had been changed by then, but at tick 0 what is changed there
            if state.ticks == 0:
                self._take_turns()
        if tick == 0:
            trainer.return_to(0, 0)
        deadline = self._clock() + _LONGEST_RUN
        while trainer.ticks < tick:
            self._prepare_tick()
            trainer.tick()
            self._take_turns()
            if self._clock() > deadline and trainer.ticks < tick:
                self.notice = f"Tick {tick:,} is too far from a kept state: this is tick {trainer.ticks:,}."
                return
        if self.device.type != "cpu":
            self.notice = "Run again on a GPU: the last digits may differ from the first time."

    @property
    def _stretch(self) -> int:
        """Passes that shift+→ goes through: by character one, by sequence an epoch."""
        return 1 if self.trainer.unit == "character" else self.trainer.task.batches

    @property
    def at_end_of_stretch(self) -> bool:
        """Whether shift+→ would hold here."""
        return self.trainer.at_end_of_pass and self.trainer.epoch % self._stretch == 0

    def end_of_stretch_before(self) -> int:
        """The tick at which the pass before this one ended, or the epoch; 0: there is none."""
        ended = self.whole_passes - (1 if self.trainer.at_end_of_pass else 0)
        ended -= ended % self._stretch
        return self.branch.ends[ended - 1] if ended > 0 else 0

    def learn(self, training: Training, *, reseed: bool = False) -> None:
        """Learn in another way from this tick on. From a tick in the past this is another branch.

        Raises ExperimentError where the network cannot learn so. What was planned is off, since all has changed.
        """
        self.finish_tick()
        tick = self.trainer.ticks
        turn = checked_turn(self.experiment, Turn(tick=tick, training=training, reseed=reseed))
        self._turn(turn)
        if self._planned:
            self._planned.clear()
            self.notice = "What --fork was to change later is off."

    def watch(self, until: tuple[str, ...]) -> None:
        """Other breakpoints from now on. Raises ExperimentError for one that is none."""
        run = msgspec.structs.replace(self._began.run, until=until)
        self._began = from_dict(to_dict(msgspec.structs.replace(self._began, run=run)))
        self._watch = Watch(self._began.run.until)
        self.trainer.experiment = msgspec.structs.replace(self.experiment, run=self._began.run)

    @property
    def heads_for_a_tick(self) -> bool:
        """Whether a breakpoint names a tick that is still to come."""
        return self._watch.goes_past(self.trainer.ticks)

    def _follow_plan(self) -> None:
        """Make the changes that were planned for this tick."""
        while self._planned and self._planned[0].tick <= self.trainer.ticks:
            self._turn(self._planned.pop(0))

    def _turn(self, turn: Turn) -> None:
        self.drain()
        tick = turn.tick
        if tick < self.branch.newest:
            self.branch = self.branch.fork(f"fork {len(self.branches)}", tick, turn)
            self.branches.append(self.branch)
            self._last_prediction = None
        else:
            self.branch.turns.append(turn)
        epochs = turn.training.epochs
        self.branch.epochs = max(self.branch.epochs, epochs) if epochs else 0
        self._apply(turn)

    def set_tick(self, unit: Tick) -> None:
        """By character or by sequence from now on. Raises ExperimentError where the network cannot."""
        self.learn(msgspec.structs.replace(self.experiment.training, tick=unit))

    def next_branch(self) -> None:
        """On to the newest tick of the next branch, if there is another."""
        if len(self.branches) == 1:
            return
        self.finish_tick()
        self.drain()
        self.branch = self.branches[(self.branches.index(self.branch) + 1) % len(self.branches)]
        self._last_prediction = None
        newest = self.branch.newest
        self.trainer.ticks = -1  # wherever it stands, it is not on this branch
        self.go_to(newest)

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
    if turn.training.learn != experiment.training.learn:
        raise ExperimentError("training.learn", "cannot change on the way: begin another run")
    changed = msgspec.structs.replace(experiment, training=turn.training)
    return msgspec.structs.replace(turn, training=from_dict(to_dict(changed)).training)
