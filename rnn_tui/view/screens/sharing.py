"""Several processes on the screen: keys that say whose rows of the batch are shown."""

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from textual import on
from textual.message import Message

from rnn_tui.protocol.ranks import RankFigures
from rnn_tui.view.model.ranks import first_row, next_rank
from rnn_tui.view.screens.panes_screen import PanesScreen
from rnn_tui.view.widgets.rank_strip import RankStrip

__all__ = ["SharingScreen"]


class SharingScreen(PanesScreen):
    """The screen, on which several processes train one network together."""

    @dataclass
    class RankWanted(Message):
        """Another rank of a script is to be looked at: it is another process."""

        rank: int

    @property
    def _ranks(self) -> int:
        """The number of processes that share each batch."""
        scene = self.scene
        return 1 if scene is None else len(scene.frame.ranks) or scene.experiment.run.processes

    def action_rank(self) -> None:
        """Look at the first row of the next rank; of a script at the next rank itself."""
        scene = self.scene
        if scene is not None and scene.subject is not None:
            ranks = [each.rank for each in scene.frame.ranks if each.phase != "ended"]
            later = [each for each in ranks if each > scene.subject.rank]
            self.post_message(self.RankWanted((later or ranks or [scene.subject.rank])[0]))
        elif self.scene is not None:
            rows = self.scene.experiment.rows
            row = next_rank(min(self.view.row, rows - 1), rows=rows, ranks=self._ranks)
            self.look_at(replace(self.view, row=row))

    @on(RankStrip.Chosen)
    def _rank_chosen(self, event: RankStrip.Chosen) -> None:
        if self.scene is not None and self.scene.subject is not None:
            self.post_message(self.RankWanted(event.rank))
        elif self.scene is not None:
            row = first_row(event.rank, rows=self.scene.experiment.rows, ranks=self._ranks)
            self.look_at(replace(self.view, row=row))

    def show_ranks(self, figures: tuple[RankFigures, ...]) -> None:
        """Draw what has been heard of the ranks of a script since its last frame."""
        if self.scene is None or figures == self.scene.frame.ranks:
            return
        self.scene = replace(self.scene, frame=msgspec.structs.replace(self.scene.frame, ranks=figures))
        self._show_keys(self.scene)
        if self.query_one(RankStrip).show(self.scene):
            self.call_after_refresh(self._resized)

    def action_ranks(self) -> None:
        """Hide the strip of ranks, or show it again."""
        self.look_at(replace(self.view, hides_ranks=not self.view.hides_ranks))
