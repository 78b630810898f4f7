"""Free generation: the text that a pane gives the network to go on from, and what it makes of it."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.experiment.sampling_settings import MOST_GENERATED, MOST_PRIME
from rnn_tui.experiment.task_layout import Says
from rnn_tui.protocol.arrays import Floats, Integers

__all__ = ["SampleAsk", "SampleFacts"]


class SampleAsk(Value, frozen=True, kw_only=True, tag=True):
    """What the network makes up when it goes on from a text by itself."""

    prime: Annotated[str, msgspec.Meta(max_length=MOST_PRIME)] = ""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1.0  # 0: always the likeliest
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0  # only of the k likeliest; 0: of all
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    length: Annotated[int, msgspec.Meta(ge=0, le=MOST_GENERATED)] = 200  # characters
    default: bool = False  # nobody has chosen the prime: where it is empty the engine takes one that the run learns


class SampleFacts(Value, frozen=True, kw_only=True, tag=True):
    """Two texts that follow the prime. Probabilities are the network's own, softmax(logits), if not said otherwise.

    Where it answers, they are the answer, and `next` is what may come first, or of a character for each what is said to
    the last. A text ends early with the end of an answer, and where the probabilities are no numbers any more.
    """

    note: str = ""
    skipped: int = 0  # characters of a long prime, before those in `prime`, that were not fed
    prime: Integers  # (n,) what was fed; -1: not in the vocabulary, and left out
    prime_p: Floats  # (n,) how likely each was after those before it; 0 for the first one fed, and for what is left out
    greedy: Integers  # (g,) always the likeliest
    greedy_p: Floats  # (g,)
    sampled: Integers  # (s,) drawn with the temperature, of the top k, from the seed
    sampled_p: Floats  # (s,)
    next: Integers  # (k,) the likeliest characters after the prime, best first
    next_p: Floats  # (k,)
    next_drawn: Floats  # (k,) the probability with which each is drawn: with the temperature, of the top k
    says: Says = "text"  # whether it goes on with the prime, or answers; then `prime_p` means nothing
    refused: bool = False  # this network can say nothing to any text; the note says why
