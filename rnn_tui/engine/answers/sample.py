"""What the network writes by itself, with the weights of this tick."""

import math

import numpy as np
import torch
from msgspec.structs import replace

from rnn_tui.common.glyphs import glyph
from rnn_tui.data.data_card import first_input
from rnn_tui.data.pairs import Pairs
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.engine.inspect.generate import Choice, cannot_generate, drawn, generate_batch
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.sampling_settings import MOST_GENERATED, MOST_PRIME
from rnn_tui.experiment.task_layout import ResponseKind, response_kind
from rnn_tui.experiment.tokenizers import Tokenizer
from rnn_tui.protocol.arrays import Integers
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts

__all__ = ["sample_facts"]

_PRODUCTS = 1e8  # of weights with numbers: what the prime, and what the texts, may take
_FEWEST = 8  # characters, however large the network
_NEXT = 16  # characters after the prime, at most
_EMPTY = "It needs a {} to begin with: type one (enter)."
_NO_NUMBER = "The probabilities are not numbers (NaN): no next one can be chosen."

_SOMEBODY_ELSES = "Only networks that rnn-tui itself trains can generate here."


def sample_facts(focus: Focus, ask: SampleAsk) -> SampleFacts:
    """Return the likeliest text and a drawn one after the prime, the first step of which is softmax(logits) of `next`.

    Large networks write fewer characters, and read only the end of a long prime.
    """
    trainer = focus.own
    if trainer is None:
        return replace(_facts(note=_SOMEBODY_ELSES), refused=True)
    response = _response(trainer)
    problem = cannot_generate(trainer.experiment, response)
    if problem:
        return replace(_facts(note=problem), refused=True)
    if not math.isfinite(ask.temperature):
        return _facts(note="The temperature must be a number.")
    most = max(_FEWEST, int(_PRODUCTS / sum(weight.numel() for weight in trainer.model.parameters())))
    text, unit = ask.prime[:MOST_PRIME], trainer.experiment.data.unit
    if ask.default and not text and isinstance(trainer.dataset.source, Pairs):
        text = first_input(trainer.dataset.source, trainer.experiment.data.task)[:MOST_PRIME]
    every = trainer.dataset.tokenizer.encode(text)
    skipped = max(0, len(every) - most)
    prime = every[skipped:]
    known = [index for index in prime if index >= 0]
    notes = [_unknown(trainer.dataset.tokenizer, text)]
    if skipped:
        notes.append(f"The network is large: only the last {most:,} {unit}s of the prime are fed.")
    if not known:
        return _facts(note=_join(*notes, _EMPTY.format(unit)), skipped=skipped, prime=prime, response=response)
    length = min(ask.length, MOST_GENERATED)
    if length > most:
        notes.append(f"The network is large: {most:,} of {length:,} {unit}s, to go on training meanwhile.")
    choice = Choice(temperature=max(0.0, ask.temperature), top_k=max(0, ask.top_k), seed=ask.seed)
    choices = (Choice(temperature=0), choice)
    written = generate_batch(trainer.model, trainer.experiment, known, choices, min(length, most), response=response)
    p = written.logits.softmax(-1)
    best = p.argsort(descending=True, stable=True)[: min(_NEXT, trainer.experiment.classes)]
    greedy, sampled = written.lines
    asked = min(length, most, {"each": len(known), "one": 1}.get(response, length))
    if p.isnan().any() or not all(each.ended or len(each.p) == asked for each in written.lines):
        notes.append(_NO_NUMBER)
    prime_p = np.zeros(len(prime), np.float32)
    prime_p[[at for at, index in enumerate(prime) if index >= 0]] = floats(written.prime_p)
    return SampleFacts(
        note=_join(*notes),
        skipped=skipped,
        prime=np.array(prime, np.int32),
        prime_p=prime_p,
        greedy=_indices(greedy.characters),
        greedy_p=floats(greedy.p),
        sampled=_indices(sampled.characters),
        sampled_p=floats(sampled.p),
        next=_indices(best),
        next_p=floats(p[best]),
        next_drawn=floats(drawn(written.logits, choice)[best]),
        says=response,
    )


def _response(trainer: Trainer) -> ResponseKind:
    """Tell what the network does with a text; for a file of pairs the pairs decide."""
    source = trainer.dataset.source
    return response_kind(trainer.experiment.data, next_characters=isinstance(source, Pairs) and source.next_characters)


def _facts(
    *, note: str, skipped: int = 0, prime: list[int] | None = None, response: ResponseKind = "text"
) -> SampleFacts:
    """Return facts without a text, and why."""
    nothing, none = np.zeros(0, np.int32), np.zeros(0, np.float32)
    fed = np.array(prime or [], np.int32)
    return SampleFacts(
        note=note,
        skipped=skipped,
        prime=fed,
        prime_p=np.zeros(len(fed), np.float32),
        greedy=nothing,
        greedy_p=none,
        sampled=nothing,
        sampled_p=none,
        next=nothing,
        next_p=none,
        next_drawn=none,
        says=response,
    )


def _unknown(tokenizer: Tokenizer, text: str) -> str:
    """Name the characters that are not in the vocabulary."""
    both = zip(tokenizer.pieces(text), tokenizer.encode(text), strict=True)
    strange = list(dict.fromkeys(piece for piece, index in both if index < 0))
    if not strange:
        return ""
    names = ", ".join(map(glyph, strange[:5])) + (" …" if len(strange) > 5 else "")
    return f"{names} {'is' if len(strange) == 1 else 'are'} not in the vocabulary, and left out."


def _join(*notes: str) -> str:
    return " ".join(filter(None, notes))


def _indices(characters: torch.Tensor) -> Integers:
    return characters.numpy().astype(np.int32)
