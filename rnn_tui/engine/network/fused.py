"""nn.RNN, nn.GRU and nn.LSTM with dropout masks from outside, and with rows of different lengths.

Both are arguments of `forward`; without them these are torch's modules, with the same parameters.

Rows of different lengths are padded to one length. Read from the left, a row is over before its padding begins. Read
from the right, the padding would come first, so there the rows are packed (torch.nn.utils.rnn): each row is read from
its own last step, and its padding is never read.
See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnn_tui.engine.network.cells import map_state
from rnn_tui.engine.network.layer_norm import add_norms, norm_above
from rnn_tui.experiment.spec import Network

__all__ = ["build_fused", "direct", "run_rows", "steps_of_rows"]


def run_rows(
    module: Callable[..., Any], x: Tensor, state: Any, lengths: Tensor | None, *, batch_first: bool = False
) -> Any:
    """Run one of torch's modules on x (T, N, E) and the state before it; return output (T, N, D*H) and state after.

    With lengths (N,), on the CPU, each row is read as if it were alone: its output is 0 at its padding, and the state
    after it is the one at its own end (from the right: at its own beginning).
    """
    if lengths is None:
        return module(x, state)
    packed = pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
    output, state = module(packed, state)
    total = x.shape[1 if batch_first else 0]
    return pad_packed_sequence(output, batch_first=batch_first, total_length=total)[0], state


def steps_of_rows(lengths: Tensor, steps: int, device: torch.device) -> Tensor:
    """Tell which time steps belong to a row and which are padding: (T, N) of bool."""
    return torch.arange(steps, device=device)[:, None] < lengths.to(device)


class _Fused(nn.RNNBase):
    """A module that runs layer by layer where masks or norms come between two layers."""

    def forward(
        self, x: Any, state: Any, masks: Tensor | tuple[()] | None = None, lengths: Tensor | None = None
    ) -> Any:
        """Turn x (T, N, E) and the state before it (L*D, N, H) into the top layer's h (T, N, D*H) and the state after.

        masks (L-1, T, N, D*H), always time first; without them nothing is dropped. lengths (N,): see `run_rows`.
        """
        if masks is None and norm_above(self, 0) is None:
            return run_rows(super().forward, x, state, lengths, batch_first=self.batch_first)
        masks = () if masks is None else masks
        if lengths is None:
            parts = [each.transpose(0, 1) if self.batch_first else each for each in masks]
            return self._by_layers(self._layer, x, state, parts)
        packed = pack_padded_sequence(x, lengths, batch_first=self.batch_first, enforce_sorted=False)
        parts = [pack_padded_sequence(each, lengths, enforce_sorted=False).data for each in masks]

        def layer(data: Tensor, before: Any, weights: Any) -> Any:
            settings = (True, 1, 0.0, self.training, self.bidirectional)
            return self._function()(data, packed.batch_sizes, before, weights, *settings)

        there, back = packed.sorted_indices, packed.unsorted_indices
        data, end = self._by_layers(layer, packed.data, _of_rows(state, there), parts)
        output = PackedSequence(data, packed.batch_sizes, there, back)
        total = x.shape[1 if self.batch_first else 0]
        padded, _ = pad_packed_sequence(output, batch_first=self.batch_first, total_length=total)
        return padded, _of_rows(end, back)

    def _by_layers(self, layer: Callable[..., Any], x: Tensor, state: Any, masks: list[Tensor]) -> Any:
        """Run one layer after another, with a mask on what the next one reads."""
        lstm, directions = isinstance(state, tuple), 2 if self.bidirectional else 1
        per_layer = 4 * directions
        after = []
        for number in range(self.num_layers):
            rows = slice(number * directions, (number + 1) * directions)
            before = map_state(state, lambda part: part[rows])  # noqa: B023 (called at once)
            x, *end = layer(x, before, self._flat_weights[number * per_layer : (number + 1) * per_layer])
            after.append(end)
            norm = norm_above(self, number)
            x = x if norm is None else norm(x)
            if number < len(masks):
                x = x * masks[number]
        ends = tuple(torch.cat(part) for part in zip(*after, strict=True))
        return x, ends if lstm else ends[0]

    def _layer(self, x: Tensor, state: Any, weights: Any) -> Any:
        """Run one layer with the function that torch's own module calls for all of them."""
        settings = (self.bias, 1, 0.0, self.training, self.bidirectional, self.batch_first)
        return self._function()(x, state, weights, *settings)

    def _function(self) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(torch, self.mode.lower())  # torch.rnn_tanh, torch.lstm
        return function


def direct(module: nn.Module) -> Callable[..., Any]:
    """Return the function that one of torch's own modules calls, with its weights; any other module as it is.

    What `forward` checks in Python at each call has no part in the result, and takes a small network a tenth of a tick.
    """
    if type(module) not in (nn.RNN, nn.GRU, nn.LSTM):
        return module
    assert isinstance(module, nn.RNNBase)
    function: Callable[..., Any] = getattr(torch, module.mode.lower())
    settings = (module.bias, module.num_layers, 0.0, module.training, module.bidirectional, module.batch_first)

    def run(x: Tensor, state: Any) -> Any:
        output, *after = function(x, state, module._flat_weights, *settings)
        return output, tuple(after) if len(after) > 1 else after[0]

    return run


def _of_rows(state: Any, order: Tensor | None) -> Any:
    """Return the states (L*D, N, H) with their rows in another order."""
    if order is None:
        return state
    return map_state(state, lambda part: part.index_select(1, order))


class _RNN(_Fused, nn.RNN):  # type: ignore[misc] # forward takes more
    """nn.RNN with masks and lengths."""


class _GRU(_Fused, nn.GRU):  # type: ignore[misc]
    """nn.GRU with masks and lengths."""


class _LSTM(_Fused, nn.LSTM):  # type: ignore[misc]
    """nn.LSTM with masks and lengths."""


def build_fused(network: Network, input_size: int) -> nn.RNNBase:
    """Build torch's own module for a network, or ours on top of it where masks or the lengths of rows are needed."""
    kind, takes_more = network.kind, bool(network.dropout) or network.bidirectional or network.layer_norm
    ours: dict[str, Callable[..., nn.RNNBase]] = {"RNN": _RNN, "GRU": _GRU, "LSTM": _LSTM}
    build: Callable[..., nn.RNNBase] = ours[kind.module] if takes_more else getattr(nn, kind.module)
    module = build(
        input_size,
        network.hidden_size,
        num_layers=network.layers,
        bidirectional=network.bidirectional,
        batch_first=network.batch_first,
        **kind.options,
    )
    add_norms(module, network)
    return module
