"""How much each character that was read mattered for an output: gradient x input."""

import numpy as np
import torch
from msgspec.structs import replace

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.answers.logits import logits
from rnn_tui.engine.inspect.bptt import adjoints, through_head
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts

__all__ = ["saliency_facts"]

_NOT_LEARNT = "Nothing is learnt here: the outputs are states, not characters to ask about."
_OWN_WAY = "What the script makes of the states is not one nn.Linear, so its gradient cannot be followed from here."
_OWN_CELL = "What happens inside this cell is the script's own: the way from its states to what it reads is not known."
_TOO_LARGE = "So many units over so many steps are too much to differentiate while somebody waits."
_MOST = 30_000  # units × time steps, each of which is a sweep of the row
_NO_TARGET = "That time step has no target to ask about."


@torch.no_grad()
def saliency_facts(focus: Focus, ask: SaliencyAsk) -> SaliencyFacts:
    """Return (∂logit/∂x_k)·x_k of every step k that has been read, for the logit of one character at one step.

    Of a one-hot x_k that is the derivative by its 1; of an embedding, the derivative along its vector. A first-order
    measure: what the logit would lose if x_k faded, were the network linear (Simonyan et al., 2014; arXiv:1312.6034).
    Of a series: for the number predicted, standardised, times the numbers read, standardised.
    """
    ask = replace(ask, step=max(0, focus.fed - 1)) if ask.step == -1 else ask
    observed, dataset = focus.observed, focus.observed.dataset
    facts = SaliencyFacts(
        step=ask.step,
        output=ask.output,
        inputs=dataset.characters[: dataset.steps(focus.row), focus.row].numpy().astype(np.int32),
        values=np.zeros(0, np.float32),
    )
    if not observed.learns:
        return replace(facts, note=_NOT_LEARNT, inputs=np.zeros(0, np.int32))  # nothing that could be shaded
    if not 0 <= ask.step < focus.fed:
        return replace(facts, note=focus.no_output(ask.step) if focus.fed else focus.nothing)
    if observed.given is not None:
        return replace(facts, note=_OWN_CELL, inputs=np.zeros(0, np.int32))
    if observed.segments and observed.model.head is None and ask.output != "state":
        return replace(facts, note=_OWN_WAY, inputs=np.zeros(0, np.int32))
    if ask.output == "state":
        return _of_the_state(focus, facts)
    outputs = logits(focus)
    character = 0
    if dataset.targets is not None and dataset.targets.is_floating_point() and observed.segments:
        if bool(dataset.targets[ask.step, focus.row].isnan()):
            return replace(facts, note=_NO_TARGET)
        numbers = None if dataset.numbers is None else dataset.numbers[: len(facts.inputs), focus.row].double().numpy()
        facts = replace(facts, output="predicted", numbers=numbers, predicted=float(outputs[ask.step, 0]))
    elif isinstance(dataset, SeriesDataset):
        read, character = observed.experiment.places(ask.column)
        numbers = dataset.inputs_in_units(dataset.inputs[:, focus.row], read)
        predicted = float(dataset.in_units(outputs[ask.step], character))
        facts = replace(facts, output="predicted", numbers=numbers, predicted=predicted)
    elif ask.output == "target":
        character = int(observed.dataset.y(ask.step, ask.step + 1)[0, focus.row])
        if character == NONE:
            return replace(facts, note=_NO_TARGET)
    else:
        character = int(outputs[ask.step].argmax())  # of equals the first, as in the prediction
    seeds = outputs.new_zeros(focus.read, outputs.shape[-1])
    seeds[ask.step, character] = 1
    seeds = seeds[:, observed.classes_from :]
    if observed.model.head is not None and observed.model.head.out_features == 1 < seeds.shape[-1]:
        seeds = seeds[:, 1:] - seeds[:, :1]  # yes and no are one output
    _, by_x = adjoints(focus.layers, through_head(observed, seeds[None]))
    values = (by_x[0] * focus.layers[0][0].x).sum(-1)
    return replace(facts, character=character, values=floats(values[: focus.reached]))


def _of_the_state(focus: Focus, facts: SaliencyFacts) -> SaliencyFacts:
    """Return how much of each input the top layer's state still holds at a step: ‖(∂h/∂x_k)·x_k‖ over its units."""
    dataset, step = focus.observed.dataset, facts.step
    if isinstance(dataset, SeriesDataset):
        read, _ = focus.observed.experiment.places(0)
        facts = replace(facts, numbers=dataset.inputs_in_units(dataset.inputs[:, focus.row], read))
    width = sum(cell.h.shape[-1] for cell in focus.layers[-1])
    if width * focus.read > _MOST:
        return replace(facts, note=_TOO_LARGE)
    seeds = focus.layers[-1][0].h.new_zeros(width, focus.read, width)  # a number for each unit
    seeds[range(width), step, range(width)] = 1
    _, by_x = adjoints(focus.layers, seeds)
    values = torch.linalg.vector_norm((by_x * focus.layers[0][0].x).sum(-1), dim=0)  # (T,)
    return replace(facts, values=floats(values[: focus.reached]))
