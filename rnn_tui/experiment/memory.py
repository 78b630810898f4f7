"""Whether an experiment fits into this machine, told before anything of it is built."""

import os
import re

import msgspec

from rnn_tui.experiment.settings import field
from rnn_tui.experiment.spec import MOMENTS, Experiment, ExperimentError

__all__ = ["check_memory", "parse_size", "shortage_told"]

_SHARE = 0.8  # of the physical memory; the rest is for torch itself and for everybody else
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?([kmgt]?)(?:i?b)?", re.ASCII | re.IGNORECASE)  # 256M, 1.5 GiB
_LARGEST = 2**50  # bytes that can be asked for
_WEIGHTS = {
    "adam": "weights, gradients and Adam's moments",
    "rmsprop": "weights, gradients and RMSprop's averages",
    "sgd": "weights and gradients",
}


def check_memory(experiment: Experiment) -> None:
    """Nothing, where the experiment fits. Raises ExperimentError, which names the size that is to blame.

    Counts only; nothing is allocated, whatever the sizes.
    """
    there = physical_memory()
    needed = experiment.memory_bytes
    if there and needed > _SHARE * there:
        problem = f"would take about {_size(needed)} for {_what(experiment)}; this machine has {_size(there)}"
        raise ExperimentError(_to_blame(experiment), problem)


def shortage_told(experiment: Experiment, device: str = "") -> str:
    """One line for a run that has used up the memory: what to reduce, with its value; what helps most comes first."""
    values = {"network.hidden_size": experiment.network.hidden_size, "network.layers": experiment.network.layers}
    if experiment.data.file:
        values |= {"data.batch": experiment.data.batch, "data.length": experiment.data.length}
    first = _to_blame(experiment)
    paths = sorted((path for path in values if values[path] > 1), key=lambda path: path != first)
    told = [f"{field(path).option} ({values[path]:,})" for path in paths]
    less = f"reduce {' or '.join(filter(None, (', '.join(told[:-1]), told[-1])))}" if told else "use shorter texts"
    where = f" on {device}" if device else ""
    return f"Out of memory{where}: {less}. What is on the disk is whole."


def parse_size(text: str) -> int:
    """A size in bytes: 256M, 1.5G, 4096, 0. Raises ValueError, whose text says what would be right."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("is no size: it must be like 256M or 1G, or 0 for no way back")
    size = float(found[1]) * 1024 ** " kmgt".index(found[2].lower() or " ")
    if size > _LARGEST:
        raise ValueError("is too large: it must be at most 1024T")
    return int(size)


def physical_memory() -> int:
    """Bytes of memory in this machine; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def _to_blame(experiment: Experiment) -> str:
    """The setting that would help most, were it as small as can be."""
    replace = msgspec.structs.replace
    network, data = experiment.network, experiment.data
    data = replace(data, vocabulary=experiment.vocabulary)
    if data.file:
        less = {"data.batch": replace(data, batch=1), "data.length": replace(data, length=1)}
    else:
        less = {"data.inputs": replace(data, inputs=(data.inputs[0][:1],))}
    smallest = {
        "network.hidden_size": replace(experiment, network=replace(network, hidden_size=1)),
        "network.layers": replace(experiment, network=replace(network, layers=1)),
        "network.embedding": replace(experiment, network=replace(network, embedding=network.embedding and 1)),
    } | {path: replace(experiment, data=each) for path, each in less.items()}
    return min(smallest, key=lambda path: smallest[path].memory_bytes)


def _what(experiment: Experiment) -> str:
    """What takes the most of it."""
    training = experiment.training
    copies = 2 + MOMENTS[training.optimizer] if training.learn else 1
    if 2 * 4 * copies * experiment.weights < experiment.memory_bytes:
        return "the states of every time step"
    return _WEIGHTS[training.optimizer] if training.learn else "weights"


def _size(count: int) -> str:
    size, units = count / 2**30, ["GiB", "TiB", "PiB", "EiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:,.0f} {units[0]}" if size >= 100 else f"{size:.1f} {units[0]}"
