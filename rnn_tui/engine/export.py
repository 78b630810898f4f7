"""A run's network for plain PyTorch: a state_dict, and a file that defines the model, loads it and predicts."""

import io
from pathlib import Path
from string import Template

import torch
from torch import Tensor

from rnn_tui.engine.checkpoint import load_tensors
from rnn_tui.experiment import Experiment
from rnn_tui.manifest import read_best, read_experiment, read_manifest
from rnn_tui.parameters import parameter_shapes
from rnn_tui.reading import read
from rnn_tui.whole import make_folder, write_whole

__all__ = ["export_run", "state_dict"]

_MODULES = {"rnn": "RNN", "rnn-relu": "RNN", "gru": "GRU", "lstm": "LSTM"}


def export_run(folder: Path, to: str, *, best: bool = False) -> list[Path]:
    """Write NAME.pt and NAME.py into a folder; which files these are. Raises CheckpointError, ExperimentError, OSError.

    The weights are those that gave the newest loss, or the `best` one: then it is NAME-best.
    """
    given = read_experiment(folder)
    tensors = load_tensors(folder, read_best(folder) if best else read_manifest(folder), given)
    experiment = read(given).experiment
    stream = io.BytesIO()
    torch.save(state_dict(experiment, tensors), stream)
    name = folder.resolve().name + ("-best" if best else "")
    place = Path(to)
    make_folder(place)
    weights, code = place / f"{name}.pt", place / f"{name}.py"
    write_whole(weights, stream.getvalue())
    write_whole(code, _code(experiment, weights.name).encode())
    return [weights, code]


def state_dict(experiment: Experiment, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the names of nn.Embedding, nn.RNN/GRU/LSTM and nn.Linear: `recurrent.weight_ih_l0`, and so on."""
    found = {}
    for name, _ in parameter_shapes(experiment):
        tensor, parts = tensors[f"model.{name}"].clone(), name.split(".")
        if parts[0] == "cells":  # nn.RNNCell and its like have no number of a layer
            name = f"recurrent.{parts[2]}_l{parts[1]}"
        elif len(parts) == 1:
            name = f"recurrent.{name}"
        found[name] = tensor
    return found


def _code(experiment: Experiment, weights: str) -> str:
    network = experiment.network
    options = [f"{experiment.input_size}, {network.hidden_size}, num_layers={network.layers}"]
    options += ["bidirectional=True"] if network.bidirectional else []
    options += ["nonlinearity='relu'"] if network.cell == "rnn-relu" else []
    width = network.hidden_size * network.directions
    classes = "len(VOCABULARY)"
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        vocabulary=ascii(experiment.vocabulary),
        inputs=ascii(list(experiment.data.inputs)),
        weights=ascii(weights),
        embedding=f"nn.Embedding({classes}, {network.embedding})" if network.embedding else "None",
        recurrent=f"nn.{_MODULES[network.cell]}({', '.join(options)})",
        head=f"nn.Linear({width}, {classes})" if network.head == "linear" else "None",
    )


_TEMPLATE = Path(__file__).with_name("export_template.txt")
