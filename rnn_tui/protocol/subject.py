"""What is looked at where rnn-tui does not train it itself: a script, and what can be done with it."""

from typing import Literal

from rnn_tui.common.value import Value

__all__ = ["Ability", "Subject"]

Ability = Literal["hold", "step", "speed", "breakpoints", "back", "log"]


class Subject(Value, frozen=True, kw_only=True):
    """A script that is watched. The experiment beside it says in rnn-tui's words what is known of its network.

    A view offers what is in `can`, and no more; of rnn-tui's own runs everything can be done.
    """

    script: str  # as it was started: "train.py --epochs 3"
    networks: tuple[str, ...] = ()  # the recurrent networks seen so far, by their names in the model: "encoder.rnn"
    reads: Literal["tokens", "numbers"] = "tokens"  # whether an index says what is read at a time step
    network: int = 0  # which of them is shown
    network_facts: str = ""  # in a few words: "LSTM 128 × 2, 64 features"
    optimizer: str = ""  # "Adam"; empty: none has made a step yet
    words: tuple[str, ...] = ()  # what each character of the vocabulary stands for; empty: for its index
    classes_from: int = 0  # the index from which on they are classes with names of their own, from 0; 0: none are
    can: tuple[Ability, ...] = ()
    notes: tuple[str, ...] = ()  # what cannot be seen, and why; a sentence each
