"""What is looked at where rnn-tui does not train it itself: a script, and what can be done with it."""

from typing import Literal

from msgspec.structs import replace

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.stand_ins import stand_ins

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
    cell: str = ""  # the class of a cell that somebody has written; empty: it is one of torch's
    embedding: int = 0  # features of the embedding that it reads, perhaps among others; 0: it reads none
    optimizer: str = ""  # "Adam"; empty: none has made a step yet
    words: tuple[str, ...] = ()  # what each character of the vocabulary stands for; empty: for its index
    has_words: bool = False  # the view has the words already, from an earlier description: they are left out
    stand_ins: int = 0  # how many characters the vocabulary has, which is left out: see `experiment.stand_ins`
    classes_from: int = 0  # the index from which on they are classes with names of their own, from 0; 0: none are
    ranks: str = ""  # the folder of the notes of all ranks; empty: it is not one of several, see `rank_notes`
    rank: int = 0  # of this process
    can: tuple[Ability, ...] = ()
    notes: tuple[str, ...] = ()  # what cannot be seen, and why; a sentence each

    def shown(self, experiment: Experiment) -> object:
        """Return what tells what is shown from anything else: a batch of another shape is the same."""
        return self.script, self.networks[self.network : self.network + 1], experiment.network

    def with_vocabulary(self, experiment: Experiment) -> Experiment:
        """Return the experiment with the vocabulary that is left out of messages."""
        if not self.stand_ins or experiment.data.vocabulary:
            return experiment
        return replace(experiment, data=replace(experiment.data, vocabulary=stand_ins(self.stand_ins)))
