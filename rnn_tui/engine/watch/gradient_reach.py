"""Which networks a backward has computed gradients for: those of which the gradient of a weight is another one then.

This costs a microsecond for each network, and needs no hook on anything of the script.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from rnn_tui.engine.watch.networks import WatchedNetwork

__all__ = ["GradientReach"]


class GradientReach:
    """Compares the gradients before a backward with those after it."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[Tensor, int]] = {}  # the gradient of a network's weight, and its version

    def begin(self, networks: Iterable[WatchedNetwork]) -> None:
        """Note the gradients before a backward."""
        for each in networks:
            module = each.module()
            gradient = None if module is None else _gradient(module)
            if gradient is not None:
                self._before[each.key] = gradient, gradient._version

    def end(self, networks: Iterable[WatchedNetwork], inputs: Sequence[Tensor] = ()) -> frozenset[int]:
        """Return the keys of the networks whose weights have other gradients now, or are among `inputs`."""
        found = set()
        for each in networks:
            module = each.module()
            if module is None:
                continue
            if inputs:
                weights = {id(weight) for weight in module.parameters()}
                is_reached = any(id(each) in weights for each in inputs)
            else:
                gradient, before = _gradient(module), self._before.get(each.key)
                is_reached = gradient is not None and (
                    before is None or before[0] is not gradient or before[1] != gradient._version
                )
            if is_reached:
                found.add(each.key)
        self._before.clear()
        return frozenset(found)


def _gradient(module: nn.Module) -> Tensor | None:
    """Return the gradient of the first weight of a module that learns."""
    for weight in module._parameters.values():
        if weight is not None and weight.requires_grad:
            return weight.grad
    return next((weight.grad for weight in module.parameters() if weight.requires_grad), None)
