"""Two texts of the screen's own: the notice above the keys, and what stands on a terminal that is too small."""

from textual.geometry import Size
from textual.widgets import Static

__all__ = ["Notice", "TooSmall"]


class Notice(Static):
    """A line or two above the keys, for as long as there is something to say."""

    def __init__(self) -> None:
        super().__init__(id="notice", markup=False)

    def show(self, text: str) -> None:
        """Show this text; an empty one takes the line away."""
        if text != str(self.content):
            self.update(text)
            self.set_class(bool(text), "-shown")


class TooSmall(Static):
    """What is shown in the place of everything else on a terminal that is too small."""

    def __init__(self, least: Size) -> None:
        super().__init__(id="too-small", markup=False)
        self._least = least

    def judge(self, size: Size, least: Size | None = None, way_out: str = "") -> bool:
        """Return whether a terminal of this size is too small, and say so.

        `least`: else than usual; `way_out`: a key with which there is something to see.
        """
        least = least or self._least
        text = f"{size.width}×{size.height} is too small:\nat least {least.width}×{least.height} is needed."
        self.update(f"{text}\n{way_out}" if way_out else text)
        return size.width < least.width or size.height < least.height
