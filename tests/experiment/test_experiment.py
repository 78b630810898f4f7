"""Experiments: what they count, what bounds them, and every rule that makes one sound."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.network.model import Model
from rnn_tui.experiment.cell_kinds import CELL_KINDS, OWN
from rnn_tui.experiment.lessons import DEFAULT, LESSONS, nearest
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

LOOK: dict[str, Any] = {"learn": False}


@st.composite
def experiments(draw: st.DrawFn) -> dict[str, Any]:
    """The values of any sound experiment."""
    both = draw(st.booleans())
    head = draw(st.sampled_from(["direct", "linear"]))
    hidden, learn = draw(st.integers(1, 12)), draw(st.booleans())
    outputs = hidden * (2 if both else 1)
    size = outputs if learn and head == "direct" else draw(st.integers(1, 9))
    characters = st.characters(exclude_categories=["Cs"])
    vocabulary = "".join(draw(st.lists(characters, min_size=size, max_size=size, unique=True)))
    length, rows = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    texts = st.lists(st.text(vocabulary, min_size=length, max_size=length), min_size=rows, max_size=rows)
    return {
        "name": draw(st.text(max_size=9)),
        "data": {"inputs": draw(texts), "targets": draw(texts) if learn else [], "vocabulary": vocabulary},
        "network": {
            "cell": draw(st.sampled_from(["rnn", "rnn-relu", "gru", "lstm"])),
            "implementation": draw(st.sampled_from(["fused", "written-out"] + ["cell"] * (not both))),
            "hidden_size": hidden,
            "layers": draw(st.integers(1, 5)),
            "bidirectional": both,
            "head": head,
            "embedding": draw(st.integers(0, 7)),
            "batch_first": draw(st.booleans()),
            "initial_state": draw(st.sampled_from(["zeros", "random"])),
        },
        "training": {
            "learn": learn,
            "tick": "sequence" if both else draw(st.sampled_from(["character", "sequence"])),
            "reduction": draw(st.sampled_from(["sum", "mean"])),
            "clip": draw(st.floats(0, 1e3)),
            "optimizer": draw(st.sampled_from(["adam", "adamw", "sgd", "rmsprop"])),
            "lr": draw(st.floats(1e-9, 1e6)),
            "epochs": draw(st.integers(0, 10**12)),
            "seed": draw(st.integers(0, 2**63 - 1)),
        },
        "run": {
            "speed": draw(st.floats(0, 1e9)),
            "device": draw(st.sampled_from(["auto", "cpu", "cuda:1", "mps"])),
        },
    }


@given(experiments())
def test_there_and_back_again(values: dict[str, Any]) -> None:
    experiment = from_dict(values)
    plain = to_dict(experiment)
    assert from_dict(json.loads(json.dumps(plain))) == experiment
    for section in ("data", "network", "training", "run"):
        for name, value in values[section].items():
            assert plain[section][name] == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_is_sound_and_named(name: str) -> None:
    assert from_dict(to_dict(LESSONS[name])) == LESSONS[name]
    assert LESSONS[name].name == name
    assert LESSONS[name].about.endswith((".", "?", ")"))
    others = dict.fromkeys(("remember", "forget-bias", "cliff"), "abcd.?") | {
        each: "hielo" for each in LESSONS if each.startswith("hihello")
    }
    if not LESSONS[name].data.per_character:  # one row or a few of one word
        assert LESSONS[name].vocabulary == others.get(name, "ehlo")


def test_the_default_lesson_and_the_names_nearest_to_a_slip() -> None:
    assert DEFAULT in LESSONS
    assert nearest("hihelo")[0] == "hihello"
    assert nearest("qqqqqqqq") == []


@given(experiments())
def test_it_counts_the_weights_of_the_real_model(values: dict[str, Any]) -> None:
    experiment = from_dict(values)
    model = Model(experiment)
    assert experiment.weights == sum(weight.numel() for weight in model.parameters())


def test_a_direct_head_cannot_fall_below_the_floor() -> None:
    random = np.random.default_rng(0)
    for classes, length, reduction in [(5, 6, "sum"), (4, 5, "mean"), (2, 1, "sum"), (9, 3, "mean")]:
        text = "abcdefghi"[:classes]
        values: dict[str, Any] = {"data": {"inputs": [text[:1] * length], "targets": [text[-1:] * length]}}
        values["data"]["vocabulary"] = text
        values |= {"network": {"hidden_size": classes}, "training": {"reduction": reduction}}
        floor = from_dict(values).floor
        assert floor is not None
        logits = random.uniform(-1, 1, (2000, length, classes))
        logits[:500, :, 0] = 1  # some near the best there is
        logits[:500, :, 1:] = -1 + random.uniform(0, 1e-3, (500, length, classes - 1))
        each = -(logits[..., 0] - np.log(np.exp(logits).sum(-1)))
        losses = each.sum(-1) if reduction == "sum" else each.mean(-1)
        assert losses.min() >= floor
        assert losses.min() == pytest.approx(floor, rel=0.01)  # and no higher bound would be true


@pytest.mark.parametrize("smoothing", [0.01, 0.2, 0.9, 1.0])
def test_the_floor_of_smoothed_targets_is_the_lowest_loss_of_states_within_one(smoothing: float) -> None:
    training = {"reduction": "mean", "label_smoothing": smoothing}
    floor = from_dict({"data": {"inputs": ["hihello"]}, "training": training}).floor
    logits = torch.linspace(-1, 1, 20_001, dtype=torch.float64)[:, None] * torch.tensor([1.0, -1, -1, -1, -1])
    right = torch.zeros(len(logits), dtype=torch.int64)
    losses = torch.nn.functional.cross_entropy(logits, right, reduction="none", label_smoothing=smoothing)
    assert floor == pytest.approx(losses.min().item(), rel=1e-6)


@pytest.mark.parametrize(
    ("network", "bounded"),
    [
        ({}, True),
        ({"cell": "gru"}, True),
        ({"cell": "lstm"}, True),
        ({"initial_state": "random"}, True),
        ({"cell": "lstm", "initial_state": "random"}, True),
        ({"cell": "rnn-relu"}, False),
        ({"cell": "gru", "initial_state": "random"}, False),
        ({"head": "linear"}, False),
    ],
)
def test_only_a_state_that_stays_within_one_has_a_floor(network: dict[str, Any], bounded: bool) -> None:
    """An h_0 drawn at random is not within one, and a GRU hands a share of it on."""
    experiment = from_dict({"network": network})
    assert (experiment.floor is not None) == bounded
    h_0 = torch.full((1, 1, 5), 3.0)
    recurrent = Model(experiment).recurrent
    state = (h_0, h_0) if network.get("cell") == "lstm" else h_0
    output, _ = recurrent(torch.eye(5).view(5, 1, 5) * 10, state if network.get("initial_state") else None)
    if bounded or network.get("cell") == "gru":
        assert (output.abs().max() <= 1) == bounded


def test_default_target_is_the_next_characters() -> None:
    experiment = from_dict({"data": {"inputs": ["hihello"]}})
    assert experiment.data.inputs == ("hihell",)
    assert experiment.data.targets == ("ihello",)
    assert experiment.vocabulary == "ehilo"
    assert from_dict({}).data == experiment.data
    looking = from_dict({"data": {"inputs": ["hihello"]}, "training": LOOK})
    assert (looking.data.inputs, looking.data.targets) == (("hihello",), ())


def test_memory_counts_weights_gradients_moments_and_steps() -> None:
    def needed(*, rows: int = 1, length: int = 6, **network: Any) -> int:
        training = {name: network.pop(name) for name in ("optimizer", "momentum") if name in network}
        values = {"data": {"inputs": ["a" * length] * rows, "vocabulary": "abcde"}, "network": network}
        values["data"]["targets"] = values["data"]["inputs"]
        return memory_bytes(from_dict({**values, "training": training}))

    base = needed()
    assert 4 * 4 * 60 <= base <= 4 * (4 * 60 + 6 * 100)  # 60 weights, four times; six steps of a few numbers
    large: dict[str, Any] = {"head": "linear", "hidden_size": 10_000}
    assert needed(**large) == pytest.approx(4 * 4 * 10_000**2, rel=0.01)  # W_hh is nearly all there is
    assert needed(**large, optimizer="adamw") == needed(**large)
    assert needed(**large, optimizer="sgd", momentum=0.5) == pytest.approx(4 * 3 * 10_000**2, rel=0.01)
    assert needed(**large, optimizer="sgd") == pytest.approx(4 * 2 * 10_000**2, rel=0.01)
    assert needed(**large, cell="lstm") == pytest.approx(4 * 4 * 4 * 10_000**2, rel=0.01)
    assert needed(**large, layers=3) == pytest.approx(4 * 4 * 5 * 10_000**2, rel=0.01)  # and two W_ih
    assert needed(rows=1000, length=1000) / needed(rows=1000, length=10) == pytest.approx(100, rel=0.1)
    assert needed(rows=1000) / needed(rows=10) == pytest.approx(100, rel=0.3)
    assert needed(head="linear", hidden_size=1_000_000) > 10**12


def test_choices_are_the_words_of_a_setting() -> None:
    assert setting("network.cell").choices == (*CELL_KINDS, OWN)
    assert setting("training.tick").choices == ("character", "sequence")
    for free in ("network.hidden_size", "network.bidirectional", "data.inputs"):
        assert setting(free).choices == ()
    for each in SETTINGS:
        for word in each.choices if each.path != "data.task" else ():  # which needs targets that fit
            values: dict[str, Any] = {"training": LOOK, "data": {"inputs": ["hello"]}}
            if each.path in ("data.separator", "data.header", "data.decimal", "data.gaps"):  # which need a table
                values = {"data": {"series": "some.csv"}, "network": {"head": "linear"}}
            if each.path in ("data.tokens", "data.answers"):  # which need a file
                values = {"data": {"pairs": "some.tsv", "task": "many-to-one"}, "network": {"head": "linear"}}
            values[each.section] = {**values.get(each.section, {}), each.name: word}
            found = from_dict(values)
            assert getattr(getattr(found, each.section), each.name) == word


def test_fields_are_all_that_there_is_to_set() -> None:
    parts = {section: part for section, part in to_dict(Experiment()).items() if isinstance(part, dict)}
    settings = {f"{section}.{name}" for section in parts for name in parts[section]} - {"network.own"}  # a fact
    assert {each.path for each in SETTINGS} == settings
    assert len({each.path for each in SETTINGS}) == len(SETTINGS)
    assert len({each.option for each in SETTINGS}) == len(SETTINGS)
    assert setting("network.hidden_size").option == "--hidden"
    with pytest.raises(KeyError):
        setting("network.size")


BOTH = {"bidirectional": True, "hidden_size": 3, "head": "linear"}
RULES: list[tuple[dict[str, Any], str, list[str]]] = [  # values, the path to blame, words of the message
    ({"network": {"hidden_size": 0}}, "network.hidden_size", ["0", "too small", "at least 1"]),
    ({"network": {"hidden_size": -3}}, "network.hidden_size", ["-3", "at least 1"]),
    ({"network": {"hidden_size": 10**9}}, "network.hidden_size", ["1000000000", "too large", "at most 1"]),
    ({"network": {"hidden_size": 4}}, "network.hidden_size", ["4 does not fit", "5 units", "linear"]),
    ({"network": {"hidden_size": 4, "bidirectional": True}}, "network.hidden_size", ["4", "both directions"]),
    ({"network": {"layers": 0}}, "network.layers", ["0", "at least 1"]),
    ({"network": {"embedding": -1}}, "network.embedding", ["-1", "at least 0"]),
    ({"network": {"dropout": 0.5}}, "network.dropout", ["0.5 does not fit one layer", "layers 2"]),
    ({"network": {"dropout": 1, "layers": 2}}, "network.dropout", ["1 is too large", "at most 0.99"]),
    ({"network": {"dropout": -0.1, "layers": 2}}, "network.dropout", ["-0.1", "at least 0"]),
    ({"network": {"cell": "gpu"}}, "network.cell", ["'gpu'", "must be rnn, rnn-relu, gru, lstm, ", "or FILE.py:CLASS"]),
    ({"network": {"cell": 3}}, "network.cell", ["3", "must be rnn, rnn-relu, gru, lstm, ", "or FILE.py:CLASS"]),
    ({"network": {"layers": "two"}}, "network.layers", ["'two'", "must be a whole number"]),
    ({"network": {"layers": 1.5}}, "network.layers", ["1.5", "must be a whole number"]),
    ({"network": {"layers": True}}, "network.layers", ["true", "must be a whole number"]),
    ({"network": {"bidirectional": "yes"}}, "network.bidirectional", ["'yes'", "must be true or false"]),
    ({"network": {"size": 4}}, "network.size", ["not a setting", "hidden_size", "layers"]),
    ({"colour": 4}, "colour", ["not a setting", "network", "training"]),
    ({"network": 4}, "network", ["4", "must be a table"]),
    (
        {"network": {**BOTH, "implementation": "cell"}},
        "network.bidirectional",
        ["true does not", "fused or written-out"],
    ),
    ({"network": BOTH}, "training.tick", ["character does not fit", "must be sequence"]),
    ({"training": {"lr": 0}}, "training.lr", ["0", "too small", "above 0"]),
    ({"training": {"lr": math.nan}}, "training.lr", ["nan", "finite number"]),
    ({"training": {"lr": math.inf}}, "training.lr", ["inf", "finite number"]),
    ({"training": {"lr": "fast"}}, "training.lr", ["'fast'", "must be a number"]),
    ({"training": {"clip": -1}}, "training.clip", ["-1", "at least 0"]),
    ({"training": {"schedule": "linear"}}, "training.schedule", ["must be constant, step, cosine or plateau"]),
    ({"training": {"schedule": "step", "epochs": 0}}, "training.schedule_every", ["0 does not fit step", "updates"]),
    ({"training": {"schedule": "cosine", "epochs": 0}}, "training.schedule_every", ["0 does not fit cosine"]),
    ({"training": {"schedule_factor": 0}}, "training.schedule_factor", ["0", "above 0"]),
    ({"training": {"schedule_factor": 1.5}}, "training.schedule_factor", ["1.5", "at most 1"]),
    ({"training": {"weight_decay": -1}}, "training.weight_decay", ["-1", "at least 0"]),
    ({"training": {"accumulate": 0}}, "training.accumulate", ["0", "at least 1"]),
    ({"training": {"patience": -1}}, "training.patience", ["-1", "at least 0"]),
    ({"training": {"precision": "half"}}, "training.precision", ["must be float32, bfloat16 or float16"]),
    (
        {"training": {"precision": "float16"}, "run": {"device": "cpu"}},
        "training.precision",
        ["'float16' does not fit the device cpu: it must be float32 or bfloat16, or the device cuda"],
    ),
    (
        {"training": {"precision": "bfloat16"}, "run": {"device": "mps"}},
        "training.precision",
        ["'bfloat16' does not fit the device mps: it must be float32, or the device cuda"],
    ),
    ({"run": {"threads": -1}}, "run.threads", ["-1", "at least 0"]),
    ({"run": {"threads": 5000}}, "run.threads", ["5000", "at most 1,024"]),
    ({"training": {"epochs": -1}}, "training.epochs", ["-1", "at least 0"]),
    ({"training": {"seed": 2**63}}, "training.seed", [str(2**63), "at most"]),
    ({"training": {"seed": 2**70}}, "training.seed", [str(2**70), "at most"]),
    (
        {"training": {"optimizer": "adagrad"}},
        "training.optimizer",
        ["'adagrad'", "must be adam, adamw, sgd or rmsprop"],
    ),
    ({"training": {"label_smoothing": 1.1}}, "training.label_smoothing", ["1.1", "at most 1"]),
    ({"training": {"momentum": 0.9}}, "training.momentum", ["0.9", "no use without sgd", "must be 0"]),
    ({"training": {"momentum": 1.5, "optimizer": "sgd"}}, "training.momentum", ["1.5", "at most 1"]),
    ({"training": {"tick": "word"}}, "training.tick", ["'word'", "must be character or sequence"]),
    ({"run": {"speed": -1}}, "run.speed", ["-1", "at least 0"]),
    ({"run": {"speed": math.nan}}, "run.speed", ["nan", "finite number"]),
    ({"run": {"device": "tpu"}}, "run.device", ["'tpu'", "must be auto, cpu, cuda, cuda:N or mps"]),
    ({"run": {"device": "cpu:1"}}, "run.device", ["'cpu:1'", "must be"]),
    ({"run": {"device": "cuda:x"}}, "run.device", ["'cuda:x'", "must be"]),
    ({"data": {"inputs": []}}, "data.inputs", ["empty", "at least one character"]),
    ({"data": {"inputs": [""]}, "training": LOOK}, "data.inputs", ["empty", "at least one character"]),
    ({"data": {"inputs": ["a"]}}, "data.inputs", ["'a'", "at least two characters"]),
    ({"data": {"inputs": ["c", "b"]}}, "data.inputs", ["'c'", "at least two characters"]),
    ({"data": {"inputs": "abc"}}, "data.inputs", ["'abc'", "a list of texts"]),
    ({"data": {"inputs": [1, 2]}}, "data.inputs", ["[1, 2]", "a list of texts"]),
    ({"data": {"inputs": ["a" * 9, "b" * 10]}}, "data.inputs", ["9 and 10 characters", "equally long"]),
    ({"data": {"inputs": ["a\ud800"]}, "training": LOOK}, "data.inputs", ["'\\ud800'", "UTF-8"]),
    ({"data": {"inputs": ["ab"], "targets": ["b"]}}, "data.targets", ["'b' has 1 character", "'ab' has 2"]),
    ({"data": {"inputs": ["ab"], "targets": ["ab", "cd"]}}, "data.targets", ["2 rows", "has 1"]),
    ({"data": {"inputs": ["a"], "targets": ["b"]}, "training": LOOK}, "data.targets", ["'b'", "no use"]),
    ({"data": {"inputs": ["ab"], "vocabulary": "aab"}}, "data.vocabulary", ["'a' more than once"]),
    ({"data": {"inputs": ["abc"], "vocabulary": "ab"}}, "data.vocabulary", ["lacks 'c'", "every"]),
]


@pytest.mark.parametrize(("values", "path", "words"), RULES)
def test_every_rule_names_the_field_the_value_and_what_would_be_right(
    values: dict[str, Any], path: str, words: list[str]
) -> None:
    with pytest.raises(ExperimentError) as caught:
        from_dict(values)
    assert caught.value.path == path
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("values", [None, 3, "text", []])
def test_what_is_no_table_is_no_experiment(values: Any) -> None:
    with pytest.raises(ExperimentError, match="must be a table"):
        from_dict(values)


@pytest.mark.parametrize(
    ("given", "vocabulary"),
    [
        ({"network.hidden_size": 4}, "<unk> a b"),
        ({"data.vocabulary_size": 2}, ""),  # which is another one then
        ({"data.holdout": 0.5}, ""),
        ({"data.tokens": "char"}, ""),
        ({"data.tokens": "byte", "data.vocabulary_size": 10_000}, ""),
        ({"data.holdout": 0.5, "data.vocabulary": "b <unk>"}, "b <unk>"),
    ],
)
def test_a_vocabulary_gives_way_to_what_makes_another(given: dict[str, Any], vocabulary: str) -> None:
    data = {"text": "a.txt", "tokens": "word", "vocabulary": "<unk> a b"}
    base = from_dict({"data": data, "network": {"head": "linear"}, "training": {"tick": "sequence"}})
    found = from_dict(overridden(base, given))
    assert found.data.vocabulary == vocabulary


def test_words_have_an_embedding_and_labels_their_task() -> None:
    words = from_dict(overridden(Experiment(), {"data.text": "a.txt", "data.tokens": "word"}))
    assert words.network.embedding == 128
    own = overridden(Experiment(), {"data.text": "a.txt", "data.tokens": "word", "network.embedding": 7})
    assert from_dict(own).network.embedding == 7
    labels = from_dict(overridden(Experiment(), {"data.pairs": "a.tsv", "data.answers": "label"}))
    assert labels.data.task == "many-to-one"
    again = from_dict(overridden(labels, {"data.answers": "token", "data.task": "one-to-many"}))
    assert again.data.labels == ()
    assert from_dict(overridden(words, {"data.inputs": ("hello",)})).data.tokens == "char"
