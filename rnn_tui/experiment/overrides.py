"""An experiment with some of its settings replaced, and the rest following where it would no longer fit.

`--input "hello world"` asks for a network that can learn it: whatever was not asked for gives way.
"""

from typing import Any

import msgspec

from rnn_tui.experiment.breakpoints import needs_learning
from rnn_tui.experiment.cell_kinds import CELL_KINDS, OWN
from rnn_tui.experiment.presets import OWN_PAIRS, OWN_SERIES, OWN_TEXT, WORD_EMBEDDING, name_for
from rnn_tui.experiment.settings import READING
from rnn_tui.experiment.spec import END, Data, Experiment, Tokens, Training
from rnn_tui.experiment.validate import to_dict

__all__ = ["overridden"]


def overridden(base: Experiment, given: dict[str, Any]) -> dict[str, Any]:
    """Return the values of `base` with those `given` by path in their place, for `from_dict` to check."""
    base = _text_base(base, given)
    values = to_dict(base)
    for path, value in given.items():
        section, _, name = path.partition(".")
        values[section][name] = value
    _follow_cell(values, given)
    _follow_learning(values, given, learnt=base.training.learn)
    _follow_columns(values, given)
    _follow_texts(values, given)
    _follow_tokens(values, given, base.data.tokens)
    if given.get("network.bidirectional") and "training.tick" not in given:
        values["training"]["tick"] = "sequence"
    if "network.hidden_size" not in given:
        _follow_vocabulary(values)
    if _read(values) != _read(to_dict(base)):  # the lesson's description is no longer true
        data = values["data"]
        values["name"], values["about"] = name_for(data["text"] or data["pairs"] or data["series"]), ""
    return values


def _follow_cell(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Compute a cell that torch has not in the one way that there is, and another one as torch does."""
    network = values["network"]
    kind = CELL_KINDS.get(network["cell"])
    if "network.cell" in given and "network.implementation" not in given and (kind is None or not kind.module):
        network["implementation"] = "written-out" if network["cell"] == OWN or kind else network["implementation"]


def _text_base(base: Experiment, given: dict[str, Any]) -> Experiment:
    """Choose what to begin from where the kind of data changes: a network for one is of no use for another."""
    files = ("data.text", "data.pairs", "data.series")
    if given.get("data.pairs") and not base.data.pairs:
        other = OWN_PAIRS
    elif given.get("data.text") and not base.data.text:
        other = OWN_TEXT
    elif given.get("data.series") and not base.data.series:
        other = OWN_SERIES
    elif base.data.file and (given.get("data.inputs") or "" in map(given.get, files)):
        other = Experiment()
    else:
        return base
    return msgspec.structs.replace(other, run=msgspec.structs.replace(other.run, device=base.run.device))


def _follow_learning(values: dict[str, Any], given: dict[str, Any], *, learnt: bool) -> None:
    """Learn where a target is given, for more than one epoch; drop targets and hold-out where nothing is learnt."""
    training = values["training"]
    if given.get("data.targets") and "training.learn" not in given:
        training["learn"] = True
    if training["learn"] and not learnt and "training.epochs" not in given:
        training["epochs"] = Training().epochs
    if not training["learn"] and "data.targets" not in given:
        values["data"]["targets"] = []
        if "data.task" not in given:
            values["data"]["task"] = "many-to-many"
    if not training["learn"] and "data.holdout" not in given:
        values["data"]["holdout"] = 0.0
    if not training["learn"] and "run.until" not in given:
        values["run"]["until"] = [text for text in values["run"]["until"] if not needs_learning(text)]


def _follow_columns(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Drop what is said of the columns of a series where another one is read."""
    if "data.series" not in given or not given["data.series"]:
        return
    for name in ("column", "targets", "ahead", "standardise", "task"):
        if f"data.{name}" not in given:
            values["data"][name] = getattr(Data(), name)


def _follow_texts(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Drop the old targets where the input changes, and the old vocabulary where it lacks one of their characters."""
    data = values["data"]
    if "data.inputs" in given and "data.targets" not in given:
        data["targets"] = []
        if "data.task" not in given:
            data["task"] = "many-to-many"
    if ("data.text" in given or "data.pairs" in given) and "data.vocabulary" not in given:
        data["vocabulary"] = ""
    changed = "data.inputs" in given or "data.targets" in given
    if changed and "data.vocabulary" not in given and not _characters(values) <= set(data["vocabulary"]):
        data["vocabulary"] = ""


def _follow_tokens(values: dict[str, Any], given: dict[str, Any], before: Tokens) -> None:
    """Give words an embedding and labels their task, and drop what is of no use to the tokens that are read."""
    data, network = values["data"], values["network"]
    if not (data["text"] or data["pairs"]) and "data.tokens" not in given:
        data["tokens"] = Data().tokens
    if not data["pairs"] and "data.answers" not in given:
        data["answers"] = Data().answers
    if "data.labels" not in given and (data["answers"] != "label" or "data.pairs" in given):
        data["labels"] = []
    if given.get("data.answers") == "label" and "data.task" not in given:
        data["task"] = "many-to-one"
    if data["tokens"] != "word" and "data.vocabulary_size" not in given:
        data["vocabulary_size"] = Data().vocabulary_size
    others = data["tokens"] == "word" and {"data.vocabulary_size", "data.holdout"} & given.keys()
    if (data["tokens"] != before or others) and "data.vocabulary" not in given:
        data["vocabulary"] = ""
    if given.get("data.tokens") == "word" and not {"network.embedding", "network.tied"} & given.keys():
        network["embedding"] = max(network["embedding"], WORD_EMBEDDING)


def _follow_vocabulary(values: dict[str, Any]) -> None:
    """Give a state that is used as logits a number for each character, in both directions together."""
    network, data = values["network"], values["data"]
    if not values["training"]["learn"] or network["head"] != "direct" or not data["inputs"]:
        return
    classes = len(values["data"]["vocabulary"]) or len(_characters(values))
    directions = 2 if network["bidirectional"] else 1
    if classes % directions == 0:
        network["hidden_size"] = classes // directions


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that say which data are read."""
    found = {name: values["data"][name] for name in READING}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _characters(values: dict[str, Any]) -> set[str]:
    data = values["data"]
    end = END if data["task"] == "one-to-many" else ""
    return set("".join([*data["inputs"], *data["targets"], end]))
