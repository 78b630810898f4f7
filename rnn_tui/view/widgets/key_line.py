"""The keys below the panes: as many as fit, and none of them cut off."""

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.offers import is_offered, key_in_words
from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["KeyLine"]

_FIRST_TO_GO = (  # where there is little room
    "inside('sample')",
    "app.dialog('fork')",
    "app.tell('tick_back')",
    "explain",
    "app.tell('slow_motion')",
    "inside('cell')",
    "zoom_focused",
    "app.dialog('experiment')",
    "app.dialog('networks')",
    "app.tell('faster')",
)
_BY_ACTION = {key.action: key for key in KEYS}
_GAP = 1  # cells after an entry


class KeyLine(Footer):
    """Textual's footer, without the entries for which the line is too short."""

    _made_of: object = None  # the line that stands there
    _subject: Subject | None = None
    _ended = _held = False

    def show(self, subject: Subject | None, *, ended: bool = False, held: bool = False) -> None:
        """Show the keys that apply to a script that is watched, in its words; None: those of rnn-tui's own runs."""
        before = self._offer()
        self._subject, self._ended, self._held = subject, ended, held
        if before != self._offer():
            self.refresh(recompose=True)

    def _offer(self) -> object:
        """Return what the keys of the line depend on."""
        return None if self._subject is None else (self._subject.can, self._ended, self._held)

    async def recompose(self) -> None:
        """Build the line anew, unless it would be the same again. Textual calls this whenever the focus moves."""
        shown = [each for each in self.screen.active_bindings.values() if each.binding.show]
        keys = [(each.binding.action, each.enabled) for each in shown]
        made_of = self._bindings_ready, self.app.size.width, keys, self._offer()
        if made_of != self._made_of:
            self._made_of = made_of
            await super().recompose()

    def compose(self) -> ComposeResult:
        """Yield the entries that fit."""
        entries = [each for each in super().compose() if isinstance(each, FooterKey)]
        entries = [each for each in entries if is_offered(each.action, self._subject, ended=self._ended)]
        if self._subject is not None:
            for each in entries:
                key = key_in_words(_BY_ACTION[each.action], self._subject, held=self._held)
                each.description, each.tooltip = key.footer, key.about
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
