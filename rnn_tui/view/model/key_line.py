"""The line of keys: which are named in which situation, the best ones first, and only those that do something there."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.offers import is_offered, key_in_words

__all__ = ["Entry", "Situation", "entries", "fitting", "situation_of", "width_of"]

# guest: another view has the controls; field: many networks learn at once
Situation = Literal["playing", "paused", "slow", "past", "guest", "typing", "field"]

_GAP = 1  # cells between two entries
_ESCAPE = 3  # the place of `esc` among the entries
_LOOK = (
    ("explain", "explain"),
    ("cursor(-1)", "time"),
    ("inside('cell')", "inside"),
)
_CHANGE = (
    ("app.dialog('fork')", "fork"),
    ("inside('sample')", "write"),
    ("app.dialog('lessons')", "lesson"),
    ("app.dialog('experiment')", "edit"),
    ("zoom_focused", "zoom"),
    ("app.tell('new_seed')", "new seed"),
    ("app.dialog('compare')", "compare"),
    ("app.dialog('breakpoints')", "pause at"),
)
_SCRIPT = (("app.dialog('networks')", "networks"), ("app.dialog('log')", "output"))
_RANKS = (("app.tell('next_part')", "rank"),)  # where there are some
_ENTRIES: dict[Situation, tuple[tuple[str, str], ...]] = {  # actions and their words, the most important first
    "playing": (
        ("app.toggle_play", "pause"),
        ("app.tell('tick')", "tick"),
        ("app.tell('slow_motion')", "slow"),
        ("app.tell('faster')", "speed"),
        ("app.tell('tick_back')", "back"),
        *_RANKS,
        *_SCRIPT,
        *_LOOK,
        *_CHANGE,
    ),
    "paused": (
        ("app.toggle_play", "play"),
        ("app.tell('tick')", "tick"),
        ("app.tell('tick_back')", "back"),
        ("app.tell('slow_motion')", "slow"),
        *_RANKS,
        *_SCRIPT,
        *_LOOK[:1],
        ("type", "touch"),
        *_LOOK[1:],
        *_CHANGE,
    ),
    "slow": (
        ("app.toggle_play", "play"),
        ("app.tell('next_phase')", "next phase"),
        ("app.tell('tick_back')", "phase back"),
        ("app.tell('next_part')", "next part"),
        ("app.tell('slow_motion')", "whole ticks"),
        ("app.tell('faster')", "pace"),
        *_LOOK,
        *_CHANGE,
    ),
    "past": (
        ("app.toggle_play", "play on"),
        ("app.dialog('fork')", "fork here"),
        ("app.tell('tick')", "tick"),
        ("app.tell('tick_back')", "back"),
        ("app.tell('newest_tick')", "newest"),
        ("app.tell('next_branch')", "branch"),
        ("app.tell('slow_motion')", "slow"),
        *_SCRIPT,
        *_LOOK,
        *_CHANGE[1:],
    ),
    "guest": (
        ("app.tell('take_controls')", "take the controls"),
        *_RANKS,
        *_LOOK,
        ("inside('sample')", "write"),
        ("zoom_focused", "zoom"),
    ),
    "typing": (),
    "field": (
        ("app.toggle_play", "play"),
        ("member(-1)", "network"),
        ("type", "open it"),
        ("measure", "colours"),
        ("group", "groups"),
        ("explain", "explain"),
        ("arrange", "rows, columns"),
        ("app.dialog('compare')", "compare"),
        ("zoom_focused", "zoom"),
        ("cursor(-1)", "time"),
        ("inside('cell')", "inside"),
        ("app.tell('faster')", "speed"),
        ("app.dialog('lessons')", "lesson"),
    ),
}
_LAST = (("app.dialog('help')", "keys"), ("app.quit", "quit"))  # always there
_BY_ACTION = {key.action: key for key in KEYS}


class Entry(msgspec.Struct, frozen=True):
    """A key on the line."""

    key: str  # Textual's name of the key that a click presses; empty: none
    shown: str
    word: str
    about: str  # a sentence

    @property
    def width(self) -> int:
        """The cells that it takes."""
        return len(f"{self.shown} {self.word}")


_TOUCHING = (
    Entry("up", "↑ ↓", "change", "Make the chosen number larger or smaller, or take the next character."),
    Entry("", "0…9", "type it", "Type a number, then enter; or a character of the input."),
    Entry("right", "← →", "step", "Choose the next time step; of a weight the next column."),
    Entry("full_stop", ",.", "unit", "Choose the next unit; of a weight the next row."),
    Entry("tab", "tab", "input, h, h₀, weight", "Touch something else."),
    Entry("enter", "enter", "look around", "Keep it as it is, and let the keys be what they are elsewhere."),
    Entry("escape", "esc", "restore", "Let everything be as it was."),
)
_TYPING = (
    Entry("", "a…z", "type", "What you type is appended to the text."),
    Entry("backspace", "⌫", "delete", "Delete the last character."),
    Entry("ctrl+u", "ctrl+u", "delete all", "Delete the whole text."),
    Entry("escape", "esc", "end typing", "Let the keys be what they are elsewhere."),
)


def situation_of(frame: Frame, *, typing: bool = False, in_field: bool = False) -> Situation:
    """Return the situation that a frame shows."""
    status = frame.status
    if typing:
        return "typing"
    if not frame.controls:
        return "guest"
    if in_field:
        return "field"
    if status.slow or frame.phase is not None:
        return "slow"
    if status.state == "playing":
        return "playing"
    return "past" if status.tick < status.newest else "paused"


def entries(
    frame: Frame,
    subject: Subject | None = None,
    *,
    typing: bool = False,
    touching: bool = False,
    in_field: bool = False,
    has_ranks: bool = False,
    escape: str = "",
) -> tuple[Entry, ...]:
    """Return the entries, the most important first, except for the last two, which are always there.

    `subject` is the script that is watched; `has_ranks`: several processes share each batch. `escape` is what `esc`
    does, if it does anything.
    """
    if touching:
        return _TOUCHING
    situation = situation_of(frame, typing=typing, in_field=in_field)
    if situation == "typing":
        return _TYPING
    status = frame.status
    held, ended = status.state != "playing", status.state == "done"
    found = []
    for action, word in (*_ENTRIES[situation], *_LAST):
        offered = is_offered(
            action, subject, ended=ended and subject is not None, in_field=in_field, has_ranks=has_ranks
        )
        if not offered or _is_idle(action, frame, in_field=in_field, has_ranks=has_ranks):
            continue
        key = key_in_words(_BY_ACTION[action], subject, held=held, has_ranks=has_ranks)
        if subject is not None and key.in_script is not None:
            word = key.footer or key.label
        elif action == "app.toggle_play":
            word = _play(word, frame)
        found.append(Entry(key.keys.split(",")[0], key.footer_keys or key.shown, word, key.about))
    if escape:
        found.insert(_ESCAPE, replace(_escape(), word=escape))
    return tuple(found)


def _is_idle(action: str, frame: Frame, *, in_field: bool = False, has_ranks: bool = False) -> bool:
    """Return whether a key would do nothing at this moment."""
    status = frame.status
    if action == "app.tell('tick_back')":
        return status.tick == 0 and frame.phase is None
    if action == "type":
        return (not status.fed or has_ranks) and not in_field
    if action == "app.tell('next_part')":
        return not has_ranks and situation_of(frame, in_field=in_field) != "slow"
    if action == "app.toggle_play":
        return in_field and status.state == "done"  # all networks have come to their end
    return action == "app.tell('next_branch')" and status.branches < 2


def _play(word: str, frame: Frame) -> str:
    """Return what space does."""
    if frame.status.state == "playing":
        return "pause"
    return "as many again" if frame.status.state == "done" else word


def _escape() -> Entry:
    key = _BY_ACTION["follow"]
    return Entry(key.keys, key.shown, "", key.about)


def fitting(line: Sequence[Entry], width: int) -> list[Entry]:
    """Return as many entries as fit `width` cells whole; of the others the last ones are left out first."""
    head, tail = list(line[: -len(_LAST)]), list(line[-len(_LAST) :])
    while head and width_of([*head, *tail]) > width:
        head.pop()
    return [*head, *tail]


def width_of(line: Sequence[Entry]) -> int:
    """Return the cells that entries take."""
    return sum(each.width + _GAP for each in line) - _GAP
