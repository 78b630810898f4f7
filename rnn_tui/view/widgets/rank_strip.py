"""The strip of ranks above the time line: what each of several processes does; a click shows the rows of one."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message

from rnn_tui.draw.ranks.lines import rows_for
from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.view.model.ranks import RankMeans, shown_rank
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation
from rnn_tui.view.widgets.picture import Picture

__all__ = ["RankStrip"]


class RankStrip(Picture, can_focus=True):
    """A line for each rank, or for several, and one above them; there only where several processes share each batch."""

    NAME: ClassVar[str] = "Ranks"
    HAS_NOTES: ClassVar[bool] = False
    EXPLANATION: ClassVar[Explanation] = Explanation(
        shows="Several processes train this network together. Each of them, a rank, computes its rows of every batch; "
        "then the gradients of all are added up, and each makes the same update.",
        read="Bars have one scale: how long a rank computes an update, and then waits for the others and for the sum. "
        "Times are running means; characters a second are those of its rows in that time. The loss is the mean over "
        "its own rows. ! marks a rank that stands out: its loss is not a number or far from the others', it is late, "
        "or it computes over 20 % longer than the median. Where there are more ranks than lines, several share one. "
        "Of a script all that is no waiting counts as computing, and a rank's batch is its own.",
        then="N shows the next rank, marked ▸, and so does a click. If one rank computes longer in every "
        "update, look at what else runs on its core; if all of them mostly wait, the network is too small for so many. "
        "P hides the strip.",
    )

    @dataclass
    class Chosen(Message):
        """A rank was chosen with the mouse."""

        rank: int

    def __init__(self) -> None:
        super().__init__(id="ranks")
        self._means = RankMeans()
        self._scene: Scene | None = None
        self._rows = 0

    def show(self, scene: Scene) -> bool:
        """Draw the ranks, or go away; return whether it takes more or fewer rows now."""
        self._scene = scene
        figures = scene.frame.ranks
        rows = 0 if scene.view.hides_ranks else rows_for(len(figures), self.app.size.height)
        changed = rows != self._rows
        if changed:
            self._rows = rows
            self.set_class(rows > 0, "-shown")
            self.styles.height = rows
        means = self._smooth(scene)
        if rows and self.size:
            from rnn_tui.draw.ranks.strip import draw_ranks  # for start-up time

            strips = draw_ranks(
                means,
                width=self.size.width,
                height=self.size.height,
                shown=self._shown(scene),
                palette=scene.palette,
                reads=_reads(scene),
                is_script=scene.subject is not None,
            )
            self.paint(strips)
        return changed

    def _smooth(self, scene: Scene) -> tuple[RankFigures, ...]:
        """Return the figures with running means of their times, which those of a script are."""
        figures = scene.frame.ranks
        return figures if scene.subject is not None else self._means.take(scene.opened.shown, figures)

    @staticmethod
    def _shown(scene: Scene) -> int | None:
        if scene.subject is not None:
            return scene.subject.rank if scene.frame.ranks else None
        return shown_rank(scene.frame.ranks, row=scene.view.row, rows=scene.experiment.rows)

    def on_resize(self) -> None:
        """Draw again at the new size."""
        if self._scene is not None:
            self.show(self._scene)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the rank of a line."""
        scene = self._scene
        if scene is None:
            return
        from rnn_tui.draw.ranks.strip import rank_at  # for start-up time

        rank = rank_at(
            self._smooth(scene),
            is_script=scene.subject is not None,
            height=self.size.height,
            y=event.y,
            shown=self._shown(scene),
        )
        if rank is not None:
            self.post_message(self.Chosen(rank))


def _reads(scene: Scene) -> str:
    """Return what is read at each time step, in the plural."""
    is_known = scene.subject is None and not scene.experiment.is_numbers
    return f"{scene.experiment.data.unit}s" if is_known else "steps"
