"""What a network needs to know of its data once it has learnt: kept with the weights, so that the data may be gone."""

import msgspec
from msgspec.structs import replace

from rnn_tui.data.batches import Batches
from rnn_tui.data.pairs import NONE, Pairs
from rnn_tui.data.series import TimeSeries
from rnn_tui.data.text import Corpus
from rnn_tui.experiment.spec import Experiment, Task
from rnn_tui.experiment.tokenizers import tokenizer_of

__all__ = ["DataCard", "SeriesCard", "data_card_of", "first_input", "with_vocabulary"]

_SOME = 10  # inputs of pairs
_PRIME = 20  # tokens of a text


class SeriesCard(msgspec.Struct, frozen=True, kw_only=True):
    """Of a series: how it is standardised, and where what is learnt ends. All in its own units."""

    name: str
    mean: float  # of what is learnt
    deviation: float
    values: tuple[float, ...]  # the last that are learnt, as many as a sequence has


class DataCard(msgspec.Struct, frozen=True, kw_only=True):
    """Of texts the vocabulary and a few beginnings; of a series what there is to know of its numbers."""

    vocabulary: str = ""  # the characters or words in the order of their indices, as `Data` has them
    labels: tuple[str, ...] = ()  # that are predicted, in the order of their classes
    inputs: tuple[str, ...] = ()  # the rows, the first inputs of pairs, or the beginning of a text
    series: SeriesCard | None = None
    next_characters: bool = False  # of many-to-many pairs: whether the targets are the inputs' next characters


def data_card_of(experiment: Experiment, source: Corpus | Pairs | TimeSeries | None) -> DataCard:
    """Make the card of an experiment whose vocabulary is known, from its file where it has one."""
    data = experiment.data
    if isinstance(source, TimeSeries):
        learnt = Batches(len(source), data).learnt
        scale = source.scale(learnt)
        values = tuple(source.values[learnt - data.length : learnt].tolist())
        found = SeriesCard(name=source.name, mean=scale.mean, deviation=scale.deviation, values=values)
        return DataCard(series=found)
    inputs = data.inputs
    if isinstance(source, Corpus):
        inputs = (source.text(0, _PRIME),)
    elif isinstance(source, Pairs) and not inputs:
        inputs = tuple(first_input(source, data.task, number) for number in range(min(_SOME, len(source))))
    next_characters = isinstance(source, Pairs) and data.task == "many-to-many" and source.next_characters
    vocabulary = data.vocabulary if data.tokens != "char" else experiment.vocabulary
    return DataCard(vocabulary=vocabulary, labels=data.labels, inputs=inputs, next_characters=next_characters)


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
