"""Names and texts that belong to them, in two columns, as dialogs explain things."""

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.widget import Widget

from rnn_tui.view.terminal.ascii import is_ascii, spelled

__all__ = ["Rows"]


class Rows(Widget):
    """Two aligned columns; the second wraps within itself. Texts are plain, never markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--name"}
    DEFAULT_CSS = """
    Rows {
        width: 1fr;
        height: auto;
        &> .rows--name { color: $accent; text-style: bold; }
        &.calm > .rows--name { color: $primary; text-style: none; }
    }
    """

    def __init__(self, rows: Sequence[tuple[str, str]] = (), *, names: int, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._lines = rows
        self._names = names  # cells of the first column

    def tell(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these rows instead."""
        self._lines = rows
        self.refresh(layout=True)

    def render(self) -> Table:
        """Return the table; textual calls this."""
        style = self.get_component_rich_style("rows--name", partial=True)
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=self._names, no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        in_words = spelled if is_ascii(self.app) else str
        for name, about in self._lines:
            table.add_row(Text(in_words(name), style), Text(in_words(about)))
        return table
