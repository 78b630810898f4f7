"""What all asks and all answers of panes that look inside are."""

from rnn_tui.common.value import Value

__all__ = ["Answer", "Ask"]


class Ask(Value, frozen=True, kw_only=True):
    """What a pane asks; every field has a default or means the newest with -1."""


class Answer(Value, frozen=True, kw_only=True):
    """What the engine answers to one ask."""

    note: str = ""  # why it shows something else than was asked for, or nothing; safe to print
