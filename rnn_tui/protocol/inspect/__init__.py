"""What the panes that look inside a network ask, and what the engine answers: a module for each pane.

An ask travels in a request for a frame, its answer in the frame. An answer whose `note` is not empty shows something
else than was asked for, or nothing, and the note says why, in words that are safe to print. Values that are NaN or
infinite travel as such. `layer` and `direction` count from 0; direction 1 reads from the right.

A new pane has a module here with its `...Ask` and `...Facts`, which have `tag=True`, and a place in the two unions.
"""

from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts

__all__ = ["Answer", "Ask", "name_of", "name_of_answer"]

Ask = CellAsk | GatesAsk | GradientsAsk | WeightsAsk | SpaceAsk | SaliencyAsk | SampleAsk | ReadingAsk
Answer = (
    CellFacts | GatesFacts | GradientsFacts | WeightsFacts | SpaceFacts | SaliencyFacts | SampleFacts | ReadingFacts
)


def name_of(ask: Ask) -> str:
    """Return the name of an ask: "cell", "gates", ...; it is also the ID of the pane that asks."""
    return type(ask).__name__.removesuffix("Ask").lower()


def name_of_answer(kind: type[Answer]) -> str:
    """Return the name of an answer, which is the name of its ask."""
    return kind.__name__.removesuffix("Facts").lower()
