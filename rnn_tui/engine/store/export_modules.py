"""The code of cells that torch has not, for an exported script: what their file says, and a loop over time."""

import ast
import inspect
from string import Template

from rnn_tui.engine.network.modules import MODULES
from rnn_tui.engine.network.own_cell import StepOfFour, build_own, loaded_cell
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.spec import Experiment

__all__ = ["cells_code", "changed_since"]


def changed_since(experiment: Experiment) -> bool:
    """Tell whether the file of an own cell is another than when the run was trained. Raises CellError."""
    own = experiment.network.own
    return experiment.network.cell == OWN and own is not None and loaded_cell().sha256 != own.sha256


def cells_code(experiment: Experiment, read: Template, of_four: Template) -> tuple[str, str]:
    """Return the classes that the recurrent layers need, and how they are built. Raises CellError."""
    network = experiment.network
    size = network.hidden_size
    name, source = _class_of(experiment, of_four)
    c = f"h.new_zeros(rows, {network.kind.c_size(size)})"
    code = read.substitute(source=source, name=name, begin=f"(h, {c})" if network.kind.has_c else "h")
    given = (experiment.input_size, size, network.layers, network.directions, network.layer_norm)
    return code, f"Cells({', '.join(map(str, given))})"


def _class_of(experiment: Experiment, of_four: Template) -> tuple[str, str]:
    """Return the name of the cell's class, and its code with all that it needs."""
    network = experiment.network
    if network.cell != OWN:
        made = MODULES[network.cell]
        module = inspect.getmodule(made)
        assert module is not None
        return made.__name__, _body(inspect.getsource(module))
    loaded = loaded_cell()
    source, cell = _body(loaded.source), build_own(experiment.input_size, network.hidden_size)
    if not isinstance(cell, StepOfFour):
        return loaded.named.name, source
    gates = dict(cell.named_parameters())["bias_ih"].numel() // network.hidden_size
    return "OfFour", of_four.substitute(source=source, name=loaded.named.name, gates=gates).rstrip()


def _body(source: str) -> str:
    """Return a file without its docstring, `__all__` and imports from the future."""
    lines, left_out = source.splitlines(), set[int]()
    for number, node in enumerate(ast.parse(source).body):
        is_docstring = not number and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        targets = node.targets if isinstance(node, ast.Assign) else ()
        is_all = any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets)
        if is_docstring or is_future or is_all:
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    kept = [line for number, line in enumerate(lines, 1) if number not in left_out]
    return "\n".join(kept).strip()
