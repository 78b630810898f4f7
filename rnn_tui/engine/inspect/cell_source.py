"""The equations of a cell that is a module, as they are written in its file."""

import ast
import inspect
import textwrap
from functools import lru_cache

from torch import nn

from rnn_tui.engine.network.own_cell import loaded_cell
from rnn_tui.experiment.cell_kinds import OWN, CellKind

__all__ = ["equations_of", "source_of"]

_LONGEST = 20_000  # characters
_METHODS = ("forward", "step")


def source_of(cell: nn.Module, kind: CellKind) -> str:
    """Return the method of a cell that makes a time step, its first line and its docstring left out; "" if unknown."""
    if kind.name == OWN:
        loaded = loaded_cell()
        return equations_of(loaded.source, loaded.named.name)
    module = inspect.getmodule(type(cell))
    return "" if module is None else equations_of(inspect.getsource(module), type(cell).__name__)


@lru_cache(maxsize=8)
def equations_of(source: str, name: str) -> str:
    """Return the body of `forward` or `step` of a class in a Python text, without its docstring; "" for none."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for each in node.body:
                if isinstance(each, ast.FunctionDef) and each.name in _METHODS:
                    body = each.body[1:] if ast.get_docstring(each) is not None else each.body
                    if body:
                        text = "\n".join(lines[body[0].lineno - 1 : each.end_lineno])
                        return textwrap.dedent(text)[:_LONGEST]
    return ""
