"""The three kinds of RNN: what is read and what is said, time step by time step."""

from typing import Literal

from rnn_tui.common.wording import counted
from rnn_tui.experiment.spec import END, Data, Task

__all__ = ["ResponseKind", "laid_out", "other_task", "response_kind", "unfit"]

ResponseKind = Literal["text", "each", "one", "answer"]  # see `response_kind`


def response_kind(data: Data, *, next_characters: bool = False) -> ResponseKind:
    """What a network that has learnt these data makes of a text that it is given.

    text: it goes on with it, since its targets are the next characters of its inputs. each: a character for each that
    it reads (many-to-many with other targets). one: one character, at the last (many-to-one). answer: a text with an
    end of its own (one-to-many). `next_characters` says so of a file of many-to-many pairs, which is not read here.
    """
    if data.task == "one-to-many":
        return "answer"
    if data.task == "many-to-one":
        return "one"
    if data.text or (data.pairs and next_characters):
        return "text"
    rows = zip(data.inputs, data.targets, strict=False)
    return "text" if not data.pairs and all(source[1:] == target[:-1] for source, target in rows) else "each"


def laid_out(task: Task, source: str, target: str) -> tuple[str, int, str]:
    """What is read, the time step from which on something is said, and what is said from there on.

    many-to-many: a character for each that is read. many-to-one: one character, at the last that is read.
    one-to-many: the input is read, then the answer so far; said are the answer and its END.
    """
    if task == "many-to-many":
        return source, 0, target
    if task == "many-to-one":
        return source, len(source) - 1, target
    return source + target, len(source) - 1, target + END


def unfit(task: Task, source: str, target: str) -> str:
    """What a pair has that does not fit the task, and what would be right; empty where it fits."""
    if task == "many-to-many" and len(source) != len(target):
        both = f"{counted(len(source), 'character')} to read and {counted(len(target), 'character')} to predict"
        return f"{both}: many-to-many needs equally many; {other_task(target)}"
    if task == "many-to-one" and len(target) != 1:
        return f"{counted(len(target), 'character')} to predict: many-to-one needs one; {other_task(target)}"
    return ""


def other_task(target: str) -> str:
    """The option with which an input of any length may have this target."""
    if len(target) == 1:
        return "--task many-to-one reads an input of any length and predicts one character"
    return "--task one-to-many gives an answer of any length"
