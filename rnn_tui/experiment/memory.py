"""The memory that training takes, and whether an experiment fits into this machine before any of it is built."""

import os
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS, optimizer_state, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError, Training

__all__ = [
    "HISTORY",
    "averages",
    "check_memory",
    "is_large",
    "memory_bytes",
    "parse_size",
    "shortage_of_members",
    "shortage_told",
]

HISTORY = 256 * 2**20  # bytes for states to go back to, unless the user says otherwise
_LARGE = 500_000  # weights x rows from which nothing is gained by computing several networks as one batch
_SHARE = 0.8  # of the physical memory; the rest is for torch itself and for everybody else
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?([kmgt]?)(?:i?b)?", re.ASCII | re.IGNORECASE)  # 256M, 1.5 GiB
_LARGEST = 2**50  # bytes that can be asked for
_SIZES = tuple(each for each in SETTINGS if each.memory and each.kind is int)


def averages(training: Training) -> int:
    """Return how many tensors as large as the weights the optimiser keeps."""
    return sum(key != "step" for key in optimizer_state(training)) if training.learn else 0


def memory_bytes(experiment: Experiment) -> int:
    """Estimate what training takes: weights, gradients, averages, and what the backward pass keeps, in float32."""
    network = experiment.network
    copies = _copies(experiment.training)
    per_cell = 2 * len(network.kind.gates) + 2 + (2 if network.dropout else 0)  # a mask, and what it leaves
    per_cell += 1 if network.layer_norm else 0
    cells = network.layers * network.directions * network.hidden_size * per_cell
    kept = experiment.length * experiment.rows * (cells + experiment.input_size + 3 * experiment.output_size)
    return 4 * (copies * experiment.weights + kept)


def _copies(training: Training) -> int:
    return 2 + averages(training) if training.learn else 1


def check_memory(experiment: Experiment) -> None:
    """Raise ExperimentError where the experiment does not fit; it names the setting that takes the most.

    Nothing is allocated, whatever the sizes.
    """
    there = physical_memory()
    needed = memory_bytes(experiment)
    if there and needed > _SHARE * there:
        problem = f"would take about {_size(needed)} for {_what(experiment)}; this machine has {_size(there)}"
        raise ExperimentError(_to_blame(experiment), problem)


def is_large(experiment: Experiment) -> bool:
    """Tell whether a network learns alone where many are compared: it keeps a core busy, or is of a rare kind."""
    too_much = experiment.weights * experiment.rows > _LARGE
    if experiment.network.kind.is_module:
        return True
    return too_much or experiment.training.precision != "float32" or experiment.data.answers == "label"


def shortage_of_members(experiments: Sequence[Experiment], jobs: int = 1) -> str:
    """Return one line where so many networks do not fit into this machine; empty: they do.

    The small ones learn at once, the large ones one after another, or so many `jobs` at a time.
    """
    there = physical_memory()
    small = [(memory_bytes(each), each) for each in experiments if not is_large(each)]
    large = [(memory_bytes(each), each) for each in experiments if is_large(each)]
    alone = sum(sorted((size for size, _ in large), reverse=True)[:jobs])
    needed = sum(size for size, _ in small) + alone
    if not there or needed <= _SHARE * there:
        return ""
    size, to_blame = max(small or large, key=lambda each: each[0])
    if alone > _SHARE * there:
        size, to_blame = max(large, key=lambda each: each[0])
    option = setting(_to_blame(to_blame)).option
    fit = int((_SHARE * there - alone) / size) if small else 0
    less = f"compare at most {fit:,} of the largest, or reduce {option}" if fit > 0 else f"reduce {option}"
    together = len(small) or min(jobs, len(large))
    at_once = f"{together:,} networks at once" if together > 1 else "one of the networks"
    return (
        f"{at_once} would take about {_size(needed)}; this machine has {_size(there)}, a fifth of it for others: {less}"
    )


def shortage_told(experiment: Experiment, device: str = "") -> str:
    """Return one line for a run that has used up the memory: what to reduce, the most effective first."""
    sizes = [each for each in _sizes(experiment) if each.name != "embedding" and each.of(experiment) > 1]
    first = _to_blame(experiment)
    sizes.sort(key=lambda each: each.path != first)
    told = [f"{each.option} ({each.of(experiment):,})" for each in sizes]
    less = f"reduce {' or '.join(filter(None, (', '.join(told[:-1]), told[-1])))}" if told else "use shorter texts"
    where = f" on {device}" if device else ""
    return f"Out of memory{where}: {less}. What is on the disk is whole."


def parse_size(text: str) -> int:
    """Read a size in bytes: 256M, 1.5G, 4096, 0. Raises ValueError, whose text says what would be right."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not a size: it must be like 256M or 1G, or 0 for no way back")
    size = float(found[1]) * 1024 ** " kmgt".index(found[2].lower() or " ")
    if size > _LARGEST:
        raise ValueError("is too large: it must be at most 1024T")
    return int(size)


def physical_memory() -> int:
    """Return the bytes of memory in this machine; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def _sizes(experiment: Experiment) -> list[Setting]:
    """Return the settings that are sizes of it."""
    return [each for each in _SIZES if not (each.unused and each.unused(experiment))]


def _to_blame(experiment: Experiment) -> str:
    """Return the path of the setting that would help most, were it as small as can be."""
    data = experiment.data
    if not data.file:  # fewer rows would have fewer characters
        data = msgspec.structs.replace(data, vocabulary=experiment.vocabulary)
        experiment = msgspec.structs.replace(experiment, data=data)
    smallest = {each.path: _with(experiment, each, min(1, each.of(experiment))) for each in _sizes(experiment)}
    if not data.file:
        smallest["data.inputs"] = _with(experiment, setting("data.inputs"), (data.inputs[0][:1],))
    return min(smallest, key=lambda path: memory_bytes(smallest[path]))


def _with(experiment: Experiment, each: Setting, value: Any) -> Experiment:
    section = msgspec.structs.replace(getattr(experiment, each.section), **{each.name: value})
    return msgspec.structs.replace(experiment, **{each.section: section})


def _what(experiment: Experiment) -> str:
    """Say what takes the most of it."""
    training = experiment.training
    if 2 * 4 * _copies(training) * experiment.weights < memory_bytes(experiment):
        return "the states of every time step"
    if not training.learn:
        return "weights"
    return "weights, gradients and the optimizer's averages" if averages(training) else "weights and gradients"


def _size(count: int) -> str:
    size, units = count / 2**30, ["GiB", "TiB", "PiB", "EiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:,.0f} {units[0]}" if size >= 100 else f"{size:.1f} {units[0]}"
