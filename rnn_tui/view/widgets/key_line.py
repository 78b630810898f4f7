"""The keys below the panes, as the situation has them: as many as fit, and none of them cut off."""

from collections.abc import Sequence

from msgspec.structs import replace
from textual import events

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.view.model.key_line import Entry, entries, fitting
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.colors import palette_of
from rnn_tui.view.widgets.picture import Picture

__all__ = ["KeyLine"]


class KeyLine(Picture):
    """Keys with their words. A click presses the key."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._entries: tuple[Entry, ...] = ()
        self._places: list[tuple[range, Entry]] = []  # the cells of each entry
        self._covered = ""  # the keys of the dialog over the panes

    def show(self, scene: Scene, *, typing: bool = False, touching: bool = False, escape: str = "") -> None:
        """Show the keys of the situation. `escape`: what `esc` does, if anything."""
        found = entries(
            scene.frame,
            scene.subject,
            typing=typing,
            touching=touching,
            in_field=scene.field_facts is not None,
            has_ranks=scene.has_ranks,
            escape=escape,
        )
        self.offer(found)

    def offer(self, found: Sequence[Entry]) -> None:
        """Show these keys, the most important first, except for the last two, which are always there."""
        if is_ascii(self.app):
            found = [replace(each, shown=spelled(each.shown)) for each in found]
        self._entries = tuple(found)
        self._draw()

    def cover(self, keys: str) -> None:
        """Show the keys of a dialog, which has its own; empty: it has gone."""
        self._covered = keys
        self._draw()

    def _draw(self) -> None:
        width, palette = self.size.width, palette_of(self.app)
        if not width:
            return
        canvas, x = Canvas(width, 1), 0
        self._places = []
        if self._covered:
            canvas.put(1, 0, cut_cells(self._covered, width - 1), palette.dim)
            self.paint(canvas.strips())
            return
        for each in fitting(self._entries, width):
            end = canvas.put(x, 0, each.shown, palette.accent)
            end = canvas.put(end + 1, 0, each.word, palette.text)
            self._places.append((range(x, end), each))
            x = end + 1
        self.paint(canvas.strips())

    def _entry_at(self, x: int) -> Entry | None:
        return next((each for cells, each in self._places if x in cells), None)

    def on_resize(self) -> None:
        """Choose anew how many entries fit."""
        self._draw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell what the key under the mouse does."""
        entry = self._entry_at(event.x)
        self.tooltip = entry.about if entry is not None else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Do what the key under the mouse does."""
        entry = self._entry_at(event.x)
        if entry is not None and entry.key:
            self.app.simulate_key(entry.key)
