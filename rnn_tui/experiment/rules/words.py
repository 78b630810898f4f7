"""How values stand in the messages of the rules: short."""

from typing import Any

__all__ = ["brief", "short"]


def short(text: str) -> str:
    """Quote the first 20 characters of a text."""
    return repr(text if len(text) <= 20 else text[:19] + "…")


def brief(value: Any) -> str:
    """Write a value as TOML does, in 40 characters at most."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
