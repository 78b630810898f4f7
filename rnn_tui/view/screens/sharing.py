"""Several processes on the screen: keys that say whose rows of the batch are shown."""

from dataclasses import replace

from textual import on

from rnn_tui.view.model.ranks import first_row, next_rank
from rnn_tui.view.screens.panes_screen import PanesScreen
from rnn_tui.view.widgets.rank_strip import RankStrip

__all__ = ["SharingScreen"]


class SharingScreen(PanesScreen):
    """The screen, on which several processes train one network together."""

    @property
    def _ranks(self) -> int:
        """The number of processes that share each batch."""
        scene = self.scene
        return 1 if scene is None else len(scene.frame.ranks) or scene.experiment.run.processes

    def action_rank(self) -> None:
        """Look at the first row of the next rank."""
        if self.scene is not None:
            rows = self.scene.experiment.rows
            row = next_rank(min(self.view.row, rows - 1), rows=rows, ranks=self._ranks)
            self.look_at(replace(self.view, row=row))

    @on(RankStrip.Chosen)
    def _rank_chosen(self, event: RankStrip.Chosen) -> None:
        if self.scene is not None:
            row = first_row(event.rank, rows=self.scene.experiment.rows, ranks=self._ranks)
            self.look_at(replace(self.view, row=row))

    def action_ranks(self) -> None:
        """Hide the strip of ranks, or show it again."""
        self.look_at(replace(self.view, hides_ranks=not self.view.hides_ranks))
