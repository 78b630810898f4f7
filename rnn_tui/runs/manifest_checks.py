"""Whether what a manifest says can be true: of itself, and of the experiment that it belongs to. No torch.

A manifest may be somebody else's, or altered. Each function says in one line what is wrong; empty: nothing.
"""

import math
import re
from collections.abc import Iterable

from rnn_tui.data.data_card import DataCard, SeriesCard
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.tokenizers import tokenizer_of
from rnn_tui.runs.manifest import BestCheckpoint, Manifest, Progress, Sealed

__all__ = [
    "best_problem",
    "data_card_problem",
    "manifest_problem",
    "sealed_problem",
    "tensors_problem",
    "wanted_tensors",
]

Tensor = tuple[str, tuple[int, ...]]  # kind of numbers as safetensors names it, and shape
Tensors = dict[str, Tensor]

_LARGEST = 2**53  # of a count: more than any run comes to, and still a whole number in float64
_NAME = re.compile(r"[^/\0]{1,200}\.safetensors")
_LOSSES = re.compile(r"losses(-\d{1,9})?\.csv")
_BRANCH = 100  # characters of a branch's name
_SCALING = {"scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker"}


def manifest_problem(manifest: Manifest) -> str:
    """Say what is wrong with `checkpoint.json`, of which the experiment is not known."""
    progress = manifest.progress
    counts = [
        *_sealed_counts(manifest),
        *(manifest.updates, manifest.epochs, manifest.state_tick, manifest.state_epoch, manifest.weights),
        *(progress.updates, progress.collected, *progress.plateau[1:], *manifest.best[1:]),
        *(0 if each is None else each for each in (manifest.rows, manifest.learnt)),
        *(each.epoch for each in manifest.predictions),
        *(each.tick for each in (*manifest.changes, *manifest.planned)),
        *(number for each in manifest.held_out for number in (each.update, each.characters)),
    ]
    problem = _counts_problem(counts) or _name_problem(manifest)
    if problem:
        return problem
    if not _LOSSES.fullmatch(manifest.losses):
        return "it must name a .csv file beside it, as losses.csv"
    if not manifest.branch.isprintable() or len(manifest.branch) > _BRANCH:
        return "the name of its branch is not one"
    if manifest.state_tick > manifest.tick:
        return "its tensors are of a later tick than its own"
    if not 0 <= manifest.updates - manifest.state_epoch <= 1:
        return f"its tensors are of pass {manifest.state_epoch:,}, and it has {manifest.updates:,} passes"
    if manifest.rows is not None and manifest.rows > manifest.updates:
        return "it has more losses than passes"
    if max(progress.updates, progress.collected) > manifest.state_epoch:
        return "it has more updates than passes"
    return _past_problem(manifest)


def _past_problem(manifest: Manifest) -> str:
    progress = manifest.progress
    ticks = [each.tick for each in manifest.changes]
    if ticks != sorted(ticks) or max(ticks, default=0) > manifest.tick:
        return "its changes of the training are not in the order of their ticks"
    updates = [each.update for each in manifest.held_out]
    if updates != sorted(updates) or max(updates, default=0) > manifest.updates:
        return "what is held out was evaluated after passes that it does not have"
    if max((manifest.learnt or 0, *(each.epoch for each in manifest.predictions))) > manifest.updates:
        return "it has predictions of passes that it does not have"
    if max(progress.plateau[1:]) > manifest.state_epoch or max(manifest.best[1:]) > max(manifest.epoch, 1):
        return "it counts epochs that it does not have"
    losses = (manifest.loss, progress.earlier, progress.plateau[0], manifest.best[0])
    held_out = (number for each in manifest.held_out for number in (each.loss, each.accuracy, each.rows, each.learnt))
    return _finite_problem((*losses, *held_out)) or _scaling_problem(progress)


def sealed_problem(sealed: Sealed) -> str:
    """Say what is wrong with what every manifest has."""
    return _counts_problem(_sealed_counts(sealed)) or _name_problem(sealed)


def best_problem(best: BestCheckpoint) -> str:
    """Say what is wrong with `best.json`, of which the experiment is not known."""
    return _counts_problem([*_sealed_counts(best), best.update]) or _name_problem(best) or _finite_problem((best.loss,))


def _sealed_counts(sealed: Sealed) -> tuple[int, ...]:
    return sealed.tick, sealed.epoch, sealed.tensors_bytes


def _counts_problem(counts: Iterable[int]) -> str:
    counts = list(counts)
    if min(counts) < 0:
        return "a count in it is negative"
    return "a count in it is larger than any run's" if max(counts) > _LARGEST else ""


def _name_problem(sealed: Sealed) -> str:
    return "" if _NAME.fullmatch(sealed.tensors) else "it must name a .safetensors file beside it"


def _finite_problem(numbers: Iterable[float | None]) -> str:
    finite = all(each is None or math.isfinite(each) for each in numbers)
    return "" if finite else "a loss in it is not a finite number"


def _scaling_problem(progress: Progress) -> str:
    scaling = progress.scaling
    if scaling is None or not scaling:
        return ""
    sound = set(scaling) == _SCALING and all(math.isfinite(each) and each >= 0 for each in scaling.values())
    return "" if sound and scaling["scale"] > 0 else "its scaling of the losses is not one"


