"""Free generation: the text that a pane gives the network to continue, and how it continues it."""

from typing import Annotated, ClassVar

import msgspec

from rnn_tui.experiment.sampling_settings import MOST_GENERATED, MOST_PRIME
from rnn_tui.experiment.task_layout import ResponseKind
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["SampleAsk", "SampleFacts"]


class SampleAsk(Ask, frozen=True, kw_only=True, tag=True):
    """How the network continues a text by itself."""

    IS_EXPENSIVE: ClassVar[bool] = True
    prime: Annotated[str, msgspec.Meta(max_length=MOST_PRIME)] = ""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1.0  # 0: always the likeliest character
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0  # draw only from the k likeliest; 0: from all
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    length: Annotated[int, msgspec.Meta(ge=0, le=MOST_GENERATED)] = 200  # characters
    default: bool = False  # the user has not chosen a prime: if it is empty the engine takes one from the data


class SampleFacts(Answer, frozen=True, kw_only=True, tag=True):
    """Two texts that follow the prime. Probabilities are the network's own, softmax(logits), unless noted.

    If the network answers, the texts are the answer, and `next` is its first character; if it has an output for each
    input character, `next` is the output for the last. A text ends early at the end of an answer, or if the
    probabilities are not finite.
    """

    skipped: int = 0  # characters at the beginning of a long prime that were not fed
    prime: Integers  # (n,) what was fed; -1: left out, since it is not in the vocabulary
    prime_p: Floats  # (n,) how likely each was after those before it; 0 for the first one, and for those left out
    greedy: Integers  # (g,) always the likeliest character
    greedy_p: Floats  # (g,)
    sampled: Integers  # (s,) drawn from the top k with the temperature and the seed
    sampled_p: Floats  # (s,)
    next: Integers  # (k,) the likeliest characters after the prime, likeliest first
    next_p: Floats  # (k,)
    next_drawn: Floats  # (k,) the probability with which each is drawn, given temperature and top k
    says: ResponseKind = "text"  # whether it continues the prime, or answers it; then `prime_p` means nothing
    refused: bool = False  # this network cannot generate at all; the note says why
