"""What makes an experiment sound: from plain values, which anybody may have written, to one that can run.

Every rule is here, so the command line, the form, the files and the seam refuse alike.
"""

from collections import Counter
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from rnn_tui.breakpoints import needs_learning, parse_all
from rnn_tui.experiment import Data, Experiment, ExperimentError
from rnn_tui.fields import FIELDS

__all__ = ["choices", "from_dict", "to_dict"]


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
    if isinstance(data, dict) and (data.get("text") or data.get("series")) and "inputs" not in data:
        values = values | {"data": data | {"inputs": ()}}  # the default input gives way
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
    if experiment.data.source:
        _check_source(experiment)
    else:
        _check_source_unused(experiment.data)
        _check_rows(experiment.data)
        experiment = _with_default_target(experiment)
        _check_texts(experiment)
    _check_vocabulary(experiment)
    _check_network(experiment)
    return _with_breakpoints(experiment)


def _check_source(experiment: Experiment) -> None:
    """What can be said of a text or a series without reading it."""
    data = experiment.data
    path = "data.text" if data.text else "data.series"
    if data.inputs or data.targets or (data.text and data.series):
        given = "--input" if data.inputs else "--target" if data.targets else "--series"
        raise ExperimentError(path, f"cannot stand beside {given}: give one of them")
    if "\0" in data.source:
        raise ExperimentError(path, "holds a null character: no file has such a name")
    if data.series:
        _check_series(experiment)
    elif data.column:
        raise ExperimentError("data.column", f"{_brief(data.column)} has no use without a series: give one, or none")
    if data.stateful and experiment.network.bidirectional:
        raise ExperimentError(
            "data.stateful",
            "true does not fit a network that also reads from the right: its state would come from what is still to "
            "come. It must be false",
        )
    if data.holdout and not experiment.training.learn:
        raise ExperimentError("data.holdout", f"{data.holdout:g} has no use without learning: it must be 0")
    if "learnt" in experiment.run.until:
        problem = (
            "'learnt' never comes where every pass has another batch: it must be loss<N, jump>N, epoch=N or tick=N"
        )
        raise ExperimentError("run.until", problem, value="learnt")


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


def _check_source_unused(data: Data) -> None:
    """Settings of a text or a series where there is none."""
    if data.column:
        raise ExperimentError(
            "data.column", f"{_brief(data.column)} has no use without a series: give one, as --series FILE"
        )
    for name in ("encoding", "batch", "length", "stateful", "holdout"):
        value = getattr(data, name)
        if value != getattr(Data(), name):
            raise ExperimentError(
                f"data.{name}", f"{_brief(value)} has no use without a text: give one, as --text FILE"
            )


def _check_rows(data: Data) -> None:
    """The rows as they were given, before a default target takes a character of each."""
    lengths = {len(row) for row in data.inputs}
    if len(lengths) > 1:
        raise ExperimentError(
            "data.inputs",
            f"has rows of {_either(map(str, sorted(lengths)), 'and')} characters: "
            "the rows of a batch must be equally long",
        )


def _with_default_target(experiment: Experiment) -> Experiment:
    """The next characters of the inputs, where no target is given: `hihello` becomes `hihell -> ihello`."""
    data = experiment.data
    if data.targets or not experiment.training.learn or not data.inputs or not all(data.inputs):
        return experiment
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
    for row, target in zip(data.inputs, data.targets, strict=False):
        if len(row) != len(target):
            raise ExperimentError(
                "data.targets",
                f"{_short(target)} has {_characters(target)} where the input "
                f"{_short(row)} has {len(row)}: they must be equally long",
            )
    missing = sorted(set("".join(data.inputs + data.targets)) - set(experiment.vocabulary))
    if missing:
        raise ExperimentError(
            "data.vocabulary", f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every character of the data"
        )


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
