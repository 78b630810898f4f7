"""The rules of the data: of rows, and of what stands in files, as far as it can be told without reading them."""

from collections import Counter

import msgspec

from rnn_tui.common.wording import counted
from rnn_tui.experiment.built_in import check_built_in
from rnn_tui.experiment.rules.words import brief, short
from rnn_tui.experiment.setting import either
from rnn_tui.experiment.spec import END, Data, Experiment, ExperimentError
from rnn_tui.experiment.task_layout import other_task, unfit
from rnn_tui.experiment.tokenizers import split_words, tokenizer_of

__all__ = ["NEVER_LEARNT", "check_data", "with_default_target"]

NEVER_LEARNT = "'learnt' never comes where every pass has another batch: it must be loss<N, jump>N, epoch=N or tick=N"


def check_data(experiment: Experiment) -> None:
    """Raise ExperimentError where the data break a rule; default targets have been filled in."""
    data = experiment.data
    check_built_in(data)
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
        _check_texts(experiment)
    _check_vocabulary(data)


def with_default_target(experiment: Experiment) -> Experiment:
    """Return the experiment with the inputs' next characters as its targets, where none are given.

    `hihello` becomes `hihell -> ihello`. Raises ExperimentError where that cannot be done.
    """
    data = experiment.data
    if data.file:
        return experiment
    if data.task == "many-to-many":
        _check_rows(data)
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


def _check_rows(data: Data) -> None:
    """Check the rows as they were given, before a default target takes a character of each."""
    lengths = {len(row) for row in data.inputs}
    if len(lengths) > 1:
        raise ExperimentError(
            "data.inputs",
            f"has rows of {either(map(str, sorted(lengths)), 'and')} characters: "
            "the rows of a batch must be equally long; a file of pairs (--pairs) may have any lengths, and so may rows "
            "with --task many-to-one or one-to-many",
        )


def _check_file(data: Data, path: str, name: str) -> None:
    """Check the name of a file, and that there is nothing else to learn."""
    text = data.text if path == "data.pairs" else ""
    series = data.series if path != "data.series" else ""
    targets = data.targets if path != "data.series" else ()  # of a series they are columns
    others = {"--input": data.inputs, "--target": targets, "--text": text, "--series": series}
    for option, other in others.items():
        if other:
            raise ExperimentError(path, f"cannot be combined with {option}: give one of them")
    if "\0" in name:
        raise ExperimentError(path, "holds a null character: no file has such a name")
    if any("\ud800" <= each <= "\udfff" for each in name):
        raise ExperimentError(path, "has a name that is not UTF-8: rename it")
    _check_halves("data.column", data.columns)
    _check_halves("data.targets", data.targets)


def _check_pairs(experiment: Experiment) -> None:
    _check_file(experiment.data, "data.pairs", experiment.data.pairs)
    if not experiment.training.learn:
        raise ExperimentError("data.pairs", "has no use without learning: give its inputs alone, as --input, or learn")
    if experiment.data.answers == "label":
        _check_labels(experiment)


def _check_labels(experiment: Experiment) -> None:
    data, network = experiment.data, experiment.network
    if data.task != "many-to-one":
        raise ExperimentError(
            "data.answers",
            f"label does not fit {data.task}: one label answers to a whole input, so the task must be many-to-one",
        )
    if network.head != "linear":
        raise ExperimentError(
            "network.head", "direct does not fit labels, which are not what is read: it must be linear"
        )
    if network.tied:
        raise ExperimentError("network.tied", "true does not fit labels, which are not what is read: it must be false")
    _check_halves("data.labels", data.labels)
    repeated = [label for label, count in Counter(data.labels).items() if count > 1]
    if repeated:
        raise ExperimentError("data.labels", f"has {short(min(repeated))} more than once", value=min(repeated))


