"""A widget made of strips, which repaints only the rows that changed."""

from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Picture"]


class Picture(Widget):
    """A widget made of strips. New strips repaint only the rows that changed; of those, what changed is sent."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []

    def paint(self, strips: list[Strip]) -> None:
        """Show these strips, one for each row."""
        old, self._strips = self._strips, strips
        if [each.cell_length for each in old] != [each.cell_length for each in strips]:
            self.refresh()
            return
        changed = [
            Region(0, y, after.cell_length, 1)
            for y, (before, after) in enumerate(zip(old, strips, strict=True))
            if before != after
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Return the strip of a row, on this widget's background."""
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
        return strip.apply_style(Style(bgcolor=self.rich_style.bgcolor))

    def get_line_filters(self) -> list[LineFilter]:
        """Leave out the translation of ANSI colours: pictures have none, and it costs more than drawing them."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]
