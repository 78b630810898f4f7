"""Every key that a screen shows says in a sentence what it does."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import rnn_tui.view


def _classes() -> Iterator[type[DOMNode]]:
    """Yield every class of the view that can have keys."""
    for module in pkgutil.walk_packages(rnn_tui.view.__path__, "rnn_tui.view."):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if each.__module__ == module.name and issubclass(each, DOMNode):
                yield each


@pytest.mark.parametrize("owner", sorted(_classes(), key=str), ids=str)
def test_every_shown_key_has_a_tooltip(owner: type[DOMNode]) -> None:
    for each in owner.__dict__.get("BINDINGS", ()):
        assert isinstance(each, Binding)
        assert each.tooltip or not each.show, f"{owner.__qualname__}: {each.key} ({each.description})"
