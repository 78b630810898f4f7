"""The three kinds of RNN: what is read and what is predicted, time step by time step."""

from typing import Literal, TypeVar

from rnn_tui.common.wording import counted
from rnn_tui.experiment.spec import END, Data, Task

__all__ = ["ResponseKind", "laid_out", "other_task", "response_kind", "unfit"]

Row = TypeVar("Row", str, list[int])

ResponseKind = Literal["text", "each", "one", "answer"]  # see `response_kind`


def response_kind(data: Data, *, next_characters: bool = False) -> ResponseKind:
    """Return how a network that has learnt these data responds to a text.

    text: it continues it, since its targets are the next characters of its inputs. each: it outputs a character for
    each one it reads (many-to-many with other targets). one: one character, at the last (many-to-one). answer: a text
    with an end of its own (one-to-many). `next_characters`: whether the pairs of a file, which is not read here, have
    the next characters as targets.
    """
    if data.task == "one-to-many":
        return "answer"
    if data.task == "many-to-one":
        return "one"
    if data.text or (data.pairs and next_characters):
        return "text"
    rows = zip(data.inputs, data.targets, strict=False)
    return "text" if not data.pairs and all(source[1:] == target[:-1] for source, target in rows) else "each"


def laid_out(task: Task, source: Row, target: Row, end: Row | None = None) -> tuple[Row, int, Row]:
    """Return what is read, the first time step with a target, and the targets from there on.

    They are texts, or indices of tokens, which need the `end` of an answer too.

    many-to-many: a target for each character read. many-to-one: one target, at the last character read.
    one-to-many: the input is read, then the answer so far; the targets are the answer and its END.
    """
    if task == "many-to-many":
        return source, 0, target
    if task == "many-to-one":
        return source, len(source) - 1, target
    if end is None:
        assert isinstance(target, str)
        end = END
    return source + target, len(source) - 1, target + end


def unfit(task: Task, source: Row, target: Row, unit: str = "character") -> str:
    """Say what does not fit the task in a pair, and what would be right; empty: it fits."""
    if task == "many-to-many" and len(source) != len(target):
        both = f"{counted(len(source), unit)} to read and {counted(len(target), unit)} to predict"
        return f"{both}: many-to-many needs equally many; {other_task(target, unit)}"
    if task == "many-to-one" and len(target) != 1:
        return f"{counted(len(target), unit)} to predict: many-to-one needs one; {other_task(target, unit)}"
    return ""


def other_task(target: Row, unit: str = "character") -> str:
    """Name the option with which an input of any length may have this target."""
    if len(target) == 1:
        return f"--task many-to-one reads an input of any length and predicts one {unit}"
    return "--task one-to-many gives an answer of any length"
