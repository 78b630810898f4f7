"""What a view is opened on: an experiment and how it is run, and how the view behaves."""

import msgspec

from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.save_options import SaveOptions
from rnn_tui.protocol.subject import Subject
from rnn_tui.tours.tour import Tour
from rnn_tui.view.model.settings import ViewSettings

__all__ = ["LaunchOptions"]


class LaunchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a view shows first. Of a run that it joins, the experiment and the subject alone count."""

    experiment: Experiment
    subject: Subject | None = None  # a script that is watched, as far as it is known before its first frame
    comparison: Comparison | None = None  # many networks, in place of the experiment alone, which is its base
    stops_when_learnt: bool = False  # one of them that has learnt it stands still
    changes: tuple[Change, ...] = ()  # changes to come
    history: int = HISTORY  # bytes for going back, for each branch
    paused: bool = False
    keep: SaveOptions | None = None  # on the disk; None: nowhere
    may_keep: bool = True  # also where nobody asked for it: when the last view has gone
    tour: Tour | None = None  # through which the view leads; its first step has the experiment
    view_settings: ViewSettings = ViewSettings()
