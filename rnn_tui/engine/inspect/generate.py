"""Text from a network: it continues a text that it is given, or answers it, as `response_kind` tells.

It begins with h_0 = 0 and needs nothing but the model and its experiment, so it works with and without a view. It
leaves the model as it was, and draws from a random number generator of its own.

R rows are texts that are written side by side, T characters of the prime, C characters in the vocabulary.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.text_reader import TextReader, read_whole
from rnn_tui.engine.network.model import Model
from rnn_tui.experiment.spec import END, Experiment
from rnn_tui.experiment.task_layout import ResponseKind, response_kind

__all__ = [
    "Choice",
    "Generated",
    "GeneratedText",
    "NotFinite",
    "cannot_generate",
    "drawn",
    "generate",
    "generate_batch",
    "stream",
]

_AT_ONCE = 1000  # random numbers that are drawn in one go

_NOT_LEARNT = "Nothing is learnt here: the outputs are states, and no characters that could be read again."
_NUMBERS = "It predicts numbers, not characters: its free run is in the chart of the series."
_BOTH_WAYS = (
    "A bidirectional network cannot write freely: it also reads from the right, and there the next character "
    "would have to be known before it is predicted."
)


class NotFinite(ValueError):
    """The probabilities of the network are not numbers any more (NaN), so no character can be chosen."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How the next character is chosen. Temperature 0 or top_k 1: always the likeliest; the first of equals."""

    temperature: float = 1.0
    top_k: int = 0  # only of the k likeliest; 0: of all
    seed: int = 0

    @property
    def kept(self) -> float:
        """How many of the likeliest characters can be chosen."""
        return 1 if self.temperature == 0 else self.top_k or math.inf


@dataclass(frozen=True, kw_only=True)
class GeneratedText:
    """One generated text; it ends before the first probability that is not a number."""

    characters: Tensor  # (n,) indices
    p: Tensor  # (n,) float64: the network's own probabilities, softmax(logits)
    ended: bool = False  # an answer, which has come to its end


@dataclass(frozen=True, kw_only=True)
class Generated:
    """The generated texts, and how likely the network finds the prime."""

    prime_p: Tensor  # (n,) float64: how likely each character was after those before it; 0 for the first
    logits: Tensor  # (C,) float64, after the prime
    lines: tuple[GeneratedText, ...]  # one for each choice


def cannot_generate(experiment: Experiment, response: ResponseKind | None = None) -> str:
    """Explain why a network of this experiment cannot continue or answer a text; empty where it can."""
    if not experiment.training.learn:
        return _NOT_LEARNT
    if experiment.is_numbers:
        return _NUMBERS
    goes_on = (response or response_kind(experiment.data)) in ("text", "answer")
    return _BOTH_WAYS if experiment.network.bidirectional and goes_on else ""


def generate(
    model: Model,
    experiment: Experiment,
    prime: str,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    length: int = 200,
    response: ResponseKind | None = None,
) -> str:
    """Return the text that follows `prime`, at most `length` tokens of it; or the answer to it, without its end.

    Raises ValueError, which says why, where that is impossible.
    """
    choice = Choice(temperature=temperature, top_k=top_k, seed=seed)
    found: list[str] = []
    with closing(stream(model, experiment, prime, choice, response=response)) as characters, suppress(NotFinite):
        found.extend(islice(characters, length))
    return "".join(found)


def stream(
    model: Model, experiment: Experiment, prime: str, choice: Choice, *, response: ResponseKind | None = None
) -> Generator[str, None, None]:
    """Yield what each token adds to the text that follows `prime`: without end, or an answer up to its own end.

    Raises ValueError at once where that is impossible, and NotFinite on the way.
    """
    response = response or response_kind(experiment.data)
    tokenizer, unit = experiment.tokenizer, experiment.data.unit
    problem = cannot_generate(experiment, response)
    read = tokenizer.encode(prime)
    if problem:
        raise ValueError(problem)
    if not read:
        raise ValueError(f"The prime text is empty: the network needs a {unit} to begin with.")
    if -1 in read:
        raise ValueError(f"{tokenizer.pieces(prime)[read.index(-1)]!r} is not in the vocabulary.")
    _check(choice)
    return _written(model, experiment, read, choice, response)


@torch.no_grad()
def _written(
    model: Model, experiment: Experiment, prime: Sequence[int], choice: Choice, response: ResponseKind
) -> Generator[str, None, None]:
    vocabulary, decoder = experiment.vocabulary, experiment.tokenizer.decoder()
    if response == "text":
        for index in prime:  # what follows depends on what it follows: whether a blank comes first, say
            decoder.feed(index)
    with _evaluating(model):
        chosen: Iterator[tuple[int, float]]
        if response in ("each", "one"):
            characters, p = _answers(read_whole(model, experiment, prime), choice, response)
            chosen = zip(characters.tolist(), p.tolist(), strict=True)
        else:
            reader = TextReader(model, experiment)
            steps = _continue(reader, reader.read_prime(prime)[0], (choice,))
            chosen = ((int(characters), float(p)) for characters, p in steps)
        for index, probability in chosen:
            if not math.isfinite(probability):
                raise NotFinite("the probabilities are not numbers (NaN): no character can be chosen")
            if response == "answer" and experiment.name_of(index) == END:
                return
            yield decoder.feed(index) if index < len(vocabulary) else experiment.name_of(index)


