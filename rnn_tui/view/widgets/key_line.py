"""The keys below the panes: as many as fit, and none of them cut off."""

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["KeyLine"]

_FIRST_TO_GO = (  # where there is little room
    "inside('cell')",
    "zoom_focused",
    "app.dialog('experiment')",
    "app.tell('faster')",
)
_GAP = 1  # cells after an entry


class KeyLine(Footer):
    """Textual's footer, without the entries for which the line is too short."""

    _made_of: object = None  # the line that stands there

    async def recompose(self) -> None:
        """Build the line anew, unless it would be the same again. Textual calls this whenever the focus moves."""
        shown = [each for each in self.screen.active_bindings.values() if each.binding.show]
        made_of = self._bindings_ready, self.app.size.width, [(each.binding.action, each.enabled) for each in shown]
        if made_of != self._made_of:
            self._made_of = made_of
            await super().recompose()

    def compose(self) -> ComposeResult:
        """Yield the entries that fit."""
        entries = [each for each in super().compose() if isinstance(each, FooterKey)]
        if is_ascii(self.app):
            for each in entries:
                each.key_display = spelled(each.key_display)
        for action in _FIRST_TO_GO:
            if sum(_width(each) for each in entries) - _GAP > self.app.size.width:
                entries = [each for each in entries if each.action != action]
        self.styles.grid_size_columns = len(entries)
        yield from entries

    def on_resize(self) -> None:
        """Choose anew how many entries fit."""
        self.refresh(recompose=True)


def _width(entry: FooterKey) -> int:
    return len(f"{entry.key_display} {entry.description}") + _GAP
