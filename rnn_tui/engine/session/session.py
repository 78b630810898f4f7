"""A run as people drive it: play, hold, go back, fork, begin again. The same with a view and without."""

import msgspec

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.session.progress import Forward, checked_turn
from rnn_tui.engine.training.batches_on_device import LongTask, SeriesTask
from rnn_tui.engine.training.breakpoint_watch import Watch
from rnn_tui.engine.training.prediction import right_rows, said, scored
from rnn_tui.engine.training.snapshot import restore
from rnn_tui.engine.training.threads import on_one_thread
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame import BranchCurve, Curve, SeriesScale, Status
from rnn_tui.protocol.frame_request import CurveWanted

__all__ = ["HistoryError", "Session"]

_MOST_CURVES = 6  # of other branches, in a chart
_BEGINNING = 300  # ticks during which a notice about the data stands
_SHORT = 4_000  # characters or values below which nothing may be held out unless it is asked for
_LONGEST_RUN = 10.0  # seconds that going to a tick may take


class HistoryError(ValueError):
    """A tick that cannot be gone to; the text says which can."""


class Session(Forward):
    """A run with its past and its branches: what there is to know of it, and the ways back and elsewhere."""

    # ---- what is known ----------------------------------------------------------------------------------------

    def status(self, *, playing: bool, speed: float, slow: float = 0.0) -> Status:
        """Where the run is now."""
        self.drain()
        trainer, motion = self.trainer, self.probe.motion
        total = trainer.total if motion is None or motion.complete else motion.running
        running = None
        if total is not None and not trainer.at_end_of_pass:
            mean = self.experiment.training.reduction == "mean" or self.experiment.data.per_character
            said = trainer.task.said_by(trainer.fed) if mean else 1
            running = total.item() / said if said else None
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
            lr=trainer.lr,
            seconds_left=self._seconds_left(playing=playing, speed=speed, slow=slow),
            slow=slow,
            notice=self.notice or self._about_data(),
        )

    def _about_data(self) -> str:
        """At its beginning: how the file of a series was understood, and that nothing of short data is held out."""
        task = self.trainer.task
        if self.trainer.ticks > _BEGINNING:
            return ""
        cautions = task.series.cautions if isinstance(task, SeriesTask) else ()
        told = [safe(f"{each[0].upper()}{each[1:]}.") for each in cautions]
        return " ".join(filter(None, [*told, self._unjudged()]))

    def _unjudged(self) -> str:
        """That a short text or series is judged by nothing that it has not learnt."""
        task = self.trainer.task
        if not isinstance(task, LongTask) or task.plan.held_out or not self.trainer.learns:
            return ""
        if task.plan.learnt >= _SHORT:
            return ""
        what = "series" if self.experiment.is_numbers else "text"
        return f"Nothing of this short {what} is held out: --holdout 0.1 keeps a tenth away from learning."

    def _seconds_left(self, *, playing: bool, speed: float, slow: float) -> float | None:
        """Until the epochs are over, as long as it plays on like this."""
        trainer = self.trainer
        if not playing or slow or not self.epochs:
            self._remaining.rest()
            return None
        done = max(0, trainer.epoch - 1) + trainer.fed / trainer.length
        pace = speed / (trainer.length if trainer.unit == "character" else 1)
        return self._remaining.seconds(done, self.epochs * trainer.task.batches, pace)

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
        """What the last whole pass predicts, filler too, the rows apart by a space; of numbers nothing."""
        trainer = self.trainer
        if not trainer.at_end_of_pass or not trainer.logits or self.experiment.is_numbers:
            return ""
        return trainer.task.text(said(trainer))

    def right_rows(self) -> int:
        """Return in how many rows the last whole pass says everything that is scored."""
        return right_rows(self.trainer)

    def scored_rows(self) -> list[tuple[str, str]]:
        """Return what the last whole pass predicts in each row and what is right, at the steps that are scored."""
        trainer = self.trainer
        target = trainer.task.scored
        if not trainer.at_end_of_pass or not trainer.logits or self.experiment.is_numbers or target is None:
            return []
        predicted, text = scored(trainer), trainer.task.text
        return [(text(predicted[:, row : row + 1]), text(target[:, row : row + 1])) for row in range(target.shape[1])]

    def judge_last(self) -> bool:
        """Judge what is held out for the newest weights, as it is judged every so many updates, since the run is left.

        Whether that was not known yet. Nothing of the run hangs on it but which weights are its best.
        """
        trainer = self.trainer
        if self.lost or self.is_held or trainer.ticks < self.branch.newest:
            return False
        if not trainer.learns or not trainer.epoch or not trainer.at_end_of_pass:
            return False
        self.drain()
        with on_one_thread(self._threads):
            return not self.lost and self._judge.judge_last(self.branch)

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

    # ---- back, and elsewhere ----------------------------------------------------------------------------------

    def go_to(self, tick: int) -> None:
        """Stand at a tick of this branch, to the bit as it was. Raises HistoryError where that cannot be done."""
        self.finish_tick()
        self.drain()
        trainer, branch = self.trainer, self.branch
        tick = min(max(tick, 0), branch.newest)
        self.notice = ""
        self._judge.stop()
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
        self._recorder.change_branch()
        newest = self.branch.newest
        self.trainer.ticks = -1  # wherever it stands, it is not on this branch
        self.go_to(newest)
