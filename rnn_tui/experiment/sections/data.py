"""The settings of the data."""

from typing import Annotated, Any, Literal

import msgspec

from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.tokenizers import Tokens

__all__ = ["Answers", "Data", "Decimal", "Gaps", "Header", "Separator", "Task", "Tokens"]

Task = Literal["many-to-many", "one-to-many", "many-to-one"]
Separator = Literal["auto", "comma", "semicolon", "tab", "bar", "blank", "none"]
Header = Literal["auto", "yes", "no"]
Decimal = Literal["auto", "point", "comma"]
Gaps = Literal["refuse", "skip", "fill"]
Answers = Literal["token", "label"]

_ESCAPES = r"\\ \n \t \x1b \u200b stand for what cannot be typed."


def _without_file(experiment: Any) -> str:
    return "" if experiment.data.file else "does not fit without a text: give one, as --text FILE"


def _without_text(experiment: Any) -> str:
    there = experiment.data.text or experiment.data.pairs
    return "" if there else "does not fit without a text or pairs: give one, as --text FILE"


def _without_pairs(experiment: Any) -> str:
    return "" if experiment.data.pairs else "does not fit without a file of pairs: give one, as --pairs FILE"


def _without_labels(experiment: Any) -> str:
    return "" if experiment.data.answers == "label" else "has no use without labels: --answers label predicts them"


def _without_words(experiment: Any) -> str:
    return "" if experiment.data.tokens == "word" else "has no use without words: --tokens word reads them"


def _without_series(experiment: Any) -> str:
    return "" if experiment.data.series else "has no use without a series: give one, as --series FILE"


