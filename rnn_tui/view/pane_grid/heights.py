"""How the rows of a column are shared, and what the panes are arranged for: pure functions."""

from collections.abc import Sequence

from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import FieldFacts
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.pane_heights import BORDER, PaneHeights
from rnn_tui.view.panes.network import height_of
from rnn_tui.view.widgets.pane import Pane

__all__ = ["arranged_for", "have_room", "rows_of_network", "together"]


def rows_of_network(experiment: Experiment, box: int) -> int:
    """Return the rows of the unrolled network with boxes of that height."""
    return height_of(experiment, box=box)


def together(panes: Sequence[PaneHeights | None]) -> PaneHeights | None:
    """Return the rows of panes below one another that share their room in equal parts; None: they take what is left."""
    known = [pane for pane in panes if pane is not None]
    if len(known) == 1 and len(panes) == 1:
        return known[0]
    if not known:
        return None
    forms = [max(pick(pane.forms) for pane in known) for pick in (max, min)]
    return PaneHeights([len(panes) * form + (len(panes) - 1) * BORDER for form in forms])


def have_room(experiment: Experiment, below: Sequence[Pane], height: int) -> bool:
    """Tell whether panes stand in so many rows below a network with the lowest boxes."""
    needs = together([pane.heights(experiment) for pane in below])
    return needs is None or height_of(experiment, box=1) + min(needs.forms) + 2 * BORDER <= height


def arranged_for(experiment: Experiment, subject: Subject | None, field: FieldFacts | None) -> object:
    """Return what the panes are arranged for: with another such value they are arranged anew."""
    if subject is not None:
        return subject.shown(experiment)
    has_right = None if field is None else field.has_right
    return experiment.data, experiment.network, experiment.training.learn, has_right
