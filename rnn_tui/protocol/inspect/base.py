"""What all asks and all answers of panes that look inside are."""

from typing import ClassVar

from rnn_tui.common.value import Value

__all__ = ["Answer", "Ask"]


class Ask(Value, frozen=True, kw_only=True):
    """What a pane asks. Every field of a new one has a default."""

    IS_EXPENSIVE: ClassVar[bool] = False  # about a text of its own: answered in fewer frames than the rest


class Answer(Value, frozen=True, kw_only=True):
    """What the engine answers to one ask."""

    note: str = ""  # why it shows something else than was asked for, or nothing; safe to print
