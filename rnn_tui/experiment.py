"""Experiment: the whole frozen description of a run, and the rules that make one sound.

Plain data, no torch: the view, the engine, the command line and the files all speak of the same thing.
"""

import math
from collections import Counter
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from rnn_tui.fields import FIELDS

__all__ = ["Data", "Experiment", "ExperimentError", "Network", "Run", "Training", "choices", "from_dict", "to_dict"]

Cell = Literal["rnn", "rnn-relu", "gru", "lstm"]
Tick = Literal["character", "sequence"]

GATES = {"rnn": 1, "rnn-relu": 1, "gru": 3, "lstm": 4}
MOMENTS = {"adam": 2, "rmsprop": 1, "sgd": 0}  # running averages that the optimiser keeps for each weight


class ExperimentError(ValueError):
    """An experiment that cannot be run. `path` names the field, the message says what would be right."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(problem)
        self.path = path


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read and what is to be said. Rows of one length; a character is one Unicode code point."""

    inputs: tuple[str, ...] = ("hihello",)
    targets: tuple[str, ...] = ()  # empty: the inputs' next characters, or nothing where there is no learning
    vocabulary: str = ""  # empty: the characters of the data, sorted


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One-hot or embedding, then recurrent layers, then a head."""

    cell: Cell = "rnn"
    implementation: Literal["fused", "cell"] = "fused"
    hidden_size: int = 5
    layers: int = 1
    bidirectional: bool = False
    embedding: int = 0  # 0: one-hot
    head: Literal["direct", "linear"] = "direct"
    initial_state: Literal["zeros", "random"] = "zeros"
    batch_first: bool = False

    @property
    def directions(self) -> int:
        """1, or 2 where the network also reads from the right."""
        return 2 if self.bidirectional else 1


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it learns."""

    learn: bool = True
    tick: Tick = "character"
    reduction: Literal["sum", "mean"] = "sum"
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    lr: float = 0.1
    clip: float = 0.0  # 0: no clipping
    epochs: int = 100  # 0: forever
    seed: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and how fast it runs; nothing here changes a number."""

    speed: float = 4.0  # ticks a second; 0: as fast as it can
    device: str = "auto"


class Experiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides the numbers of a run, and a name for it."""

    name: str = "experiment"
    about: str = ""
    data: Data = Data()
    network: Network = Network()
    training: Training = Training()
    run: Run = Run()

    @property
    def length(self) -> int:
        """Time steps in a sequence."""
        return len(self.data.inputs[0])

    @property
    def vocabulary(self) -> str:
        """The characters in the order of their indices."""
        return self.data.vocabulary or "".join(sorted(set("".join(self.data.inputs + self.data.targets))))

    @property
    def input_size(self) -> int:
        """Features that the first recurrent layer reads at a time step."""
        return self.network.embedding or len(self.vocabulary)

    @property
    def output_size(self) -> int:
        """Features of one output: one per character, or the states themselves where nothing is learnt."""
        network = self.network
        return len(self.vocabulary) if network.head == "linear" else network.hidden_size * network.directions

    @property
    def weights(self) -> int:
        """Trainable numbers, as `sum(p.numel() for p in model.parameters())` counts them."""
        network = self.network
        directions, hidden = network.directions, network.hidden_size
        total = len(self.vocabulary) * network.embedding
        for layer in range(min(network.layers, 2)):  # all layers above the first are of one size
            width = self.input_size if layer == 0 else hidden * directions
            count = 1 if layer == 0 else network.layers - 1
            total += count * directions * GATES[network.cell] * hidden * (width + hidden + 2)
        if network.head == "linear":
            total += len(self.vocabulary) * (hidden * directions + 1)
        return total

    @property
    def floor(self) -> float | None:
        """The loss below which this network cannot fall, or None where there is no such bound.

        A state used directly as logits lies in (-1, 1), so the best distribution it can state puts e on the
        right character and 1/e on the C - 1 others: log(1 + (C - 1) e^-2) per character.
        """
        network, training = self.network, self.training
        if not training.learn or network.head == "linear" or network.cell == "rnn-relu":
            return None
        if network.cell == "gru" and network.initial_state == "random":  # it mixes h_0 in, which is not bounded
            return None
        per_character = math.log1p((len(self.vocabulary) - 1) * math.exp(-2))
        return per_character * (self.length if training.reduction == "sum" else 1)

    @property
    def memory_bytes(self) -> int:
        """About what training takes: weights, gradients, moments, and what the backward pass keeps, in float32."""
        network = self.network
        copies = 2 + MOMENTS[self.training.optimizer] if self.training.learn else 1
        cells = network.layers * network.directions * network.hidden_size * (2 * GATES[network.cell] + 2)
        kept = self.length * len(self.data.inputs) * (cells + self.input_size + 3 * self.output_size)
        return 4 * (copies * self.weights + kept)


def choices(path: str) -> tuple[str, ...]:
    """The words that a field accepts, or an empty tuple where it is free."""
    kind = _kind(path)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _kind(path: str) -> Any:
    kind: Any = Experiment
    for name in path.split("."):
        kind = get_type_hints(kind)[name]
    return kind


def to_dict(experiment: Experiment) -> dict[str, Any]:
    """The experiment as nested dicts and lists of plain values."""
    plain = msgspec.to_builtins(experiment)
    assert isinstance(plain, dict)
    return plain


