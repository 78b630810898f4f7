"""A run's network for plain PyTorch: a state_dict, and a file that defines the model, loads it and predicts."""

import io
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from string import Template
from typing import Literal

import torch
from torch import Tensor

from rnn_tui.common.atomic_files import Folder, make_folder
from rnn_tui.common.glyphs import safe
from rnn_tui.data.data_card import SeriesCard
from rnn_tui.engine.store.export_modules import cells_code, changed_since
from rnn_tui.engine.store.load_network import SavedNetwork, load_network
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import END, Experiment
from rnn_tui.experiment.tokenizers import CLOSING, OPENING

__all__ = ["ExportRefused", "export_run", "state_dict"]

_Kind = Literal[
    "rows", "one", "answer", "text", "series", "columns"
]  # what an exported file does; each has its own template


class ExportRefused(ValueError):
    """A file that would be lost, or could not be imported; the message is one line that begins with the file."""


def export_run(folder: Path, to: str, *, best: bool = False, force: bool = False) -> list[Path]:
    """Write NAME.pt and NAME.py into a folder, and return their paths.

    The weights are those that gave the newest loss, or with `best` the best one: then NAME ends in `-best`. Raises
    ExportRefused for files that are there already, unless `force` replaces them, and for a name that hides a module;
    CheckpointError, ExperimentError and OSError.
    """
    name = folder.resolve().name + ("-best" if best else "")
    place = Path(to)
    weights, code = place / f"{name}.pt", place / f"{name}.py"
    if _is_module(name, place):
        problem = f"beside it nobody could import the module {name}; give the run's folder another name"
        raise ExportRefused(f"{safe(str(code))}: {problem}")
    kept = load_network(folder, best=best)
    cell = kept.experiment.network.kind
    if not cell.module and not cell.is_module:
        raise ExportRefused(f"{safe(str(code))}: plain PyTorch has no {cell.label}, so its equations would be missing")
    if not force and changed_since(kept.experiment):
        problem = f"the file of {safe(cell.label)} has changed since the run was trained; --force exports it as it is"
        raise ExportRefused(f"{safe(str(code))}: {problem}")
    stream = io.BytesIO()
    torch.save(state_dict(kept.experiment, kept.tensors), stream)
    make_folder(place)
    with Folder(place) as opened:
        there = [each for each in (weights, code) if opened.exists(each.name)]
        if there and not force:
            raise ExportRefused(f"{safe(str(there[0]))}: is there already; --force replaces it")
        opened.write(weights.name, stream.getvalue())
        opened.write(code.name, _code(kept, weights.name).encode())
    return [weights, code]


def _is_module(name: str, place: Path) -> bool:
    """Tell whether Python would find a file of that name in place of a module: its own, or one that is installed."""
    if name in sys.stdlib_module_names:
        return True
    elsewhere = [each for each in sys.path if each and os.path.realpath(each) != os.path.realpath(place)]
    return name.isidentifier() and PathFinder.find_spec(name, elsewhere) is not None