def data_card_problem(data_card: DataCard, experiment: Experiment) -> str:
    """Say what is wrong with what a manifest knows of the data; `experiment` need not have its vocabulary."""
    series, data = data_card.series, experiment.data
    if experiment.is_numbers:
        if series is None:
            return "the series that it has learnt is missing"
        return _series_problem(series, experiment)
    if problem := _vocabulary_problem(data_card.vocabulary, experiment):
        return problem
    if (data.answers == "label") != bool(data_card.labels) or len(set(data_card.labels)) < len(data_card.labels):
        return "its labels are none"
    if data.labels and data.labels != data_card.labels:
        return "its labels are not the experiment's"
    if not data_card.inputs or not all(data_card.inputs):
        return "it has no beginning of what it has learnt"
    if -1 in tokenizer_of(data.tokens, data_card.vocabulary).encode("".join(data_card.inputs)):
        return f"what it has learnt has a {data.unit} that its vocabulary lacks"
    if not data.file and data_card.inputs != data.inputs:
        return "it has other rows than the experiment"
    return ""


def _series_problem(series: SeriesCard, experiment: Experiment) -> str:
    """Say what is wrong with what a manifest knows of a series."""
    count, length = len(series.columns), experiment.data.length
    for each in series.columns:
        if not (math.isfinite(each.mean) and math.isfinite(each.deviation) and each.deviation > 0):
            return "the series that it has learnt has no scale"
        if len(each.values) != length or not all(map(math.isfinite, each.values)):
            return f"it must have the last {length:,} values of the series that it has learnt"
    if series.reads != experiment.features or len(series.says) != experiment.classes or series.reads > count:
        return "it has other columns than the experiment"
    if len(set(series.says)) < len(series.says) or not set(series.says) <= set(range(count)):
        return "it has other columns than the experiment"
    return "" if series.ahead == experiment.data.ahead else "it predicts another time step than the experiment"


def _vocabulary_problem(known: str, experiment: Experiment) -> str:
    """Say what is wrong with a vocabulary, as a data card has it."""
    given = experiment.data.vocabulary if experiment.data.tokens != "char" else experiment.vocabulary
    names = tokenizer_of(experiment.data.tokens, known).names
    if not names or len(set(names)) < len(names) or any("\ud800" <= each <= "\udfff" for each in known):
        return "its vocabulary is not one"
    return "its vocabulary is not the experiment's" if given and known != given else ""


def wanted_tensors(manifest: Sealed, experiment: Experiment) -> tuple[Tensors, list[Tensors]]:
    """List what the tensors' file of a checkpoint must hold, and what it may hold besides: all of a group, or nothing.

    `experiment` has its vocabulary. A shape of () is a single number; torch decides the shape of `random.cpu`.
    """
    shapes = parameter_shapes(experiment)
    must: Tensors = {f"model.{name}": ("F32", shape) for name, shape in shapes}
    if not isinstance(manifest, Manifest):
        return must, []
    network, data = experiment.network, experiment.data
    may: list[Tensors] = []
    if network.initial_state == "random":
        must["random.cpu"] = ("U8", ())
    if data.stateful:  # not into the first pass of an epoch: how many passes that has, only the data can tell
        sizes = {"h": network.hidden_size}
        sizes |= {"c": network.kind.c_size(network.hidden_size)} if network.kind.has_c else {}
        cells = network.layers * network.directions
        may.append({f"state.{name}": ("F32", (cells, data.batch, size)) for name, size in sizes.items()})
    if not experiment.training.learn:
        return must, may
    if manifest.progress.collected:
        must |= {f"optimizer.{name}.grad": ("F32", shape) for name, shape in shapes}
    trainings = [experiment.training, *(each.training for each in manifest.changes)]
    for declare in (each.optimizer_state for each in SETTINGS if each.optimizer_state):
        states = [declare(each) for each in trainings]
        kept = {keys for keys, each in zip(states, trainings, strict=True) if each.optimizer == trainings[-1].optimizer}
        for keys in sorted(kept):
            tensors: Tensors = {
                f"optimizer.{name}.{key}": ("F32", () if key == "step" else shape)
                for name, shape in shapes
                for key in keys
            }
            if set(states) != {keys}:  # they may be too new for an update, or no longer used
                may.append(tensors)
            elif manifest.progress.updates:
                must |= tensors
    return must, may


def tensors_problem(there: Tensors, must: Tensors, may: list[Tensors]) -> str:
    """Say what is wrong with the tensors that a file holds."""
    wanted = dict(must)
    for group in may:
        wanted |= group if set(there) & set(group) else {}
    for name in sorted({*there, *wanted}):
        has, needs = there.get(name), wanted.get(name)
        if has is None or needs is None or (name != "random.cpu" and has[1] != needs[1]):
            return f"is of other sizes: {name[:80]} is {_sizes(has)}; the experiment needs {_sizes(needs)}"
        if has[0] != needs[0]:
            return f"is altered: its numbers are not {'float32' if needs[0] == 'F32' else 'bytes'}"
    return ""


def _sizes(tensor: Tensor | None) -> str:
    return "nothing" if tensor is None else " × ".join(map(str, tensor[1])) or "a number"