def _check_batches(experiment: Experiment) -> None:
    """Check a text or a series without reading it."""
    data = experiment.data
    what = "text" if data.text else "series"
    if data.task == "one-to-many" or (data.text and data.task == "many-to-one"):
        right = "many-to-many" if data.text else "many-to-many or many-to-one"
        raise ExperimentError("data.task", f"{data.task} does not fit a {what}, which has no pairs: it must be {right}")
    for name in ("batch", "length"):
        if not getattr(data, name):
            raise ExperimentError(f"data.{name}", f"0 is too small: of a {what} it must be at least 1")
    if experiment.network.bidirectional and experiment.training.learn:
        ahead = "character" if data.text else "value"
        problem = f"true does not fit a {what}: from the right it would read the very {ahead} that it must predict; "
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
    data, network = experiment.data, experiment.network
    if data.vocabulary:
        raise ExperimentError("data.vocabulary", f"{brief(data.vocabulary)} has no use for numbers: leave it out")
    if network.embedding:
        raise ExperimentError(
            "network.embedding", f"{network.embedding} does not fit numbers, which are read as they are: it must be 0"
        )
    if experiment.training.learn and network.head == "direct":
        raise ExperimentError(
            "network.head", "direct does not fit numbers: it must be linear, since one number is predicted"
        )
    for path, names, what in (("data.column", data.columns, "read"), ("data.targets", data.targets, "predicted")):
        again = next((name for name, count in Counter(names).items() if count > 1), None)
        if again is not None:
            raise ExperimentError(path, f"{short(again)} is given twice: a column is {what} once", value=again)
        if "" in names:
            raise ExperimentError(path, "is empty: give the name of a column, or its number", value="")
    if data.targets and not experiment.training.learn:
        problem = f"{short(data.targets[0])} has no use without learning: leave it out, or learn"
        raise ExperimentError("data.targets", problem)
    if not data.ahead and not data.targets:
        raise ExperimentError(
            "data.ahead", "0 leaves nothing to predict: what is read is the target. It must be at least 1, or --target"
        )
    if data.task == "many-to-one" and data.stateful:
        raise ExperimentError(
            "data.stateful", "true does not fit many-to-one, where each sequence starts afresh: it must be false"
        )


def _check_texts(experiment: Experiment) -> None:
    data = experiment.data
    if not data.inputs or not all(data.inputs):
        raise ExperimentError("data.inputs", "is empty: give at least one character")
    _check_halves("data.inputs", data.inputs)
    _check_halves("data.targets", data.targets)
    if data.targets and not experiment.training.learn:
        raise ExperimentError(
            "data.targets", f"{short(data.targets[0])} has no use without learning: leave it out, or learn"
        )
    if data.targets and len(data.targets) != len(data.inputs):
        raise ExperimentError(
            "data.targets",
            f"has {len(data.targets)} rows where the input has {len(data.inputs)}: give one target for each input",
        )
    if not all(data.targets):
        raise ExperimentError("data.targets", "is empty: give at least one character")
    if data.padded:
        _check_padded(data)
    for row, target in zip(data.inputs, data.targets, strict=False):
        if data.task == "many-to-many" and len(row) != len(target):
            raise ExperimentError(
                "data.targets",
                f"{short(target)} has {counted(len(target), 'character')} where the input "
                f"{short(row)} has {len(row)}: they must be equally long; {other_task(target)}",
            )
    end = END if data.task == "one-to-many" else ""
    missing = sorted(set("".join((*data.inputs, *data.targets, end))) - set(experiment.vocabulary))
    if missing:
        raise ExperimentError(
            "data.vocabulary", f"lacks {', '.join(map(repr, missing[:5]))}: it must hold every character of the data"
        )


def _check_padded(data: Data) -> None:
    """Check rows in which not every step has a target."""
    if not data.targets:
        raise ExperimentError("data.task", f"{data.task} needs targets: without them it must be many-to-many")
    for row, target in zip(data.inputs, data.targets, strict=True):
        problem = unfit(data.task, row, target)
        if problem:
            raise ExperimentError("data.targets", f"{short(target)} has {problem}", value=target)


def _check_vocabulary(data: Data) -> None:
    _check_halves("data.vocabulary", (data.vocabulary,))
    if not data.vocabulary:
        return
    if data.tokens == "byte":
        raise ExperimentError("data.vocabulary", f"{brief(data.vocabulary)} has no use: there are 256 bytes")
    names = tokenizer_of(data.tokens, data.vocabulary).names
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ExperimentError("data.vocabulary", f"has {min(repeated)!r} more than once")
    if data.tokens == "word":
        strange = next((name for name in names if split_words(name) != [name]), None)
        if strange is not None:
            raise ExperimentError("data.vocabulary", f"has {short(strange)}, which is not one word")


def _check_halves(path: str, rows: tuple[str, ...]) -> None:
    halves = [character for row in rows for character in row if "\ud800" <= character <= "\udfff"]
    if halves:
        raise ExperimentError(path, f"holds {halves[0]!a}, half a character: it must be valid UTF-8 text")
