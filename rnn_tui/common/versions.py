"""Which version of rnn-tui wrote a file, and what to say of one that this version does not know enough to read."""

import re
from typing import Any

from rnn_tui import __version__
from rnn_tui.common.glyphs import safe

__all__ = ["WRITTEN_BY", "is_newer", "keys_beyond", "no_setting", "written_by"]

WRITTEN_BY = "written by rnn-tui"
_NUMBERS = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?")


def is_newer(version: Any) -> bool:
    """Return whether a version, as a file has it, is above this one; False for what is no version."""
    return isinstance(version, str) and _numbers(version) > _numbers(__version__)


def no_setting(version: str, keys: list[str]) -> str:
    """Say that a file of that newer version has settings which this one cannot follow."""
    some = ", ".join(safe(each[:60]) for each in keys[:3]) + (", …" if len(keys) > 3 else "")
    return f"was {written_by(version)}, which knows no setting {some}"


def written_by(version: str) -> str:
    """Name the version that wrote a file, and this one."""
    return f"{WRITTEN_BY} {safe(version[:40])}, and this is {__version__}"


def keys_beyond(values: Any, known: Any, path: str = "") -> list[str]:
    """Return the keys of nested plain values that are missing in others of the same shape, as `turns.training.lr`."""
    if isinstance(values, dict) and isinstance(known, dict):
        inner = [
            keys_beyond(value, known[name], f"{path}{name}.") if name in known else [f"{path}{name}"]
            for name, value in values.items()
        ]
    elif isinstance(values, list) and isinstance(known, (list, tuple)):
        inner = [keys_beyond(one, other, path) for one, other in zip(values, known, strict=False)]
    else:
        return []
    return list(dict.fromkeys(key for keys in inner for key in keys))


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    return tuple(int(each or 0) for each in found.groups()) if found else (0, 0, 0)
