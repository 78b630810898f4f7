"""Which ids of tokens a network has read: those that went into an nn.Embedding, those of one-hot vectors, or those
that the script tells by itself.

T time steps, N rows, E features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.watch.capture import Capture, ToldTokens
from rnn_tui.engine.watch.sequences import CallSequence

__all__ = ["TokensRead", "notes_on", "tokens_read", "told_tokens"]

_FEWEST_TOKENS = 3  # two features that are 0 and 1 may be anything
_OTHER_SHAPE = "The tokens that the script has told have other time steps or rows than this network reads."


@dataclass(frozen=True, kw_only=True, eq=False)
class TokensRead:
    """What a network has read at each time step."""

    ids: Tensor  # (T, N); NONE after the end of a row that the script has told
    count: int  # tokens that there are
    embedding: nn.Embedding | None = None  # that has turned them into what the network reads
    lengths: Tensor | None = None  # (N,) of rows that are padded, as the script has told
    is_padding_read: bool = False  # before the rest, by a direction from the right


def tokens_read(module: nn.Module, sequence: CallSequence, capture: Capture, least: int) -> TokensRead | None:
    """Return what a module has read in a pass; None: it is not known. What the script tells comes first.

    There are at least so many tokens where that is all that is known.
    """
    by_embedding, told = _embedded(sequence, capture), _told(module, sequence, capture)
    if told is None:
        return by_embedding or _one_hot(sequence)
    embedding = None if by_embedding is None else by_embedding.embedding
    if embedding is not None and int(told.ids.max()) >= embedding.num_embeddings:
        embedding = None
    count = _count(told.ids, sequence, least) if embedding is None else embedding.num_embeddings
    ids, both_ways = told.ids, bool(getattr(module, "bidirectional", False))
    if told.lengths is not None and not both_ways:
        ids = ids.where(torch.arange(len(ids))[:, None] < told.lengths, NONE)
    return TokensRead(ids=ids, count=count, embedding=embedding, lengths=told.lengths, is_padding_read=both_ways)


def notes_on(capture: Capture, read: TokensRead | None) -> tuple[str, ...]:
    """Return what is wrong with what the script has told."""
    if capture.problem:
        return (capture.problem,)
    return (_OTHER_SHAPE,) if capture.tokens and read is None else ()


def told_tokens(ids: Any, lengths: Any, capture: Capture) -> ToldTokens:
    """Take what a script has told. Raises ValueError where these cannot be ids and lengths of rows."""
    ids = torch.as_tensor(ids).detach()
    if ids.dim() not in (1, 2) or ids.is_floating_point() or ids.is_complex():
        raise ValueError(f"tokens: needs whole numbers, (T,), (N, T) or (T, N): {_described(ids)}")
    if lengths is not None:
        lengths = torch.as_tensor(lengths).detach()
        if lengths.dim() != 1 or lengths.is_floating_point() or lengths.is_complex():
            raise ValueError(f"tokens: needs lengths as whole numbers, (N,): {_described(lengths)}")
    return ToldTokens(ids=ids, lengths=lengths, calls=len(capture.calls), modules=len(capture.modules))


def _fitting(told: Sequence[ToldTokens], sequence: CallSequence, *, calls: int, modules: int) -> ToldTokens | None:
    """Return the ids (T, N) and lengths of what a network has read, on the CPU; None: none of those told fit.

    `calls` and `modules` were called before the network in this pass: of what fits, the newest that was told before
    it, or else the newest of all.
    """
    steps, rows, _ = sequence.x.shape
    fitting = [(each, ids) for each in told if (ids := _in_time(each.ids, sequence)) is not None]
    by_step = [each for each in told if each.ids.numel() == rows]
    if not fitting and len(by_step) == steps:  # one time step after the other
        fitting = [(by_step[-1], torch.stack([each.ids.reshape(rows) for each in by_step]))]
    if not fitting:
        return None
    before = [pair for pair in fitting if pair[0].calls <= calls and pair[0].modules <= modules]
    found, ids = (before or fitting)[-1]
    lengths = None if found.lengths is None or len(found.lengths) != rows else found.lengths.cpu().clamp(1, steps)
    return ToldTokens(ids=ids.cpu().long().clamp(min=0), lengths=lengths)


def _in_time(ids: Tensor, sequence: CallSequence) -> Tensor | None:
    """Return ids as (T, N); None: they are not those of this sequence."""
    steps, rows, _ = sequence.x.shape
    if ids.dim() == 1:
        ids = ids[:, None] if rows == 1 else ids[None]
        return ids if ids.shape == (steps, rows) else None
    if sequence.batch_first or ids.shape != (steps, rows):
        return ids.T if ids.T.shape == (steps, rows) else ids if ids.shape == (steps, rows) else None
    return ids


def _described(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"


def _told(recurrent: nn.Module, sequence: CallSequence, capture: Capture) -> ToldTokens | None:
    """Return the ids and lengths that the script has told of a network; None: none fit."""
    if not capture.tokens:
        return None
    calls = next((at for at, each in enumerate(capture.calls) if each.module is recurrent), len(capture.calls))
    modules = next((at for at, each in enumerate(capture.modules) if each.module is recurrent), len(capture.modules))
    return _fitting(capture.tokens, sequence, calls=calls, modules=modules)


def _embedded(sequence: CallSequence, capture: Capture) -> TokensRead | None:
    """Return the ids (T, N) that an embedding has turned into what the network reads."""
    steps, rows, size = sequence.x.shape
    for call in reversed(capture.embeddings):
        if call.module.embedding_dim > size:
            continue
        ids = call.ids
        if ids.dim() == 1 and steps == 1:
            ids = ids[:, None] if sequence.batch_first else ids[None]
        if ids.dim() == 1 and rows == 1:
            ids = ids[:, None]
        elif ids.dim() == 2 and sequence.batch_first:
            ids = ids.T
        if ids.shape == (steps, rows):
            return TokensRead(ids=ids, count=call.module.num_embeddings, embedding=call.module)
        if ids.dim() == 2 and ids.T.shape == (steps, rows):
            return TokensRead(ids=ids.T, count=call.module.num_embeddings, embedding=call.module)
    by_step = [each for each in capture.embeddings if each.ids.numel() == rows]
    for module in {id(each.module): each.module for each in by_step}.values():
        own = [each.ids.reshape(rows) for each in by_step if each.module is module]
        if len(own) == steps:
            return TokensRead(ids=torch.stack(own), count=module.num_embeddings, embedding=module)
    return None


def _one_hot(sequence: CallSequence) -> TokensRead | None:
    """Return the place of the one in what is read, where that is a one among zeros at every time step of every row."""
    x, lengths = sequence.x, sequence.lengths
    if x.shape[-1] < _FEWEST_TOKENS:
        return None
    there = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    if lengths is not None:
        there = torch.arange(len(x), device=x.device)[:, None] < lengths.to(x.device)
    vectors = x[there]
    if not bool((((vectors == 0) | (vectors == 1)).all()) & (vectors.sum(-1) == 1).all()):
        return None
    return TokensRead(ids=x.argmax(-1).where(there, NONE), count=x.shape[-1])


def _count(ids: Tensor, sequence: CallSequence, least: int) -> int:
    """Return how many tokens there are, of which these have been told: as many as features, where x is one-hot."""
    x = sequence.x[:, 0]
    is_one_hot = x.shape[-1] > 1 and bool(((x == 0) | (x == 1)).all()) and bool((x.sum(-1) <= 1).all())
    return max(int(ids.max()) + 1, least, x.shape[-1] if is_one_hot else 1)
