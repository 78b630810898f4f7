"""What a tick calls in the place of torch's own modules gives what they give, to the bit."""

import pytest
import torch
from torch import Tensor, nn

from rnn_tui.engine.network.cells import map_state
from rnn_tui.engine.network.fused import build_fused, direct
from rnn_tui.experiment.spec import Network

T, N, E, H = 7, 3, 5, 4


def results(run: object, module: nn.RNNBase, x: Tensor, state: object) -> list[Tensor]:
    """Return output, state after, and the gradients of x and all weights."""
    assert callable(run)
    module.zero_grad()
    x = x.clone().requires_grad_()
    output, after = run(x, state)
    (
        output.sin().sum() + sum(part.square().sum() for part in (after if isinstance(after, tuple) else (after,)))
    ).backward()
    gradients = [weight.grad.clone() for weight in module.parameters() if weight.grad is not None]
    return [output, *(after if isinstance(after, tuple) else (after,)), x.grad, *gradients]


@pytest.mark.parametrize("cell", ["rnn", "rnn-relu", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_direct_call_is_the_module(cell: str, layers: int, batch_first: bool, dtype: torch.dtype) -> None:
    if dtype == torch.bfloat16 and cell == "lstm":
        pytest.skip("oneDNN has no LSTM of bfloat16 for every size on every CPU")
    torch.manual_seed(1)
    network = Network(cell=cell, hidden_size=H, layers=layers, batch_first=batch_first)
    module = build_fused(network, E)
    x = torch.randn((N, T, E) if batch_first else (T, N, E))
    drawn = torch.randn(2, layers, N, H)
    state = (drawn[0], drawn[1]) if network.kind.has_c else drawn[0]
    run = direct(module)
    assert run is not module
    for _ in range(2):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            ours, torchs = results(run, module, x, state), results(module, module, x, state)
        assert len(ours) == len(torchs) >= 3 + 4 * layers
        for one, other in zip(ours, torchs, strict=True):
            assert torch.equal(one, other)
        module.load_state_dict({name: weight * 0.5 for name, weight in module.state_dict().items()})
        state = map_state(state, torch.neg)


def test_any_other_module_is_called_itself() -> None:
    for network in (Network(dropout=0.5, layers=2, cell="lstm"), Network(bidirectional=True)):
        module = build_fused(network, E)
        assert direct(module) is module
