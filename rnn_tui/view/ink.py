"""Styled cells as terminal sequences, with no more escape codes than the cells before make necessary.

Rich writes every segment's style in full and resets it behind; here only what differs from the segment before is
written. Two neighbours that share a background send it once.
"""

from collections.abc import Iterable
from functools import lru_cache

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

__all__ = ["Ink"]

_PLAIN = Style()
_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("strike", "9"),
)


@lru_cache(maxsize=4096)
def _codes(style: Style, system: ColorSystem | None) -> tuple[str, str, str]:
    """Attributes, foreground and background of a style as SGR parameters."""
    if system is None:
        return "", "39", "49"
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    colours = [
        ";".join(colour.downgrade(system).get_ansi_codes(foreground=foreground)) if colour is not None else default
        for colour, foreground, default in ((style.color, True, "39"), (style.bgcolor, False, "49"))
    ]
    return attributes, colours[0], colours[1]


class Ink:
    """The style that the terminal writes in at the moment, and what it takes to change it."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._system = system
        self._now = ("", "39", "49")

    def write(self, segments: Iterable[Segment]) -> str:
        """The sequences that write these segments."""
        parts: list[str] = []
        for text, style, control in segments:
            if control or not text:
                continue
            new = _codes(style or _PLAIN, self._system)
            if new != self._now:
                parts.append(self._change(new))
            parts.append(text)
        return "".join(parts)

    def rest(self) -> str:
        """Back to plain."""
        return "" if self._now == ("", "39", "49") else self._change(("", "39", "49"))

    def _change(self, new: tuple[str, str, str]) -> str:
        old, self._now = self._now, new
        if new == ("", "39", "49"):
            return "\x1b[m"
        changed = [code for code, before in zip(new[1:], old[1:], strict=True) if code != before]
        if new[0] == old[0]:
            codes = changed
        elif not old[0]:
            codes = [new[0], *changed]
        else:  # attributes can only be taken back together, and the colours with them
            codes = ["0", new[0], *(code for code in new[1:] if code not in ("39", "49"))]
        return f"\x1b[{';'.join(filter(None, codes))}m"
