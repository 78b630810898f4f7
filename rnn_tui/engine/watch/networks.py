"""The recurrent networks of a process: which there are, and what they are called in their models."""

import weakref
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count

from torch import nn

from rnn_tui.common.wording import counted
from rnn_tui.engine.watch.capture import is_recurrent
from rnn_tui.engine.watch.models import original_of
from rnn_tui.experiment.cell_kinds import CELL_KINDS

__all__ = ["Networks", "WatchedNetwork", "kind_of"]

_NAMING = 2  # passes after a network was seen first in which its model is looked for


@dataclass(frozen=True, kw_only=True, eq=False)
class WatchedNetwork:
    """A recurrent module, and the model that it is a part of. Neither is kept alive."""

    module: "weakref.ref[nn.Module]"
    model: "weakref.ref[nn.Module]"
    name: str  # "encoder.rnn"; of a module that is a model itself, its class
    key: int  # a number that no other module has had

    @property
    def cell(self) -> str:
        """The class of a cell that somebody has written; empty for torch's modules."""
        module = self.module()
        return "" if module is None or is_recurrent(module) else type(module).__name__

    def facts(self, reads: str = "", size: int = 0) -> str:
        """Return the module in a few words: "LSTM 128 × 2, both directions, 64 features".

        `reads`: what it reads, where a pass has shown that; `size`: of its state, likewise.
        """
        module = self.module()
        if module is None:
            return "gone"
        kind = type(module).__name__
        if not is_recurrent(module):
            return ", ".join(filter(None, (f"{kind} {size}" if size else kind, reads, "a cell of its own")))
        parts = [f"{kind} {module.hidden_size}"]
        if isinstance(module, nn.RNNBase):
            parts[0] += f" × {module.num_layers}" if module.num_layers > 1 else ""
            parts += ["both directions"] if module.bidirectional else []
            parts += [f"projected to {module.proj_size}"] if module.proj_size else []
        return ", ".join([*parts, reads or counted(int(getattr(module, "input_size", 0)), "feature")])


class Networks:
    """Learns of modules as they are called. A model is a module that calls others, and that none calls."""

    def __init__(self, model: nn.Module | None = None) -> None:
        """Begin with what is in a model, if one is given: no others are looked at then."""
        self._given = model
        self._called: dict[int, weakref.ref[nn.Module]] = {}  # while names are looked for
        self._known: dict[int, WatchedNetwork] = {}  # by the id of the module
        self._models: list[weakref.ref[nn.Module]] = []  # that call others, and that none calls
        self._naming = _NAMING
        self._keys = count()
        self.problem = ""  # with a model, a sentence
        self.revision = 0  # grows with each network that is found, or named
        if model is not None:
            self._name_all([model])

    @property
    def all(self) -> list[WatchedNetwork]:
        """The networks that are still there, in the order in which they were seen."""
        return [each for each in self._known.values() if each.module() is not None]

    @property
    def known(self) -> Collection[WatchedNetwork]:
        """The networks that have been seen, those among them whose modules are gone."""
        return self._known.values()

    @property
    def models(self) -> list[nn.Module]:
        """The models that are known and still there."""
        if self._given is not None:
            return [self._given]
        return [each for known in self._models if (each := known()) is not None]

    @property
    def are_named(self) -> bool:
        """Whether no names are looked for: only calls of recurrent modules matter then."""
        return not self._naming or self._given is not None

    def find(self, module: nn.Module) -> WatchedNetwork | None:
        """Return the network that a module is; None: it is not one that is looked at."""
        found = self._known.get(id(module))
        return found if found is not None and found.module() is module else None

    def called(self, module: nn.Module) -> None:
        """Note a call of any module; cheap once all have their names."""
        if self._given is not None:
            return
        if is_recurrent(module) and self.find(module) is None:
            self._known = {key: each for key, each in self._known.items() if each.module() is not None}
            self._known.pop(id(module), None)
            self._know(module, module, type(module).__name__)
            self._naming = _NAMING
        if self._naming:
            self._called[id(module)] = weakref.ref(module)

    def add_own(self, modules: Sequence[nn.Module]) -> None:
        """Take modules as networks that have been found to be cells of somebody's own."""
        for module in modules:
            if self.find(module) is None:
                model = self._given
                if model is None:
                    seen = [
                        each for each in self._models if (found := each()) is not None and module in found.modules()
                    ]
                    model = seen[0]() if seen else None
                named = {id(part): name for name, part in ((model or module).named_modules())}
                inside = model if model is not None and id(module) in named else module
                self._know(module, inside, named.get(id(module)) or type(module).__name__)

    def expect(self) -> None:
        """Look for names in the next passes: a recurrent module has been made, or copied."""
        if self._given is None:
            self._naming = _NAMING

    def pass_over(self) -> None:
        """Give names to what has been called in a pass."""
        if self._given is not None or not self._naming:
            return
        self._naming -= 1
        modules = [module for each in self._called.values() if (module := each()) is not None]
        inner = {id(child) for module in modules for child in module.modules() if child is not module}
        models = [self._original_of(module) for module in modules if id(module) not in inner]
        self._models = [weakref.ref(each) for each in models]
        self._name_all(models)
        if not self._naming:
            self._called.clear()

    def _original_of(self, model: nn.Module) -> nn.Module:
        """Return the model inside what a script has wrapped it in; note what cannot be watched."""
        try:
            return original_of(model)
        except ValueError as refusal:
            self.problem = f"{refusal}."
            return model

    def _name_all(self, models: list[nn.Module]) -> None:
        for model in models:
            for name, module in model.named_modules():
                if not is_recurrent(module):
                    continue
                name = name or type(model).__name__
                known = self.find(module)
                if known is None or known.name != name or known.model() is not model:
                    self._know(module, model, name)

    def _know(self, module: nn.Module, model: nn.Module, name: str) -> None:
        known = self.find(module)
        self._known[id(module)] = WatchedNetwork(
            module=weakref.ref(module),
            model=weakref.ref(model),
            name=name,
            key=next(self._keys) if known is None else known.key,
        )
        self.revision += 1


def kind_of(module: nn.Module) -> str:
    """Return the name in `CELL_KINDS` of what a recurrent module is."""
    short = type(module).__name__
    for base in type(module).__mro__:
        if base in (nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell):
            short = base.__name__.removesuffix("Cell")
    nonlinearity = getattr(module, "nonlinearity", "tanh")
    for kind in CELL_KINDS.values():
        if kind.module == short and (kind.nonlinearity in ("", nonlinearity)):
            return kind.name
    raise ValueError(f"{short} is not a kind of cell that can be looked into")
