"""What makes an experiment sound: from plain values, which anybody may have written, to one that can run.

Every rule is here, so the command line, the form, the files and the seam refuse alike.
"""

from collections import Counter
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from rnn_tui.experiment.breakpoints import needs_learning, parse_all
from rnn_tui.experiment.settings import FIELDS
from rnn_tui.experiment.spec import END, Data, Experiment, ExperimentError
from rnn_tui.experiment.task_layout import other_task, unfit

__all__ = ["NEVER_LEARNT", "choices", "from_dict", "to_dict"]

NEVER_LEARNT = "'learnt' never comes where every pass has another batch: it must be loss<N, jump>N, epoch=N or tick=N"


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
    data = values.get("data") if isinstance(values, dict) else None
    if isinstance(data, dict) and any(map(data.get, ("text", "pairs", "series"))):  # the defaults for rows give way
        values = values | {"data": {"inputs": ()} | ({"batch": 0, "length": 0} if data.get("pairs") else {}) | data}
    try:
        experiment = msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise _explained(values, path.rstrip("`").partition("[")[0], problem) from None
    return _sound(experiment)


_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list of texts",
    "object": "a table",
}


def _explained(values: Any, path: str, problem: str) -> ExperimentError:
    """msgspec's words about the value at that path in ours: the field, the value, and what would be right."""
    for name in path.split(".") if path else ():
        values = values[name]
    quoted = problem.split("`")[1] if "`" in problem else ""
    if "unknown field" in problem:
        known = get_type_hints(_kind(path) if path else Experiment)
        return ExperimentError(
            f"{path}.{quoted}" if path else quoted, f"is no setting: there is {_either(known, 'and')}"
        )
    words = choices(path) if path else ()
    if not words and quoted not in _KINDS:
        return ExperimentError(path, problem.lower())
    lists = ("data.inputs", "data.targets", "run.until")
    what = _either(words) if words else "a list of texts" if path in lists else _KINDS[quoted]
    return ExperimentError(path, f"{_brief(values)} does not fit: it must be {what}")