def state_dict(experiment: Experiment, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights by the names of nn.Embedding, nn.RNN/GRU/LSTM and nn.Linear: `recurrent.weight_ih_l0` …

    With layer norm each layer is a module of its own, `recurrent.layers.0.weight_ih_l0`, `recurrent.norms.0.weight` …
    """
    normed, found = experiment.network.layer_norm, {}
    for name, _ in parameter_shapes(experiment):
        tensor, parts = tensors[f"model.{name}"].clone(), name.split(".")
        if experiment.network.kind.is_module and parts[0] == "cells":
            name = f"recurrent.{name}"
        elif parts[0] == "cells":  # nn.RNNCell and its like have no number of a layer
            parts = [f"{parts[2]}_l{parts[1]}"]
        if len(parts) == 1:
            name = f"recurrent.{_of_layer(parts[0]) if normed else parts[0]}"
        elif parts[0] == "norms":
            name = f"recurrent.{name}"
        found[name] = tensor
    if experiment.network.tied:
        found["head.weight"] = found["embedding.weight"]
    return found


def _of_layer(name: str) -> str:
    """Return the name of weights in a module for each layer: `layers.1.bias_hh_l0_reverse` of `bias_hh_l1_reverse`."""
    before, _, after = name.rpartition("_l")
    layer, _, direction = after.partition("_")
    return f"layers.{layer}.{before}_l0{direction and '_'}{direction}"


def _code(kept: SavedNetwork, weights: str) -> str:
    experiment, series = kept.experiment, kept.data_card.series
    network = experiment.network
    layers, recurrent = _recurrent(experiment)
    width = network.hidden_size * network.directions
    classes = (
        str(experiment.classes)
        if experiment.is_numbers
        else "256"
        if experiment.data.tokens == "byte"
        else "len(VOCABULARY)"
    )
    kind, labels = _kind(experiment, series), experiment.data.labels
    values = _characters(kept, kind) if series is None else _series(series, kind)
    tokens = f"{_read(f'export_tokens_{experiment.data.tokens}')}\n\n{_read('export_characters')}\n\n"
    program = ("" if experiment.is_numbers else tokens) + Template(_read(f"export_{kind}")).substitute(
        unit=experiment.data.unit,
        one="label" if labels else experiment.data.unit,
        answer="LABELS[index]" if labels else "text_of([index])",
    )
    return Template(_read("export_template")).substitute(
        imports=_IMPORTS if experiment.data.tokens == "word" else "",
        more="\nimport unicodedata" if experiment.data.tokens == "word" else "",
        usage=_USAGE[kind],
        data="\n".join(f"{name} = {value!a}  # {about}" for name, value, about in values),
        weights=ascii(weights),
        shapes=_INDICES if series is None else _numbers(kind, experiment),
        layers=layers,
        read="x" if experiment.is_numbers else "indices",
        reading="" if experiment.is_numbers else _EMBEDDING if network.embedding else _ONE_HOT.format(classes),
        embedding=f"nn.Embedding({classes}, {network.embedding})" if network.embedding else "None",
        recurrent=recurrent,
        head=f"nn.Linear({width}, {'len(LABELS)' if labels else classes})" if network.head == "linear" else "None",
        tied="\n        self.head.weight = self.embedding.weight" if network.tied else "",
        program=program,
    )


def _recurrent(experiment: Experiment) -> tuple[str, str]:
    """Return the class that the recurrent layers need, "" for torch's own, and how they are built."""
    network, cell = experiment.network, experiment.network.kind
    if cell.is_module:
        return cells_code(experiment, Template(_read("export_cells")), Template(_read("export_of_four")))
    options = ["bidirectional=True"] if network.bidirectional else []
    options += ["nonlinearity='relu'"] if cell.nonlinearity == "relu" else []
    sizes, module = f"{experiment.input_size}, {network.hidden_size}", f"nn.{cell.module}"
    if not network.layer_norm:
        return "", f"{module}({', '.join([sizes, f'num_layers={network.layers}', *options])})"
    layer = f"{module}({', '.join(['width, hidden', *options])})"
    width = "2 * hidden" if network.bidirectional else "hidden"
    normed = Template(_read("export_normed")).substitute(layer=layer, width=width)
    return normed, f"Normed({sizes}, {network.layers})"


def _numbers(kind: _Kind, experiment: Experiment) -> str:
    """Say what a model of numbers reads and returns."""
    if kind == "series":
        return _NUMBERS
    return f"Time first: numbers (T, N, {experiment.features}), scaled, -> (T, N, {experiment.classes})."


def _kind(experiment: Experiment, series: SeriesCard | None) -> _Kind:
    """Return which task the exported file does, and so its template."""
    if series is not None:
        alone = len(series.columns) == 1 and series.ahead == 1 and experiment.data.task == "many-to-many"
        return "series" if alone else "columns"
    if experiment.data.task == "many-to-one":
        return "one"
    if experiment.network.bidirectional:  # it cannot read its own predictions
        return "rows"
    return "answer" if experiment.data.task == "one-to-many" else "text" if experiment.data.text else "rows"


def _characters(kept: SavedNetwork, kind: _Kind) -> list[tuple[str, object, str]]:
    """Return the constants of a file about characters: name, value and comment of each."""
    inputs = list(kept.data_card.inputs)
    vocabulary = _vocabulary(kept.experiment)
    if kind == "text":
        return [
            *vocabulary,
            ("PRIME", inputs[0], "what it reads if no other text is given"),
            ("TEMPERATURE", 1.0, "below 1: more predictable, above 1: more random; 0: always the likeliest one"),
        ]
    end = [("END", END, "what it outputs at the end of its answer")] if kind == "answer" else []
    labels = list(kept.experiment.data.labels)
    vocabulary += [("LABELS", labels, "the labels in the order of their classes")] if labels else []
    return [*vocabulary, ("INPUTS", inputs, "what it was trained on, or the first of them"), *end]


def _vocabulary(experiment: Experiment) -> list[tuple[str, object, str]]:
    """Return the constants that turn text into indices, and back."""
    names = experiment.tokenizer.names
    match experiment.data.tokens:
        case "char":
            return [("VOCABULARY", names, "the characters in the order of their indices")]
        case "word":
            return [
                ("VOCABULARY", list(names), "the words in the order of their indices"),
                ("CLOSING", CLOSING, "no blank stands before these"),
                ("OPENING", OPENING, "and none after these"),
            ]
        case "byte":
            return []


def _series(series: SeriesCard, kind: _Kind) -> list[tuple[str, object, str]]:
    """Return the constants of a file about a series: its scale, and the end of what was learnt."""
    if kind == "columns":
        return _columns(series)
    return [
        ("NAME", series.name, "the name of the series"),
        ("MEAN", series.mean, "of the values that were learnt, in their own units"),
        ("DEVIATION", series.deviation, "their standard deviation"),
        ("VALUES", list(series.values), "the last values that were learnt"),
    ]


def _columns(series: SeriesCard) -> list[tuple[str, object, str]]:
    """Return the constants of a file about several columns."""
    read, said, own = series.read, series.said, series.own_outputs
    where = " of the next time step" if series.ahead == 1 else f", {series.ahead} time steps ahead"
    return [
        ("READS", [each.name for each in read], "the columns that are read, in their order"),
        ("MEAN", [each.mean for each in read], "what is subtracted from them"),
        ("DEVIATION", [each.deviation for each in read], "what they are divided by then"),
        ("SAYS", [each.name for each in said], "the columns that are predicted"),
        ("WHERE", where if series.ahead else "", "when"),
        ("MEAN_SAID", [each.mean for each in said], "what is added to them"),
        ("DEVIATION_SAID", [each.deviation for each in said], "what they are multiplied by before"),
        ("OWN", own and list(own), "the place of each column that is read among those that are predicted"),
        ("VALUES", list(zip(*(each.values for each in read), strict=True)), "the last rows that were learnt"),
    ]


def _read(name: str) -> str:
    return Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")


_USAGE: dict[_Kind, str] = {
    "rows": "python THIS_FILE TEXT ... prints its prediction at each time step of each text.",
    "one": "python THIS_FILE TEXT ... prints its answer to each text.",
    "answer": "python THIS_FILE TEXT ... prints its answer to each text.",
    "text": "python THIS_FILE PRIME [LENGTH [TEMPERATURE]] prints the prime text and how it continues.",
    "columns": "python THIS_FILE VALUE ... prints what is predicted after rows of values, one after the other.",
    "series": "python THIS_FILE VALUE ... prints the next value, and a free run of the series.",
}
_INDICES = "Time first: indices (T, N) -> logits (T, N, features)."
_NUMBERS = "Time first: standardised numbers (T, N, 1) -> the next ones (T, N, 1)."
_EMBEDDING = "\n        x = self.embedding(indices)"
_ONE_HOT = "\n        x = F.one_hot(indices, {}).to(torch.float32)"
_IMPORTS = "import re\n"