def _for_pairs(experiment: Any) -> str:
    if experiment.data.pairs:
        return "has no use for pairs, each of which starts afresh: it must be false"
    return _without_file(experiment)


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read and what is to be predicted: rows, a text, pairs, or a series of numbers.

    A character is one Unicode code point; a text may be read by words or by bytes instead (`tokens`). Rows are one
    batch, the same in every pass. Of a text or a series every pass reads another batch, `batch` rows of `length`
    characters or numbers: pieces in a random order, or `stateful`, where row r goes on where row r of the previous pass
    ended. Pairs are rows of different lengths in a file, `batch` of them a pass in a random order, padded to `length`
    time steps; 0 stands for all of them, and for as many as the longest has.

    The task says how an input and its target become one row. many-to-many: a character is predicted for each one read.
    many-to-one: one character, at the last one read. one-to-many: the input is read and then the answer so far; the
    answer and its end (a line feed) are predicted from the last character of the input on.

    Of a series some columns are read (`column`), and some are predicted `ahead` time steps later (`targets`, or those
    that are read): at each time step, or many-to-one at the last of each sequence.
    """

    inputs: Annotated[
        tuple[str, ...],
        Setting(
            "text to read; several rows of the same length make a batch",
            option="--input",
            label="input",
            form_hint=rf"| separates rows; \| {_ESCAPES}",
            since="0.1.0",
            memory=True,
        ),
    ] = ("hihello",)  # empty where there is a text, a file of pairs, or a series
    targets: Annotated[
        tuple[str, ...],
        Setting(
            "text to predict, character by character; none: the input's next characters. Of a series: a column to "
            "predict; none: those that are read",
            option="--target",
            label="target",
            form_hint=rf"| separates rows; \| {_ESCAPES}",
            since="0.1.0",
            memory=True,
        ),
    ] = ()  # empty also where there is no learning
    text: Annotated[
        str,
        Setting(
            "a text file of any size to learn, in batches of sequences; -: read it from stdin",
            metavar="FILE",
            since="0.1.0",
            memory=True,
        ),
    ] = ""  # its next characters are the targets
    pairs: Annotated[
        str,
        Setting(
            "a file of pairs to learn, one a line: an input, a tab and its target; their lengths may differ",
            metavar="FILE",
            since="0.1.0",
            memory=True,
        ),
    ] = ""
    task: Annotated[
        Task,
        Setting(
            "many-to-many: a character for each one read; many-to-one: one character at the end; "
            "one-to-many: read the input, then spell the target and end it",
            since="0.1.0",
            memory=True,
        ),
    ] = "many-to-many"
    series: Annotated[
        str,
        Setting(
            "a CSV file with a series of numbers, whose next value is predicted; sine: a made-up one",
            metavar="FILE",
            since="0.1.0",
            memory=True,
        ),
    ] = ""
    column: Annotated[
        tuple[str, ...] | str,  # a text: a single one, as 0.1.0 wrote it
        Setting(
            "a column of that file to read, by its name or its number from 1; none: the only one",
            metavar="NAME",
            unused=_without_series,
            since="0.1.0",
            memory=True,
        ),
    ] = ()  # see `columns`
    ahead: Annotated[
        int,
        Setting(
            "time steps from what is read to what is predicted: 1: the next row of the series; 0: the same one",
            label="steps ahead",
            minimum=0,
            maximum=100_000,
            unused=_without_series,
            since="0.3.0",
        ),
    ] = 1
    standardise: Annotated[
        bool,
        Setting(
            "read each column less its mean, over its standard deviation; --no-standardise: as it stands",
            unused=_without_series,
            since="0.3.0",
        ),
    ] = True
    separator: Annotated[
        Separator,
        Setting(
            "what separates the columns of that file; blank: spaces or tabs; none: each line is one number",
            unused=_without_series,
            since="0.2.0",
        ),
    ] = "auto"  # see `data/csv/table.py`
    header: Annotated[
        Header,
        Setting(
            "whether the first line of that file names the columns; auto: unless it holds only numbers",
            unused=_without_series,
            since="0.2.0",
        ),
    ] = "auto"
    decimal: Annotated[
        Decimal,
        Setting(
            "the decimal mark of that file; the other one may group thousands",
            label="decimal mark",
            unused=_without_series,
            since="0.2.0",
        ),
    ] = "auto"  # see `data/csv/numbers.py`
    gaps: Annotated[
        Gaps,
        Setting(
            "cells without a number: refuse them; skip those rows; fill along a line from neighbour to neighbour",
            unused=_without_series,
            since="0.2.0",
        ),
    ] = "refuse"  # see `data/series.py`
    reverse: Annotated[
        bool,
        Setting(
            "read the rows from last to first, for a file with the newest on top", unused=_without_series, since="0.2.0"
        ),
    ] = False
    encoding: Annotated[
        str,
        Setting(
            "the character encoding of the file: utf-8, latin-1, utf-16, ...",
            metavar="NAME",
            unused=_without_file,
            since="0.1.0",
        ),
    ] = "utf-8"
    tokens: Annotated[
        Tokens,
        Setting(
            "what one time step of a text, or of pairs, reads: a character, a word or punctuation mark, or a byte",
            unused=_without_text,
            since="0.2.0",
            memory=True,
        ),
    ] = "char"  # see `experiment/tokenizers.py`
    vocabulary_size: Annotated[
        int,
        Setting(
            "the most words that are told apart, the frequent ones; all others are one unknown word",
            label="most words",
            minimum=2,
            maximum=1_000_000,
            unused=_without_words,
            logarithmic=True,
            since="0.2.0",
        ),
    ] = 10_000
    batch: Annotated[
        int,
        Setting(
            "rows in each pass over a text or a series, or pairs in each pass; 0: all pairs",
            minimum=0,
            maximum=1_000_000,
            unused=_without_file,
            since="0.1.0",
            passes=True,
            logarithmic=True,
            memory=True,
        ),
    ] = 1
    length: Annotated[
        int,
        Setting(
            "time steps in each pass over a text or a series; backward stops at the first. For pairs 0: as many "
            "as the longest",
            minimum=0,
            maximum=1_000_000,
            unused=_without_file,
            since="0.1.0",
            passes=True,
            logarithmic=True,
            memory=True,
        ),
    ] = 64
    stateful: Annotated[
        bool,
        Setting(
            "carry the state over from one pass to the next; --no-stateful: shuffle the sequences",
            unused=_for_pairs,
            since="0.1.0",
            passes=True,
        ),
    ] = False
    holdout: Annotated[
        float,
        Setting(
            "the share of a text, a series or pairs, at the end, that is not learnt but used for validation",
            label="hold-out",
            alike="they are judged by the same data, which none of them learns",
            minimum=0,
            maximum=0.9,
            unused=_without_file,
            since="0.1.0",
            passes=True,
        ),
    ] = 0.0
    vocabulary: Annotated[
        str,
        Setting(
            "the characters in the order of their indices; none: those of the data, sorted. Of words: the words, with "
            "blanks between them; none: the most frequent of what is learnt",
            form_hint=_ESCAPES,
            since="0.1.0",
            memory=True,
        ),
    ] = ""  # those of a file are known once it has been read

    answers: Annotated[
        Answers,
        Setting(
            "what the targets of many-to-one pairs are: tokens like those that are read, or labels with classes of "
            "their own",
            unused=_without_pairs,
            since="0.2.0",
        ),
    ] = "token"
    labels: Annotated[
        tuple[str, ...],
        Setting(
            "a label, in the order of the classes; none: those of the pairs, sorted",
            option="--label",
            unused=_without_labels,
            since="0.2.0",
            memory=True,
        ),
    ] = ()  # those of a file are known once it has been read

    def __post_init__(self) -> None:
        """Make a list of a single column."""
        if isinstance(self.column, str):
            msgspec.structs.force_setattr(self, "column", (self.column,) if self.column else ())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a series that are read; none: its only one."""
        return (self.column,) if isinstance(self.column, str) else self.column

    @property
    def file(self) -> str:
        """The file that the data come from, or what stands for it, if there is one."""
        return self.text or self.pairs or self.series

    @property
    def unit(self) -> str:
        """What is read at one time step, in a word."""
        return {"char": "character", "word": "word", "byte": "byte"}[self.tokens] if not self.series else "value"

    @property
    def answer_unit(self) -> str:
        """What is predicted at one time step, in a word."""
        return "label" if self.answers == "label" else self.unit

    @property
    def padded(self) -> bool:
        """Whether rows may be of different lengths, with steps that have no target."""
        return bool(self.pairs) or (self.task != "many-to-many" and not self.series)

    @property
    def per_character(self) -> bool:
        """Whether losses are reported per character, or number, however they are added up."""
        return bool(self.file) or self.padded