@torch.no_grad()
def generate_batch(
    model: Model,
    experiment: Experiment,
    prime: Sequence[int],
    choices: Sequence[Choice],
    length: int,
    *,
    response: ResponseKind = "text",
) -> Generated:
    """Feed the indices of the prime, at least one, and generate one text, or one answer, for each choice.

    All texts are one batch. An answer includes its end, where it comes to it. Raises ValueError for an invalid choice.
    """
    for choice in choices:
        _check(choice)
    with _evaluating(model):
        if response in ("each", "one"):
            logits = read_whole(model, experiment, prime)
            found = [_answers(logits, choice, response) for choice in choices]
            lines = tuple(_line(characters[:length], p[:length]) for characters, p in found)
            return Generated(prime_p=torch.zeros(len(prime), dtype=torch.float64), logits=logits[-1], lines=lines)
        reader = TextReader(model, experiment)
        logits, prime_p = reader.read_prime(prime)  # (1, C), (T,)
        end = experiment.tokenizer.encode(END)[0] if response == "answer" else -1
        characters, p = _some(_continue(reader, logits.expand(len(choices), -1), choices), length, len(choices), end)
    lines = tuple(_line(*row, end=end) for row in zip(characters, p, strict=True))
    return Generated(prime_p=prime_p, logits=logits[0], lines=lines)


def _some(steps: Iterator[tuple[Tensor, Tensor]], length: int, rows: int, end: int) -> tuple[Tensor, Tensor]:
    """Take at most `length` characters and their probabilities, (R, n) each; fewer where every row has ended before."""
    characters, p = [torch.zeros(rows, 0, dtype=torch.int64)], [torch.zeros(rows, 0, dtype=torch.float64)]
    over = torch.zeros(rows, dtype=torch.bool)
    for chosen, share in islice(steps, length):
        characters.append(chosen[:, None])
        p.append(share[:, None])
        over |= chosen == end
        if over.all():
            break
    return torch.cat(characters, -1), torch.cat(p, -1)


def _line(characters: Tensor, p: Tensor, end: int = -1) -> GeneratedText:
    """Cut one text after its end, and before the first probability that is not a number."""
    finite = int(p.isfinite().long().cumprod(0).sum())
    ended = (characters == end).nonzero()
    stop = min(finite, int(ended[0]) + 1 if len(ended) else len(p))
    return GeneratedText(characters=characters[:stop], p=p[:stop], ended=len(ended) > 0 and stop > int(ended[0]))


def _check(choice: Choice) -> None:
    if not (0 <= choice.temperature < math.inf and choice.top_k >= 0):
        raise ValueError("The temperature must be a number of at least 0, and top-k at least 0.")


def drawn(logits: Tensor, choice: Choice) -> Tensor:
    """Return the probabilities (C,) with which a character is drawn: softmax(logits / T) over the k likeliest."""
    order, weights = _by_rank(logits[None], _column([choice.temperature]), _column([choice.kept]))
    return torch.zeros_like(logits).scatter(0, order[0], weights[0] / weights[0].sum())


def _continue(reader: TextReader, logits: Tensor, choices: Sequence[Choice]) -> Iterator[tuple[Tensor, Tensor]]:
    """Choose a character for each row, read them, and so on without end: indices (R,), and their probabilities."""
    random = [_random_numbers(each.seed) for each in choices]
    temperature, kept = _column([each.temperature for each in choices]), _column([each.kept for each in choices])
    while True:
        chosen, p = _chosen(logits, temperature, kept, _column([next(each) for each in random]))
        yield chosen, p
        logits = reader.read(chosen)


def _answers(logits: Tensor, choice: Choice, response: ResponseKind) -> tuple[Tensor, Tensor]:
    """Choose a character for each of T steps of logits (T, C), or only for the last one; also its probability."""
    logits = logits[-1:] if response == "one" else logits
    rows = len(logits)
    random = list(islice(_random_numbers(choice.seed), rows))
    return _chosen(logits, _column([choice.temperature] * rows), _column([choice.kept] * rows), _column(random))


def _chosen(logits: Tensor, temperature: Tensor, kept: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
    """Choose a character for each row of logits (R, C) by random numbers (R, 1); also return softmax(logits) of it."""
    order, weights = _by_rank(logits, temperature, kept)
    reached = weights.cumsum(-1)  # the character whose share of this the number falls into is drawn
    chosen = order.gather(-1, (reached > random * reached[:, -1:]).int().argmax(-1, keepdim=True))
    return chosen[:, 0], logits.softmax(-1).gather(-1, chosen)[:, 0]


def _by_rank(logits: Tensor, temperature: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Sort the characters of each row by likelihood, with exp((logit - highest) / T), 0 for those not kept; (R, C)."""
    values, order = logits.sort(dim=-1, descending=True, stable=True)
    weights = ((values - values[:, :1]) / temperature.where(temperature > 0, 1.0)).exp()
    return order, weights.where(torch.arange(weights.shape[-1]) < kept, 0.0)


def _random_numbers(seed: int) -> Iterator[float]:
    """Yield uniform numbers in [0, 1), one for each character: the same at the same place, however long the text is."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.rand(_AT_ONCE, generator=generator, dtype=torch.float64).tolist()


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Switch dropout off, and afterwards back to what it was."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)
