"""The keys where two or three runs stand side by side: what they do there, and their line below the runs."""

from msgspec.structs import replace

from rnn_tui.view.model.key import Key
from rnn_tui.view.model.key_line import Entry
from rnn_tui.view.model.keys import GROUPS

__all__ = ["SIDE_KEYS", "side_entries"]

_SHARED = ("cursor", "row", "column", "layer", "log", "item", "other", "inside")  # actions that are the main screen's
_LEFT_OUT = ("sample", "reading")  # panes that are asked about one network at a time
_PANES = ("the unrolled network", "the hidden states", "the loss", "the prediction")  # by the number of their keys


def _taken(group: str) -> tuple[Key, ...]:
    """Return the keys of the main screen that do the same here."""
    return tuple(
        key
        for key in GROUPS[group]
        if key.action.startswith(_SHARED) and not any(name in key.action for name in _LEFT_OUT)
    )


SIDE_KEYS: dict[str, tuple[Key, ...]] = {
    "Side by side": (
        *(Key(str(at), f"zoom({at})", name, f"Show {name} of each run.") for at, name in enumerate(_PANES, 1)),
        *_taken("See inside"),
        *_taken("Panes"),
        Key("space", "toggle_play", "play", "Play or pause the field; runs with an engine of their own are looked at."),
    ),
    "Time cursor": _taken("Time cursor"),
    "Open": (
        Key("h", "explain", "explain", "Explain the pane in plain words: what it shows, how to read it, what to try."),
        Key("question_mark,f1", "help", "keys", "All keys, and how to read the panes.", printed="?"),
        Key(
            "escape",
            "follow",
            "back",
            "Let the time cursor follow the step being fed; else go back to the field that these runs are of.",
            printed="esc",
        ),
        Key("q,ctrl+q", "leave", "quit", "Leave. Ask first if networks would end with it.", printed="q"),
    ),
}
_LINE = (  # actions and their words, the most important first
    ("zoom(1)", "network, states, loss, prediction"),
    ("inside('gradients')", "gradients"),
    ("inside('gates')", "gates"),
    ("cursor(-1)", "time"),
    ("explain", "explain"),
    ("layer(1)", "layer"),
    ("row(-1)", "row"),
    ("inside('space')", "state space"),
    ("inside('weights')", "weights"),
    ("log('y')", "log loss"),
    ("other", "other view"),
)
_SEVERAL = {"zoom(1)": "1234", "cursor(-1)": "[]", "row(-1)": "{}", "layer(1)": "↑ ↓"}  # what an entry stands for
_BY_ACTION = {key.action: key for keys in SIDE_KEYS.values() for key in keys}


def side_entries(state: str, *, follows: bool, over_field: bool) -> list[Entry]:
    """Return the entries of the line of keys, the most important first, except for the last two.

    `state`: of the field, empty: of none; `follows`: whether the time cursor does; `over_field`: whether the field
    is beneath.
    """
    play = {"playing": "pause", "paused": "play"}.get(state, "")
    first = [("toggle_play", play), ("follow", "" if follows else "follow")]
    last = ("follow", "back") if over_field else ("leave", "quit")
    return [_entry(_BY_ACTION[action], word) for action, word in (*first, *_LINE, ("help", "keys"), last) if word]


def _entry(key: Key, word: str) -> Entry:
    shown = replace(key, printed=_SEVERAL.get(key.action, key.printed)).shown
    return Entry(key.keys.split(",")[0], shown, word, key.about)