def _sound(experiment: Experiment) -> Experiment:
    """The experiment with its default target filled in. Raises ExperimentError where a rule is broken."""
    for each in FIELDS:
        value = getattr(getattr(experiment, each.section), each.name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            problem = each.range_problem(value)
            if problem:
                raise ExperimentError(
                    each.path, f"{value:g} {problem}" if isinstance(value, float) else f"{value} {problem}"
                )
    data = experiment.data
    if data.column and not data.series:
        raise ExperimentError(
            "data.column", f"{_brief(data.column)} has no use without a series: give one, as --series FILE"
        )
    if not data.series:
        _check_table_unused(data)
    if data.pairs:
        _check_pairs(experiment)
    elif data.text:
        _check_file(data, "data.text", data.text)
        _check_batches(experiment)
    elif data.series:
        _check_file(data, "data.series", data.series)
        _check_series(experiment)
        _check_batches(experiment)
    else:
        _check_file_unused(data)
        if data.task == "many-to-many":
            _check_rows(data)
        experiment = _with_default_target(experiment)
        _check_texts(experiment)
    _check_vocabulary(experiment)
    _check_network(experiment)
    _check_training(experiment)
    return _with_breakpoints(experiment)


def _check_file(data: Data, path: str, name: str) -> None:
    """The name of a file, and that nothing else is there to be learnt."""
    text = data.text if path == "data.pairs" else ""
    series = data.series if path != "data.series" else ""
    others = {"--input": data.inputs, "--target": data.targets, "--text": text, "--series": series}
    for option, other in others.items():
        if other:
            raise ExperimentError(path, f"cannot stand beside {option}: give one of them")
    if "\0" in name:
        raise ExperimentError(path, "holds a null character: no file has such a name")
    if any("\ud800" <= each <= "\udfff" for each in name):
        raise ExperimentError(path, "has a name that is not UTF-8: rename it")
    _check_halves("data.column", (data.column,))


def _check_pairs(experiment: Experiment) -> None:
    """What can be said of pairs without reading them."""
    data = experiment.data
    _check_file(data, "data.pairs", data.pairs)
    if data.stateful:
        raise ExperimentError("data.stateful", "true has no use for pairs, each of which begins anew: it must be false")
    if not experiment.training.learn:
        raise ExperimentError("data.pairs", "has no use without learning: give its inputs alone, as --input, or learn")


def _check_batches(experiment: Experiment) -> None:
    """What can be said of a text or a series without reading it."""
    data = experiment.data
    what = "text" if data.text else "series"
    if data.task != "many-to-many":
        raise ExperimentError(
            "data.task", f"{data.task} does not fit a {what}, which has no pairs: it must be many-to-many"
        )
    for name in ("batch", "length"):
        if not getattr(data, name):
            raise ExperimentError(f"data.{name}", f"0 is too small: of a {what} it must be at least 1")
    if experiment.network.bidirectional and experiment.training.learn:
        ahead = "character" if data.text else "value"
        problem = f"true does not fit a {what}: from the right it would read the very {ahead} that it is to say; "
        raise ExperimentError("network.bidirectional", f"{problem}it must be false")
    if data.stateful and experiment.network.bidirectional:
        raise ExperimentError(
            "data.stateful",
            "true does not fit a network that also reads from the right: its state would come from what is still to "
            "come. It must be false",
        )
    if data.holdout and not experiment.training.learn:
        raise ExperimentError("data.holdout", f"{data.holdout:g} has no use without learning: it must be 0")
    if "learnt" in experiment.run.until:
        raise ExperimentError("run.until", NEVER_LEARNT, value="learnt")


def _check_series(experiment: Experiment) -> None:
    """What numbers have no use for."""
    data, network = experiment.data, experiment.network
    if data.vocabulary:
        raise ExperimentError("data.vocabulary", f"{_brief(data.vocabulary)} has no use for numbers: leave it out")
    if network.embedding:
        raise ExperimentError(
            "network.embedding", f"{network.embedding} does not fit numbers, which are read as they are: it must be 0"
        )
    if experiment.training.learn and network.head == "direct":
        raise ExperimentError(
            "network.head", "direct does not fit numbers: it must be linear, since one number is to be said"
        )


def _check_file_unused(data: Data) -> None:
    """Settings of a file where there is none."""
    for name in ("encoding", "batch", "length", "stateful", "holdout"):
        value = getattr(data, name)
        if value != getattr(Data(), name):
            raise ExperimentError(
                f"data.{name}", f"{_brief(value)} does not fit without a text: give one, as --text FILE"
            )


def _check_table_unused(data: Data) -> None:
    """Settings of a table where no series is read."""
    for name in ("separator", "header", "decimal", "gaps", "reverse"):
        value = getattr(data, name)
        if value != getattr(Data(), name):
            raise ExperimentError(
                f"data.{name}", f"{_brief(value)} has no use without a series: give one, as --series FILE"
            )


def _check_rows(data: Data) -> None:
    """The rows as they were given, before a default target takes a character of each."""
    lengths = {len(row) for row in data.inputs}
    if len(lengths) > 1:
        raise ExperimentError(
            "data.inputs",
            f"has rows of {_either(map(str, sorted(lengths)), 'and')} characters: "
            "the rows of a batch must be equally long; a file of pairs (--pairs) may have any lengths, and so may rows "
            "with --task many-to-one or one-to-many",
        )


def _with_default_target(experiment: Experiment) -> Experiment:
    """The next characters of the inputs, where no target is given: `hihello` becomes `hihell -> ihello`."""
    data = experiment.data
    if data.targets or not experiment.training.learn or not data.inputs or not all(data.inputs):
        return experiment
    if data.task != "many-to-many":
        raise ExperimentError("data.targets", f"is missing: {data.task} needs a target for each input")
    if min(map(len, data.inputs)) < 2:
        raise ExperimentError(
            "data.inputs",
            f"{min(data.inputs, key=len)!r} has no next character to learn: give at least two characters, or a target",
        )
    data = msgspec.structs.replace(
        data, inputs=tuple(row[:-1] for row in data.inputs), targets=tuple(row[1:] for row in data.inputs)
    )
    return msgspec.structs.replace(experiment, data=data)


def _with_breakpoints(experiment: Experiment) -> Experiment:
    """The experiment with its breakpoints as they are written best, each once."""
    until = tuple(map(str, parse_all(experiment.run.until)))
    idle = list(filter(needs_learning, until))
    if idle and not experiment.training.learn:
        problem = f"{idle[0]!r} never comes without learning: it must be epoch=N or tick=N"
        raise ExperimentError("run.until", problem, value=idle[0])
    if until == experiment.run.until:
        return experiment
    return msgspec.structs.replace(experiment, run=msgspec.structs.replace(experiment.run, until=until))


def _check_texts(experiment: Experiment) -> None:
    data = experiment.data
    if not data.inputs or not all(data.inputs):
        raise ExperimentError("data.inputs", "is empty: give at least one character")
    _check_halves("data.inputs", data.inputs)
    _check_halves("data.targets", data.targets)
    if data.targets and not experiment.training.learn:
        raise ExperimentError(
            "data.targets", f"{_short(data.targets[0])} has no use without learning: leave it out, or learn"
        )
    if data.targets and len(data.targets) != len(data.inputs):
        raise ExperimentError(
            "data.targets",
            f"has {len(data.targets)} rows where the input has {len(data.inputs)}: give one target for each input",
        )
    if not all(data.targets):
        raise ExperimentError("data.targets", "is empty: give at least one character")
    if data.padded:
        _check_padded(experiment)
    for row, target in zip(data.inputs, data.targets, strict=False):
        if data.task == "many-to-many" and len(row) != len(target):
            raise ExperimentError(
                "data.targets",
                f"{_short(target)} has {_characters(target)} where the input "
                f"{_short(row)} has {len(row)}: they must be equally long; {other_task(target)}",
            )
    end = END if data.task == "one-to-many" else ""
    missing = sorted(set("".join((*data.inputs, *data.targets, end))) - set(experiment.vocabulary))
    if missing:
        raise ExperimentError(
            "data.vocabulary", f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every character of the data"
        )


def _check_padded(experiment: Experiment) -> None:
    """Rows of a task in which not every step says something."""
    data = experiment.data
    if not data.targets:
        raise ExperimentError("data.task", f"{data.task} needs targets: without them it must be many-to-many")
    for row, target in zip(data.inputs, data.targets, strict=True):
        problem = unfit(data.task, row, target)
        if problem:
            raise ExperimentError("data.targets", f"{_short(target)} has {problem}", value=target)


def _check_vocabulary(experiment: Experiment) -> None:
    vocabulary = experiment.data.vocabulary
    _check_halves("data.vocabulary", (vocabulary,))
    repeated = [character for character, count in Counter(vocabulary).items() if count > 1]
    if repeated:
        raise ExperimentError("data.vocabulary", f"has {min(repeated)!r} more than once")


def _check_halves(path: str, rows: tuple[str, ...]) -> None:
    halves = [character for row in rows for character in row if "\ud800" <= character <= "\udfff"]
    if halves:
        raise ExperimentError(path, f"holds {halves[0]!a}, half a character: it must be valid UTF-8 text")


def _check_network(experiment: Experiment) -> None:
    network, training = experiment.network, experiment.training
    known = bool(experiment.vocabulary)  # that of a text is known once the engine has read it
    direct = training.learn and network.head == "direct" and known and not experiment.is_numbers
    if direct and experiment.output_size != len(experiment.vocabulary):
        classes, both = len(experiment.vocabulary), " in both directions together" if network.bidirectional else ""
        raise ExperimentError(
            "network.hidden_size",
            f"{network.hidden_size} does not fit a direct head: it needs "
            f"{classes} units{both}, one for each character of the vocabulary, or a linear head",
        )
    if not network.kind.module and network.implementation != "written-out":
        raise ExperimentError(
            "network.implementation",
            f"{network.implementation} does not fit: torch has no {network.kind.label}, so it must be written-out",
        )
    if network.implementation == "cell" and network.bidirectional:
        raise ExperimentError(
            "network.bidirectional",
            "true does not fit single cells, which read in one direction "
            "only: it must be false, or the implementation fused or written-out",
        )
    if network.bidirectional and training.tick == "character":
        raise ExperimentError(
            "training.tick",
            "character does not fit: it must be sequence here, since a "
            "bidirectional network reads the whole sequence before it says anything",
        )
    device = experiment.run.device
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise ExperimentError("run.device", f"{device!r} is not a device: it must be auto, cpu, cuda, cuda:N or mps")


def _check_training(experiment: Experiment) -> None:
    network, training = experiment.network, experiment.training
    if network.dropout and network.layers == 1:
        raise ExperimentError(
            "network.dropout",
            f"{network.dropout:g} does not fit one layer, since it works between two: "
            "it must be 0, or layers 2 or more",
        )
    endless = training.schedule in ("step", "cosine") and not training.schedule_every and not training.epochs
    if training.learn and endless:
        raise ExperimentError(
            "training.schedule_every",
            f"0 does not fit {training.schedule} where the epochs have no end: it must be a number of updates",
        )
    if training.precision != "float32" and experiment.run.device.partition(":")[0] in ("cpu", "mps"):
        raise ExperimentError(
            "training.precision",
            f"{training.precision!r} does not fit the device {experiment.run.device}: it must be float32, "
            "or the device cuda",
        )


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
