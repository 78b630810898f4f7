"""Which networks a backward has reached, by the gradients before and after it."""

import torch
from torch import nn

from rnn_tui.engine.watch.gradient_reach import GradientReach
from rnn_tui.engine.watch.networks import Networks


def test_a_gradient_is_new_where_it_was_changed_or_is_another_tensor() -> None:
    """`create_graph` puts another tensor in its place, which has been changed as often as the one before."""
    model = nn.ModuleDict({"changed": nn.RNN(2, 3), "another": nn.RNN(2, 3), "neither": nn.RNN(2, 3)})
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    networks = Networks(model).all
    reach = GradientReach()
    reach.begin(networks)
    for weight in model["changed"].parameters():
        assert weight.grad is not None
        weight.grad += 1
    for weight in model["another"].parameters():
        weight.grad = torch.ones_like(weight)
    found = reach.end(networks)
    assert {each.name for each in networks if each.key in found} == {"changed", "another"}
