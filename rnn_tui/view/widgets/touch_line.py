"""The line above the keys while a paused run is touched: which number, what it was, what it is, and the loss."""

from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.message import Message

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.touch import Touch
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.touching import Touching, place_in_words
from rnn_tui.view.widgets.picture import Picture

__all__ = ["TouchLine"]

_MOVES: dict[str, tuple[Literal["step", "unit"], int]] = {
    "left": ("step", -1),
    "right": ("step", 1),
    "left_square_bracket": ("step", -1),
    "right_square_bracket": ("step", 1),
    "comma": ("unit", -1),
    "full_stop": ("unit", 1),
}
_NUMBER = frozenset("0123456789.-e")
_LONGEST = 12  # characters of a number


class TouchLine(Picture, can_focus=True):
    """Takes the keys of touching while it has the focus; all other keys do what they do elsewhere."""

    @dataclass
    class Moved(Message):
        """Another number is chosen: the next step or unit; of a weight the next column or row."""

        way: Literal["step", "unit"]
        by: int

    @dataclass
    class Changed(Message):
        """The number is another: by a step up or down, a character, or the number that was typed."""

        by: int = 0
        character: str = ""
        number: float | None = None

    @dataclass
    class Typed(Message):
        """A number is being typed."""

        text: str

    @dataclass
    class OtherKind(Message):
        """Something else is to be touched."""

    @dataclass
    class Left(Message):
        """The keys are what they are elsewhere; `restore`: and all is as it was."""

        restore: bool

    def __init__(self) -> None:
        super().__init__(id="touch")
        self._typed = ""
        self._characters = ""  # that can be typed as an input

    def show(self, scene: Scene, touching: Touching | None, target: Touch | None) -> None:
        """Show what is touched; None: nothing."""
        self.set_class(touching is not None, "-shown")
        if touching is None or target is None:
            self._typed = self._characters = ""
            return
        self._typed = touching.typed
        is_text = touching.kind == "input" and not scene.experiment.is_numbers
        is_typed = is_text and scene.experiment.data.tokens == "char"
        self._characters = scene.experiment.vocabulary if is_typed else ""
        width = self.size.width
        if not width:
            return
        canvas = Canvas(width, 1)
        x = canvas.put(1, 0, "✎ ", scene.palette.accent)
        forms = _forms(scene, touching, target, is_text=is_text)
        canvas.put(x, 0, first_that_fits(forms, width - x) or forms[-1][: width - x], scene.palette.text)
        self.paint(canvas.strips())

    def on_key(self, event: events.Key) -> None:
        """Take the keys that touch."""
        message = self._message(event)
        if message is not None:
            event.stop()
            event.prevent_default()
            self.post_message(message)

    def _message(self, event: events.Key) -> Message | None:
        key, character = event.key, event.character or ""
        if self._characters and len(character) == 1 and character in self._characters:
            return self.Changed(character=character)
        if key in ("up", "down"):
            return self.Changed(by=1 if key == "up" else -1)
        if key == "escape":
            return self.Left(restore=True)
        if key == "tab":
            return self.OtherKind()
        if key == "enter":
            return self._entered()
        if not self._characters:
            is_number = character in _NUMBER and (character not in ".e" or self._typed)
            if is_number and character and len(self._typed) < _LONGEST:
                return self.Typed(self._typed + character)
            if key == "backspace":
                return self.Typed(self._typed[:-1])
        return self.Moved(*_MOVES[key]) if key in _MOVES else None

    def _entered(self) -> Message:
        if not self._typed:
            return self.Left(restore=False)
        try:
            return self.Changed(number=float(self._typed))
        except ValueError:
            return self.Typed("")


def _forms(scene: Scene, touching: Touching, target: Touch, *, is_text: bool) -> list[str]:
    """Return the line in ever fewer words."""
    facts = scene.frame.touch
    told = dict(zip(facts.touches, facts.before, strict=False)) if facts is not None else {}
    before = next((value for each, value in told.items() if touching.names(each, target)), None)
    value = touching.value(target)
    was = "…" if before is None else _written(scene, before, is_text=is_text)
    now = f"{touching.typed}▏" if touching.typed else "" if value is None else _written(scene, value, is_text=is_text)
    what = f"{safe(place_in_words(target, scene.experiment))}: {was}{f' → {now}' if now else ''}"
    more = len(touching.made) - (value is not None)
    others = f" · {more} more touched" if more else ""
    loss = ""
    if facts is not None and facts.loss is not None and touching.made:
        loss = f" · loss {compact(facts.loss_before)} → {compact(facts.loss)}"
    kept = " · nothing of it is kept"
    both = ""
    if scene.experiment.network.bidirectional:
        both = " · h can be touched only where a network reads one way"
    return [what + others + loss + both + kept, what + others + loss + both, what + others + loss, what + loss, what]


def _written(scene: Scene, value: float, *, is_text: bool) -> str:
    if not is_text:
        return f"{value:+.4g}".replace("-", "−")
    index = int(value)
    return f"'{scene.glyphs[index]}'" if 0 <= index < len(scene.glyphs) else "–"
