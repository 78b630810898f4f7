"""What a network needs to know of its data once it has learnt: kept with the weights, so that the data may be gone."""

import msgspec
from msgspec.structs import replace

from rnn_tui.data.batches import Batches
from rnn_tui.data.pairs import NONE, Pairs
from rnn_tui.data.series_columns import SeriesColumns
from rnn_tui.data.text import Corpus
from rnn_tui.experiment.spec import Data, Experiment, Task
from rnn_tui.experiment.tokenizers import tokenizer_of

__all__ = ["ColumnCard", "DataCard", "SeriesCard", "data_card_of", "first_input", "with_vocabulary"]

_SOME = 10  # inputs of pairs
_PRIME = 20  # tokens of a text


class ColumnCard(msgspec.Struct, frozen=True, kw_only=True):
    """Of a column of a series: how it is standardised, and where what is learnt ends. All in its own units."""

    name: str
    mean: float  # of what is learnt
    deviation: float
    values: tuple[float, ...]  # the last that are learnt, as many as a sequence has


class SeriesCard(ColumnCard, frozen=True, kw_only=True):
    """Of a series: its first column, and the others; the first so many are read."""

    others: tuple[ColumnCard, ...] = ()
    reads: int = 1
    says: tuple[int, ...] = (0,)  # places of the columns that are predicted
    ahead: int = 1  # time steps from what is read to what is predicted

    @property
    def columns(self) -> tuple[ColumnCard, ...]:
        """All columns."""
        return self, *self.others

    @property
    def read(self) -> tuple[ColumnCard, ...]:
        """The columns that are read."""
        return self.columns[: self.reads]

    @property
    def said(self) -> tuple[ColumnCard, ...]:
        """The columns that are predicted."""
        return tuple(self.columns[at] for at in self.says)

    @property
    def own_outputs(self) -> tuple[int, ...] | None:
        """The place of each number that is read among those that are predicted; None: they are others."""
        known = self.ahead == 1 and set(range(self.reads)) <= set(self.says)
        return tuple(map(self.says.index, range(self.reads))) if known else None


class DataCard(msgspec.Struct, frozen=True, kw_only=True):
    """Of texts the vocabulary and a few beginnings; of a series what there is to know of its numbers."""

    vocabulary: str = ""  # the characters or words in the order of their indices, as `Data` has them
    labels: tuple[str, ...] = ()  # that are predicted, in the order of their classes
    inputs: tuple[str, ...] = ()  # the rows, the first inputs of pairs, or the beginning of a text
    series: SeriesCard | None = None
    next_characters: bool = False  # of many-to-many pairs: whether the targets are the inputs' next characters


def data_card_of(experiment: Experiment, source: Corpus | Pairs | SeriesColumns | None) -> DataCard:
    """Make the card of an experiment whose vocabulary is known, from its file where it has one."""
    data = experiment.data
    if isinstance(source, SeriesColumns):
        return DataCard(series=_series_card(source, data))
    inputs = data.inputs
    if isinstance(source, Corpus):
        inputs = (source.text(0, _PRIME),)
    elif isinstance(source, Pairs) and not inputs:
        inputs = tuple(first_input(source, data.task, number) for number in range(min(_SOME, len(source))))
    next_characters = isinstance(source, Pairs) and data.task == "many-to-many" and source.next_characters
    vocabulary = data.vocabulary if data.tokens != "char" else experiment.vocabulary
    return DataCard(vocabulary=vocabulary, labels=data.labels, inputs=inputs, next_characters=next_characters)


def _series_card(source: SeriesColumns, data: Data) -> SeriesCard:
    learnt = Batches(len(source), data).learnt
    first, *others = (
        ColumnCard(
            name=each.name,
            mean=scale.mean,
            deviation=scale.deviation,
            values=tuple(each.values[learnt - data.length : learnt].tolist()),
        )
        for each, scale in zip(source.columns, source.scales(learnt), strict=True)
    )
    return SeriesCard(
        name=first.name,
        mean=first.mean,
        deviation=first.deviation,
        values=first.values,
        others=tuple(others),
        reads=source.reads,
        says=source.says,
        ahead=source.ahead,
    )


def with_vocabulary(experiment: Experiment, data_card: DataCard) -> Experiment:
    """Return the experiment as if its file had been read, as far as the network is concerned."""
    if not experiment.data.file or experiment.is_numbers:
        return experiment
    found = {"vocabulary": data_card.vocabulary, "labels": data_card.labels}
    return replace(experiment, data=replace(experiment.data, **found))


def first_input(pairs: Pairs, task: Task, number: int = 0) -> str:
    """Return the input of a pair: what is read up to the first target."""
    start, length = int(pairs.starts[number]), int(pairs.lengths[number])
    begins = int((pairs.targets[start : start + length] != NONE).argmax())
    stop = length if task == "many-to-many" else begins + 1
    return tokenizer_of(pairs.tokens, pairs.vocabulary).decode(pairs.inputs[start : start + stop].tolist())
