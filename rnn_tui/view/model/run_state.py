"""What the view knows of its run: what it asks the engine to open, and what the engine has said of it since."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open, SaveOptions
from rnn_tui.protocol.engine_messages import Frame, Left, Opened
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.key import Key
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.offers import groups_for, why_refused
from rnn_tui.view.model.ranks import has_ranks

__all__ = ["RunState"]


class RunState:
    """The run of one view, without a widget: the experiment, the newest frame, and how the view is left."""

    def __init__(self, launch: LaunchOptions) -> None:
        self._launch = launch
        self._save = launch.keep
        self._changes: tuple[Change, ...] = launch.changes
        self._field: OpenField | None = None  # many networks, in place of the experiment alone
        if launch.comparison is not None:
            self._field = OpenField(
                comparison=launch.comparison,
                play=not launch.paused,
                stops_when_learnt=launch.stops_when_learnt,
                keep=launch.keep,
                may_keep=launch.may_keep,
            )
        self.experiment = launch.experiment  # the one to open until the engine has opened one
        self.paused = launch.paused  # open without playing
        self.opened: Opened | None = None  # the description of the run on the screen
        self.ranks: tuple[RankFigures, ...] = ()  # of a script that is watched, from the notes of each
        self.frame: Frame | None = None  # the newest one
        self.asked_speed: float | None = None  # until a frame has it: keys may come faster than frames
        self.ends_with_view = False  # the user has said that the run ends when the view does
        self.keeping: set[int] = set()  # networks of a field that the engine has been asked to keep
        self._going: int | None = None  # networks of the field on the screen that have not come to their end
        self.was_interrupted = False  # by this view, which is left when the script that is watched has ended
        self.left: Left | None = None  # the engine's goodbye
        self.died = ""  # how the engine ended, if the user did not start another

    @property
    def tick(self) -> int:
        """The tick on the screen."""
        return 0 if self.frame is None else self.frame.status.tick

    @property
    def held(self) -> bool:
        """Whether the run is paused or done; before the first frame, whether it starts paused."""
        return self.paused if self.frame is None else self.frame.status.state != "playing"

    @property
    def is_slow(self) -> bool:
        """Whether it goes by phases: in slow motion, or held inside a tick."""
        return self.frame is not None and (self.frame.status.slow > 0 or self.frame.phase is not None)

    @property
    def watches(self) -> bool:
        """Whether another view has the controls."""
        return self.frame is not None and not self.frame.controls

    @property
    def subject(self) -> Subject | None:
        """The script that is watched; None: it is rnn-tui's own training."""
        return self._launch.subject if self.opened is None else self.opened.subject

    @property
    def in_field(self) -> bool:
        """Whether many networks learn at once."""
        return self._field is not None if self.opened is None else self.opened.field is not None

    @property
    def has_ranks(self) -> bool:
        """Whether several processes share each batch."""
        return has_ranks(self.experiment, self.subject, self.frame) and not self.in_field

    def key_groups(self) -> Mapping[str, Sequence[Key]]:
        """Return the keys that apply, in their groups."""
        return groups_for(self.subject, ended=self.has_ended, in_field=self.in_field, has_ranks=self.has_ranks)

    def why_refused(self, action: str) -> str:
        """Return a line that says why the key of an action does nothing; empty if it applies."""
        return why_refused(
            action,
            self.subject,
            ended=self.has_ended,
            is_back=self.is_back,
            in_field=self.in_field,
            has_ranks=self.has_ranks,
        )

    @property
    def comparison(self) -> Comparison | None:
        """What is compared where many networks learn at once; None: it is one run."""
        if self.opened is not None:
            return None if self.opened.field is None else self.opened.field.comparison
        return None if self._field is None else self._field.comparison

    @property
    def has_ended(self) -> bool:
        """Whether the script that is watched has ended; its last picture stays."""
        return self.subject is not None and self.frame is not None and self.frame.status.state == "done"

    @property
    def is_finished(self) -> bool:
        """Whether it can be left without a question: it is at its end, nothing is lost, and no other view looks at it.

        The same seeds give the networks of a field again; a run of one network must be on the disk.
        """
        opened, frame = self.opened, self.frame
        if opened is None or frame is None or frame.views > 1 or self.keeping:
            return False
        if opened.field is not None:
            return self._going == 0
        return frame.status.state == "done" and bool(opened.kept)

    @property
    def is_back(self) -> bool:
        """Whether an earlier tick than the newest is on the screen."""
        return self.frame is not None and self.frame.status.tick < self.frame.status.newest

    @property
    def learns(self) -> bool:
        """Whether the experiment trains a network; a script does."""
        return self.subject is not None or self.experiment.training.learn

    def update(self, frame: Frame) -> bool:
        """Take in a new frame; return whether it can be drawn, which it cannot before its run has been described."""
        if frame.opened is not None:
            self.opened = frame.opened.completed(self.opened)
        if frame.field is not None:
            self._going = frame.field.going
        if self.opened is None:
            return False
        self.frame = frame if self.opened.subject is None else replace(frame, ranks=self.ranks)
        self._begin(self.opened.experiment)
        if frame.status.speed == self.asked_speed:
            self.asked_speed = None
        return True

    # ---- what is opened ---------------------------------------------------------------------------------------

    def first_command(self) -> Open | OpenField:
        """Return the command that opens the experiment, or the comparison, in a new engine."""
        if self._field is not None:
            return replace(self._field, play=not self.paused)
        return Open(
            experiment=self.experiment,
            play=not self.paused,
            history=self._launch.history,
            changes=self._changes,
            keep=self._save,
            may_keep=self._launch.may_keep,
        )

    def open_instead(self, experiment: Experiment, *, play: bool = True) -> Open:
        """Return the command that opens another experiment in the place of this one."""
        keep = self._save_elsewhere()
        self._field = None
        return Open(experiment=experiment, play=play, history=self._launch.history, keep=keep)

    def open_field(self, comparison: Comparison) -> OpenField:
        """Return the command that begins a comparison in the place of this run."""
        self._field = OpenField(comparison=comparison, keep=self._save_elsewhere(), may_keep=self._launch.may_keep)
        return self._field

    def will_open(self, command: Open | OpenField) -> None:
        """Note what will be opened, so that it can be shown before the engine has."""
        self._begin(command.experiment if isinstance(command, Open) else command.comparison.base)

    def alone(self, experiment: Experiment) -> "RunState":
        """Return the state of a run of one of the networks, which is not saved."""
        launch = replace(
            self._launch, experiment=experiment, comparison=None, changes=(), paused=False, keep=None, may_keep=False
        )
        return RunState(launch)

    def begin_again(self) -> None:
        """Go on with another engine: from the last checkpoint, if there is one, or from tick 0."""
        saved = self.checkpointed()
        if saved is None:
            self._save = self._save_elsewhere()
        else:
            self.experiment = saved.began
            self._save = SaveOptions(folder=saved.kept, resume=True)
        comparison = self.comparison
        if comparison is not None:  # a view that has joined the field has not begun it
            field = self._field or OpenField(comparison=comparison)
            self._field = replace(field, comparison=comparison, keep=self._save)
        self.opened = self.frame = None

    def checkpointed(self) -> Opened | None:
        """Return the run on the screen if another engine can go on from its last checkpoint."""
        from rnn_tui.runs.kept_comparison import FIELD  # for start-up time: this is rarely asked
        from rnn_tui.runs.manifest import MANIFEST  # likewise

        opened = self.opened
        if opened is None or not opened.kept:
            return None
        name = MANIFEST if opened.field is None else FIELD
        return opened if (Path(opened.kept) / name).is_file() else None

    def _begin(self, experiment: Experiment) -> None:
        self.experiment, self._changes = experiment, ()

    def _save_elsewhere(self) -> SaveOptions | None:
        """Return how a run that is opened later is saved: in a new folder, unless the user has named one."""
        return None if self._save is None or self._save.folder else self._save
