"""What `rnn-tui check` prints: a verdict in words, and as one JSON object."""

import math
import textwrap
from typing import TYPE_CHECKING, Any

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted, step_name

if TYPE_CHECKING:
    from rnn_tui.engine.check.check import Verdict
    from rnn_tui.engine.check.mistakes import Mistake
    from rnn_tui.engine.check.placing import Placed
    from rnn_tui.engine.check.side_by_side import Parting

__all__ = ["facts", "lines"]

_WIDTH = 80


def lines(verdict: "Verdict") -> list[str]:
    """Return the verdict as lines for a terminal of 80 columns."""
    return [part for line in _sentences(verdict) for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _sentences(verdict: "Verdict") -> list[str]:
    name, short = safe(verdict.name), verdict.kind.short
    parting = verdict.parting
    if parting is None:
        return [
            f"{name} is torch's {short}: outputs, states and gradients agree at {counted(verdict.trials, 'size')}; "
            f"the largest difference is {verdict.largest:.0e}.",
            *_blocks(verdict),
            *_weights(verdict),
        ]
    if parting.is_gradient:
        found = _gradient(verdict, parting)
    elif verdict.mistakes:
        found = _explained(verdict)
    else:
        found = _unexplained(verdict, parting)
    return [*found, "", *_where(verdict, parting), *_weights(verdict)]


def facts(verdict: "Verdict") -> dict[str, Any]:
    """Return the verdict as what JSON holds; numbers that it cannot hold are null."""
    parting, sizes = verdict.parting, verdict.sizes
    first = None
    if parting is not None:
        first = {
            "of": "gradient" if parting.is_gradient else "state",
            "part": parting.part,
            "time_step": None if parting.step is None else parting.step + 1,
            "row": parting.row + 1,
            "unit": parting.unit + 1,
            "yours": _number(parting.own),
            "torch": _number(parting.torch),
            "difference": _number(parting.by),
            "sizes": {"E": sizes.inputs, "H": sizes.units, "N": sizes.rows, "T": sizes.steps},
        }
    of_part = [verdict.in_part] if verdict.in_part else []
    return {
        "cell": verdict.name,
        "against": verdict.kind.name,
        "agrees": parting is None,
        "sizes": verdict.trials,
        "largest_difference": _number(verdict.largest),
        "first": first,
        "differs": [
            {"part": each.part, "about": each.about, "yours": each.yours} for each in verdict.mistakes or of_part
        ],
        "all_of_it": bool(verdict.mistakes),
        "inside": verdict.inside or None,
        "weights": {}
        if verdict.placing is None
        else {each.name: _held(verdict, each) for each in verdict.placing.parameters},
    }


def _explained(verdict: "Verdict") -> list[str]:
    name, short = safe(verdict.name), verdict.kind.short
    if len(verdict.mistakes) == 1:
        (only,) = verdict.mistakes
        return [f"{name} is not torch's {short}: {only.about}.", "", *_equations(verdict, only)]
    found = [f"{name} is not torch's {short}. It differs in {len(verdict.mistakes)} things:"]
    for number, each in enumerate(verdict.mistakes, 1):
        found += ["", f"{number}. {each.about}", *_equations(verdict, each)]
    return found


def _equations(verdict: "Verdict", mistake: "Mistake") -> list[str]:
    if mistake.place == "order" and verdict.placing is not None:
        both = zip(verdict.kind.gate_names, mistake.choice, strict=True)
        return [f"  what is named {name} works as torch's {gate}" for name, gate in both if name != gate]
    right = verdict.equations.get(mistake.part, "") if mistake.is_equation else ""
    found = [f"  yours    {mistake.yours}"]
    if right:
        found.append(f"  torch's  {right}")
    return [*found, f"  {mistake.note}"] if mistake.note else found


def _unexplained(verdict: "Verdict", parting: "Parting") -> list[str]:
    name, short = safe(verdict.name), verdict.kind.short
    if verdict.in_part is not None:
        return [
            f"{name} is not torch's {short}: {verdict.in_part.about}. There is more, to be seen when this is mended.",
            "",
            *_equations(verdict, verdict.in_part),
        ]
    gates = verdict.kind.gate_names
    found = [
        f"{name} is not torch's {short}: they part in {parting.part}, and it is none of the usual mistakes.",
        "",
        f"  torch's  {verdict.equations[parting.part]}",
    ]
    if len(gates) == 1 or parting.part in gates or set(parting.agreeing) & set(gates):
        return found
    if verdict.inside:
        found.append(f"  torch's  {verdict.equations[verdict.inside]}")
        found.append(f"  With 0 for all weights of {verdict.inside} they agree: look there, and at what is made of it.")
    found.append(f"  Leave the gates on self, as in self.{gates[0]} = {gates[0]}: then check can compare each of them.")
    return found


def _gradient(verdict: "Verdict", parting: "Parting") -> list[str]:
    name, short = safe(verdict.name), verdict.kind.short
    found = [f"{name} computes what torch's {short} does, but its gradients are others: first for {parting.part}."]
    last = verdict.sizes.steps - 1
    if parting.is_cut:
        found += [
            "",
            f"  No gradient comes to {parting.part}: .detach(), .data, .item() or torch.no_grad() may be why.",
        ]
    elif parting.step is not None and parting.step < last:
        found += [
            "",
            f"  For x it agrees at the last time step, {step_name(last)}, and no longer at {step_name(parting.step)}:",
            "  the state may not hand its gradient back, as after h.detach().",
        ]
    return found


def _blocks(verdict: "Verdict") -> list[str]:
    """Return what a class with `step` lacks to train: the number of blocks that its weights have."""
    gates = verdict.kind.gate_names
    if verdict.blocks == len(gates):
        return []
    return ["", f'To train it, add a line to the class: gates = "{"".join(gates)}" (blocks of H rows in each weight).']


def _where(verdict: "Verdict", parting: "Parting") -> list[str]:
    sizes = verdict.sizes
    where = f" at {step_name(parting.step)}" if parting.step is not None and not parting.is_gradient else ""
    what = f"the gradient of {parting.part}" if parting.is_gradient else parting.part
    size = (
        f"with {counted(sizes.inputs, 'input')}, {counted(sizes.units, 'unit')}, {counted(sizes.rows, 'row')} and "
        f"{counted(sizes.steps, 'time step')}"
    )
    known = verdict.mistakes and verdict.mistakes[0].part != parting.part and not parting.is_gradient
    found = [
        f"{'It shows' if known else 'They part'} first in {what}{where}, by {parting.by:.3g}: "
        f"yours is {parting.own:.4g}, torch's {parting.torch:.4g}, {size}.",
    ]
    if parting.agreeing:
        agree = "agrees" if len(parting.agreeing) == 1 else "agree"
        found.append(f"Up to there, {_listed(parting.agreeing)} {agree}.")
    return found


def _weights(verdict: "Verdict") -> list[str]:
    """Return what each parameter of a module was given."""
    if verdict.placing is None:
        return []
    rows = [(safe(each.name), _held(verdict, each)) for each in verdict.placing.parameters]
    rows = [(name, held) for name, held in rows if name != held]
    wide = max((len(name) for name, _ in rows), default=0)
    found = [f"  {name:<{wide}}  {held}" for name, held in rows]
    if lacking := _lacking(verdict):
        found.append(f"  torch's {lacking}: 0, as {safe(verdict.name)} has no such bias")
    return ["", "The same weights for both, by torch's names:", *found] if found else []


def _held(verdict: "Verdict", each: "Placed") -> str:
    """Name what of torch's a parameter holds: `[W_ir W_hr]`, or `b_ir; b_iz` for one gate below the other."""
    gates = [verdict.kind.gate_names[at] for at in each.gates]
    if len(verdict.kind.gate_names) == 1:
        gates = ["h"]
    if each.side[0] == "b":
        return "; ".join(f"b_{each.side[2]}{gate}" for gate in gates)
    rows = [" ".join(f"W_{'i' if side == 'x' else 'h'}{gate}" for side in each.side) for gate in gates]
    text = "; ".join(rows)
    text = f"[{text}]" if len(each.side) > 1 or len(rows) > 1 else text
    return f"{text}ᵀ" if each.transposed else text


def _lacking(verdict: "Verdict") -> str:
    assert verdict.placing is not None
    gates = verdict.kind.gate_names
    gone = [
        f"b_{side[2]}{gate}"
        for side in ("b_ih", "b_hh")
        for at, gate in enumerate(gates)
        if (side, at) not in verdict.placing.biases
    ]
    return ", ".join(gone)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
