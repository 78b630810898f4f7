"""Which units of a large layer are shown."""

import numpy as np
import torch

from rnn_tui.engine.answers.unit_choice import choose_units

STEPS = torch.linspace(-1, 1, 21)[:, None]


def test_those_that_vary_most_come_first_and_others_are_counted() -> None:
    states = STEPS * torch.tensor([0.1, 0.9, 0.0, 0.5, 0.3, 0.009])
    states[:, 2] = 0.98  # saturated; unit 6 is dead
    states[:, 5] = 0.009
    choice = choose_units(states, 3, {}, "h", bounded=True)
    assert choice.units.tolist() == [1, 3, 4]
    assert (choice.order, choice.dead, choice.saturated) == ("varies", 1, 1)
    assert choose_units(states, 3, {}, "h", bounded=False).saturated == 0
    everything = choose_units(states, 6, {}, "h", bounded=True)
    assert (everything.units.tolist(), everything.order) == ([0, 1, 2, 3, 4, 5], "number")


def test_rows_keep_their_places_until_others_vary_clearly_more() -> None:
    memory: dict[str, object] = {}
    first = choose_units(STEPS * torch.tensor([0.9, 0.8, 0.7, 0.1]), 3, memory, "h", bounded=True)
    assert first.units.tolist() == [0, 1, 2]
    nearly = choose_units(STEPS * torch.tensor([0.85, 0.9, 0.6, 0.65]), 3, memory, "h", bounded=True)
    assert nearly.units.tolist() == [0, 1, 2]
    other = choose_units(STEPS * torch.tensor([0.2, 0.9, 0.6, 0.65]), 3, memory, "h", bounded=True)
    assert other.units.tolist() == [1, 3, 2]
    fewer = choose_units(STEPS * torch.tensor([0.2, 0.9, 0.6, 0.65]), 2, memory, "h", bounded=True)
    assert fewer.units.tolist() == [1, 3]


def test_a_unit_that_is_no_number_comes_first() -> None:
    states = STEPS * torch.tensor([0.9, 0.8, 0.7])
    states[3, 2] = np.nan
    assert choose_units(states, 2, {}, "h", bounded=True).units.tolist() == [2, 0]
