"""What is offered for what is looked at: the keys that apply to it, in its words, and why others do not.

It may be a script that is watched, a field of many networks, or a run of several processes.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from rnn_tui.protocol.subject import Ability, Subject
from rnn_tui.view.model.key import Key
from rnn_tui.view.model.keys import GROUPS, KEYS

__all__ = ["action_of", "groups_for", "is_offered", "key_in_words", "missing", "why_refused"]

_REASONS: Mapping[Ability, str] = {
    "hold": "this script cannot be held: it is watched read-only",
    "step": "this script cannot be stepped: it is watched read-only",
    "speed": "this script goes at its own speed: it is watched read-only",
    "breakpoints": "this script cannot be held at breakpoints: it is watched read-only",
    "back": "no earlier updates of this script are kept",
    "log": "what this script prints is not kept here: it goes to the terminal that started it",
}
_SHARED = "several processes share each batch, and"
_CONTROLS: tuple[Ability, ...] = ("hold", "step", "speed", "breakpoints")  # which a script that has ended cannot obey
_BY_ACTION = {key.action: key for key in KEYS}


def missing(
    ability: Ability, subject: Subject | None, *, ended: bool = False, is_back: bool = False, has_ranks: bool = False
) -> str:
    """Return why this cannot be done with what is looked at, in a few words; empty if it can.

    `is_back`: an earlier update is on the screen, from which a step leads to the next that is kept; `has_ranks`:
    several processes share each batch.
    """
    if subject is None and has_ranks and ability == "back":
        return f"{_SHARED} have no way back"
    if subject is None or (is_back and ability == "step"):
        return ""
    if ended and ability in _CONTROLS:
        return "the script has ended"
    return "" if ability in subject.can else _REASONS[ability]


def _problem(
    key: Key,
    subject: Subject | None,
    *,
    ended: bool = False,
    is_back: bool = False,
    in_field: bool = False,
    has_ranks: bool = False,
) -> str:
    if has_ranks and key.in_ranks is not None:
        return ""
    if key.runs == "ranks":
        return "" if has_ranks else "only where several processes share each batch"
    if has_ranks and key.alone and subject is None:
        return f"{_SHARED} {key.alone}"
    if key.runs == "field" and not in_field:
        return "only where many networks learn at once"
    if in_field and not key.in_field:
        return "not for many networks at once; enter opens the chosen one as a run of its own"
    if subject is None:
        return "only for a script that is watched" if key.runs == "watched" else ""
    if key.runs == "own":
        return "not for a script that is watched"
    return "" if key.needs is None else missing(key.needs, subject, ended=ended, is_back=is_back)


def is_offered(
    action: str, subject: Subject | None, *, ended: bool = False, in_field: bool = False, has_ranks: bool = False
) -> bool:
    """Tell whether the key of an action applies; actions that have no key always do."""
    key = _BY_ACTION.get(action)
    return key is None or not _problem(key, subject, ended=ended, in_field=in_field, has_ranks=has_ranks)


def action_of(action: str, *, has_ranks: bool) -> str:
    """Return what the key of an action does here."""
    key = _BY_ACTION.get(action)
    return action if key is None or key.in_ranks is None or not has_ranks else key.in_ranks.action


def why_refused(
    action: str,
    subject: Subject | None,
    *,
    ended: bool = False,
    is_back: bool = False,
    in_field: bool = False,
    has_ranks: bool = False,
) -> str:
    """Return a line that says why the key of an action does nothing; empty if it applies."""
    key = _BY_ACTION.get(action)
    if key is None:
        return ""
    problem = _problem(key, subject, ended=ended, is_back=is_back, in_field=in_field, has_ranks=has_ranks)
    return f"{key.shown} ({key_in_words(key, subject).label}): {problem}." if problem else ""


def key_in_words(key: Key, subject: Subject | None, *, held: bool = False, has_ranks: bool = False) -> Key:
    """Return a key in the words for what is looked at; `held`: for a script that waits."""
    if has_ranks and key.in_ranks is not None:
        there = key.in_ranks
        return replace(key, action=there.action, label=there.label, about=there.about, footer=there.footer)
    words = key.in_script
    if subject is None or words is None:
        return key
    return replace(
        key, label=words.label, about=words.about, footer=(words.held if held else "") or words.footer or key.footer
    )


def groups_for(
    subject: Subject | None, *, ended: bool = False, in_field: bool = False, has_ranks: bool = False
) -> dict[str, tuple[Key, ...]]:
    """Return the keys that apply, in their groups and in the words for what is looked at."""
    groups = {
        name: tuple(
            key_in_words(key, subject, has_ranks=has_ranks)
            for key in keys
            if not _problem(key, subject, ended=ended, in_field=in_field, has_ranks=has_ranks)
        )
        for name, keys in GROUPS.items()
    }
    return {name: keys for name, keys in groups.items() if keys}