def from_dict(values: dict[str, Any]) -> Experiment:
    """A sound experiment out of nested plain values; what is left out has its default.

    Raises ExperimentError, which names the field and what would be right.
    """
    try:
        experiment = msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise _explained(values, path.rstrip("`").partition("[")[0], problem) from None
    return _sound(experiment)


_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text",
          "array": "a list of texts", "object": "a table"}


def _explained(values: Any, path: str, problem: str) -> ExperimentError:
    """msgspec's words about the value at that path in ours: the field, the value, and what would be right."""
    for name in path.split(".") if path else ():
        values = values[name]
    quoted = problem.split("`")[1] if "`" in problem else ""
    if "unknown field" in problem:
        known = get_type_hints(_kind(path) if path else Experiment)
        return ExperimentError(f"{path}.{quoted}" if path else quoted, f"is no setting: there is {_either(known, 'and')}")
    words = choices(path) if path else ()
    if not words and quoted not in _KINDS:
        return ExperimentError(path, problem.lower())
    what = _either(words) if words else "a list of texts" if path in ("data.inputs", "data.targets") else _KINDS[quoted]
    return ExperimentError(path, f"{_brief(values)} does not fit: it must be {what}")


def _sound(experiment: Experiment) -> Experiment:
    """The experiment with its default target filled in. Raises ExperimentError where a rule is broken."""
    for each in FIELDS:
        value = getattr(getattr(experiment, each.section), each.name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            problem = each.range_problem(value)
            if problem:
                raise ExperimentError(each.path, f"{value:g} {problem}" if isinstance(value, float) else f"{value} {problem}")
    experiment = _with_default_target(experiment)
    _check_texts(experiment)
    _check_network(experiment)
    return experiment


def _with_default_target(experiment: Experiment) -> Experiment:
    """The next characters of the inputs, where no target is given: `hihello` becomes `hihell -> ihello`."""
    data = experiment.data
    if data.targets or not experiment.training.learn or not data.inputs or not all(data.inputs):
        return experiment
    if min(map(len, data.inputs)) < 2:
        raise ExperimentError("data.inputs", f"{min(data.inputs, key=len)!r} has no next character to learn: "
                              "give at least two characters, or a target")
    data = msgspec.structs.replace(data, inputs=tuple(row[:-1] for row in data.inputs),
                                   targets=tuple(row[1:] for row in data.inputs))
    return msgspec.structs.replace(experiment, data=data)


def _check_texts(experiment: Experiment) -> None:
    data = experiment.data
    if not data.inputs or not all(data.inputs):
        raise ExperimentError("data.inputs", "is empty: give at least one character")
    for path, rows in (("data.inputs", data.inputs), ("data.targets", data.targets), ("data.vocabulary", (data.vocabulary,))):
        halves = [character for row in rows for character in row if "\ud800" <= character <= "\udfff"]
        if halves:
            raise ExperimentError(path, f"holds {halves[0]!a}, half a character: it must be valid UTF-8 text")
    lengths = {len(row) for row in data.inputs}
    if len(lengths) > 1:
        raise ExperimentError("data.inputs", f"has rows of {_either(map(str, sorted(lengths)), 'and')} characters: "
                              "the rows of a batch must be equally long")
    if data.targets and not experiment.training.learn:
        raise ExperimentError("data.targets", f"{_short(data.targets[0])} has no use without learning: "
                              "leave it out, or learn")
    if data.targets and len(data.targets) != len(data.inputs):
        raise ExperimentError("data.targets", f"has {len(data.targets)} rows where the input has {len(data.inputs)}: "
                              "give one target for each input")
    for row, target in zip(data.inputs, data.targets, strict=False):
        if len(row) != len(target):
            raise ExperimentError("data.targets", f"{_short(target)} has {_characters(target)} where the input "
                                  f"{_short(row)} has {len(row)}: they must be equally long")
    repeated = [character for character, count in Counter(data.vocabulary).items() if count > 1]
    if repeated:
        raise ExperimentError("data.vocabulary", f"has {min(repeated)!r} more than once")
    missing = sorted(set("".join(data.inputs + data.targets)) - set(experiment.vocabulary))
    if missing:
        raise ExperimentError("data.vocabulary", f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every "
                              "character of the data")


def _check_network(experiment: Experiment) -> None:
    network, training = experiment.network, experiment.training
    if training.learn and network.head == "direct" and experiment.output_size != len(experiment.vocabulary):
        classes, both = len(experiment.vocabulary), " in both directions together" if network.bidirectional else ""
        raise ExperimentError("network.hidden_size", f"{network.hidden_size} does not fit a direct head: it needs "
                              f"{classes} units{both}, one for each character of the vocabulary, or a linear head")
    if network.implementation == "cell" and network.bidirectional:
        raise ExperimentError("network.bidirectional", "true does not fit single cells, which read in one direction "
                              "only: it must be false, or the implementation fused")
    if network.bidirectional and training.tick == "character":
        raise ExperimentError("training.tick", "character does not fit: it must be sequence here, since a "
                              "bidirectional network reads the whole sequence before it says anything")
    device = experiment.run.device
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise ExperimentError("run.device", f"{device!r} is not a device: it must be auto, cpu, cuda, cuda:N or mps")


def _characters(text: str) -> str:
    return f"{len(text)} character{'' if len(text) == 1 else 's'}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 20 else text[:19] + "…")


def _brief(value: Any) -> str:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _either(words: Any, last: str = "or") -> str:
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else str(tail)
