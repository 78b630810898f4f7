"""The command line of a run: read by our own parser, it leads to the same numbers, to the bit."""

import shlex
import subprocess
import unicodedata
from typing import Any

import click
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.cli.experiment_args import changes_of, experiment_of
from rnn_tui.cli.main import main
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.command_line import ForkError, command_line, parse_forks
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from tests.examples import examples


def read(line: str) -> tuple[Experiment, tuple[Change, ...], bool]:
    """The experiment and the turns that a command line names, as the program reads it; and whether it opens paused."""
    program, *words = split(line)
    assert program == "rnn-tui"
    command = main.get_command(click.Context(main), "open")
    assert command is not None
    parameters = command.make_context("open", words).params
    experiment = experiment_of(parameters)
    return experiment, changes_of(experiment, parameters["forks"]), parameters["paused"]


def split(line: str) -> list[str]:
    """The words of a command line, as a shell passes them on; shlex does not know $'…'."""
    if "$'" not in line:
        return shlex.split(line)
    found = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    return found.decode().split("\0")[:-1]


def numbers(experiment: Experiment) -> Experiment:
    """Return what decides the numbers of a run."""
    return replace(experiment, name="", about="", run=replace(experiment.run, until=()))


def changed(name: str, values: dict[str, Any]) -> Experiment:
    """A lesson with some values replaced."""
    plain = to_dict(LESSONS[name])
    for path, value in values.items():
        section, _, key = path.partition(".")
        plain[section][key] = value
    return from_dict(plain)


# ---- the experiment ----


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_its_name(name: str) -> None:
    assert command_line(LESSONS[name], (), 0) == f"rnn-tui {name} --paused"
    assert command_line(LESSONS[name], (), 7) == f"rnn-tui {name} --until tick=7"


HELLO = {"data.inputs": ["hello worl"], "data.targets": ["ello world"], "data.vocabulary": "", "network.hidden_size": 8}


@pytest.mark.parametrize(
    ("name", "values", "line"),
    [
        ("hihello", {"training.lr": 0.03}, "--lr 0.03"),
        ("hihello", {"training.lr": 1e-5, "training.seed": 0}, "--lr 1e-05 --seed 0"),
        ("hihello", {"training.clip": 1.0, "run.speed": 0.0}, "--clip 1 --speed max"),
        ("hihello", HELLO, "--input 'hello world'"),
        ("hihello", HELLO | {"network.cell": "gru"}, "--input 'hello world' --cell gru"),
        ("hihello", HELLO | {"network.hidden_size": 9, "network.head": "linear"},
         "--input 'hello world' --hidden 9 --head linear"),
        ("ohlol", {"network.batch_first": True}, "--batch-first"),
        ("ohlol-lstm", {"network.implementation": "written-out"}, "--implementation written-out"),
        ("three-words", {"network.batch_first": True, "training.tick": "sequence"}, "--batch-first --tick sequence"),
        ("ohlol-lstm", {"network.bidirectional": False}, "--no-bidirectional"),
        ("hihello-embedding", {"network.bidirectional": True}, "--bidirectional"),
        ("hihello", {"training.learn": False, "data.targets": [], "run.until": []}, "--no-learn"),
        ("hello", {"training.learn": True, "data.targets": ["ohlol"], "network.hidden_size": 4},
         "--target ohlol --epochs 1"),
        ("hihello", {"data.inputs": ["ab", "ba"], "data.targets": ["aa", "bb"], "data.vocabulary": "",
                     "network.hidden_size": 2}, "--input ab --input ba --target aa --target bb"),
        ("hihello", {"data.inputs": ["-ab"], "data.targets": ["ab-"], "data.vocabulary": "", "network.hidden_size": 3},
         "--input=-ab-"),
    ],
)  # fmt: skip
def test_only_what_differs_is_said(name: str, values: dict[str, Any], line: str) -> None:
    experiment = changed(name, values)
    said = command_line(experiment, (), 0)
    assert said == f"rnn-tui {name} {line} --paused"
    assert numbers(read(said)[0]) == numbers(experiment)


def test_an_experiment_that_is_no_lesson_is_told_from_the_default_one() -> None:
    mine = replace(changed("hihello", {"training.lr": 0.5}), name="my own", about="x")
    assert command_line(mine, (), 0) == "rnn-tui --lr 0.5 --paused"
    as_it_is = replace(from_dict({"data": {"inputs": ["hihello"]}}), name="mine")
    said = command_line(as_it_is, (), 0)
    assert numbers(read(said)[0]) == numbers(as_it_is)


ODD = [
    "it's", 'say "hi"', "a b", "$HOME", "`ls`", "a\\nb", "a\nb\n", "\r\n", "\t\x1b[31m", "日本語", "👩‍🚀🎉", "e\u0301",
    "\u202eabc", "-x", "--input", "=", "a=b", "*?[", "!!", "~", "#", "|", "\x7f\x9b", "''",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_any_text_is_quoted(text: str) -> None:
    texts = {"inputs": [text], "targets": [text[::-1]]}
    experiment = from_dict({"data": texts, "network": {"head": "linear"}, "training": {"seed": 3}})
    assert numbers(read(command_line(experiment, (), 5))[0]) == numbers(experiment)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=2, max_size=12)


@settings(max_examples=examples(200))
@given(
    st.sampled_from(sorted(LESSONS)), TEXTS, TEXTS, st.integers(1, 3), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(["rnn", "gru", "lstm"]), st.floats(0, 1e6, exclude_min=True), st.integers(0, 2**63 - 1),
    st.floats(0, 1e9), st.integers(0, 3),
)  # fmt: skip
def test_any_experiment_comes_back(
    lesson: str, text: str, other: str, rows: int, learn: bool, own: bool, both: bool,
    cell: str, lr: float, seed: int, speed: float, embedding: int,
) -> None:  # fmt: skip
    values = to_dict(LESSONS[lesson])
    values["data"] = {"inputs": [text] * rows, "targets": [], "vocabulary": ""}
    if learn and own:
        values["data"]["targets"] = [(other * 12)[: len(text)]] * rows
    values["network"] |= {"head": "linear", "bidirectional": both, "implementation": "fused", "cell": cell}
    values["network"] |= {"embedding": embedding, "hidden_size": 3}
    values["training"] |= {"learn": learn, "tick": "sequence", "lr": lr, "seed": seed}
    values["run"] = {"speed": speed}
    experiment = from_dict(values)
    assert numbers(read(command_line(experiment, (), 3))[0]) == numbers(experiment)


@pytest.mark.parametrize(
    "text", [*ODD, "\u2066\u2069", "\u2028\u2029", "a$'\n", "\\\n'\\'", "\x1b[201~\n5\x1b7"], ids=ascii
)
def test_a_command_line_is_safe_to_paste(text: str) -> None:
    """A terminal obeys nothing in it, whatever the shell makes of it; and the shell makes that very text of it."""
    experiment = from_dict({"data": {"inputs": [text], "targets": [text[::-1]]}, "network": {"head": "linear"}})
    line = command_line(experiment, (), 5)
    assert not [each for each in line if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
    assert split(line)[split(line).index("--until") + 1] == "tick=5"
    assert numbers(read(line)[0]) == numbers(experiment)


def test_what_is_escaped() -> None:
    experiment = from_dict({"data": {"inputs": ["a'\\\n\x1b\x9b7é"]}, "network": {"head": "linear"}})
    assert r" --input $'a\'\\\n\033\302\2337é' " in command_line(experiment, (), 5)


def test_a_null_character_cannot_stand_on_a_command_line() -> None:
    experiment = from_dict({"data": {"inputs": ["a\0b"]}, "network": {"head": "linear"}})
    with pytest.raises(ValueError, match="null character"):
        command_line(experiment, (), 1)


# ---- the turns ----

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "lr": st.sampled_from([0.01, 0.3, 1 / 3]),
        "optimizer": st.sampled_from(["adam", "sgd", "rmsprop"]),
        "clip": st.sampled_from([0.0, 0.5]),
        "reduction": st.sampled_from(["sum", "mean"]),
        "tick": st.sampled_from(["character", "sequence"]),
        "epochs": st.sampled_from([0, 3, 200]),
        "seed": st.integers(0, 99),
    },
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(1, 25)),
        st.tuples(st.just("learn"), CHANGES),
        st.tuples(st.just("go"), st.floats(0, 1)),
        st.tuples(st.just("branch"), st.none()),
    ),
    max_size=8,
)
BEGAN = st.sampled_from(
    [
        LESSONS["hihello"],
        LESSONS["hihello-sequence"],
        changed("hihello", {"network.initial_state": "random", "network.cell": "gru", "training.epochs": 2}),
        changed("hihello", {"network.initial_state": "random", "network.cell": "lstm", "data.inputs": ["a'\n🎉-"],
                            "data.targets": ["'\n🎉--"], "data.vocabulary": "", "network.hidden_size": 5}),
        changed("ohlol-cell", {"network.initial_state": "random", "training.clip": 0.7}),
    ]
)  # fmt: skip


def led_to(session: Session) -> list[torch.Tensor]:
    """Everything that the screen shows, and what the next tick depends on."""
    trainer, passes = session.trainer, session.progress.whole_passes
    parts = [torch.tensor([trainer.ticks, trainer.epoch, trainer.fed])]
    parts.append(torch.tensor([session.losses.at(i) or 0.0 for i in range(passes)], dtype=torch.float64))
    parts += [each.detach().clone() for each in trainer.model.parameters()]
    draws = session.experiment.network.initial_state == "random"
    return [*parts, *trainer.logits, *([torch.get_rng_state()] if draws else [])]


@settings(max_examples=examples(60))
@given(BEGAN, STEPS, st.integers(0, 30))
def test_a_session_that_went_any_way_is_led_to_by_its_command_line(
    began: Experiment, steps: list[tuple[str, Any]], last: int
) -> None:
    session = Session(began)
    session.watch(())
    for kind, value in [*steps, ("tick", last)]:
        match kind:
            case "tick":
                for _ in range(value):
                    session.tick()
                    session.play_on()
            case "learn":
                session.learn(replace(session.experiment.training, **value), reseed="seed" in value)
            case "go":
                session.go_to(round(value * session.branch.newest))
            case _:
                session.next_branch()
    tick = session.trainer.ticks
    after = led_to(session)  # before the other one moves torch's generator
    experiment, changes, paused = read(command_line(session.began, session.changes, tick))
    other = Session(experiment, changes=changes)
    assert paused == (tick == 0)
    while other.trainer.ticks < tick:
        going = other.tick()
        assert going == (other.trainer.ticks < tick)
    found = led_to(other)
    assert len(found) == len(after)
    assert all(torch.equal(a, b) for a, b in zip(found, after, strict=True))
    training, expected = other.experiment.training, session.experiment.training
    assert training == expected


def test_forks_stand_on_the_line_as_they_were_made() -> None:
    began = LESSONS["hihello"].training
    first = replace(began, lr=0.05, optimizer="sgd")
    second = replace(first, seed=3, clip=0.5)
    changes = (
        Change(tick=10, training=first),
        Change(tick=10, training=first),  # nothing changed
        Change(tick=20, training=second, reseed=True),
        Change(tick=30, training=began),  # not yet
    )
    assert command_line(LESSONS["hihello"], changes, 29) == (
        "rnn-tui hihello --fork '10: optimizer=sgd lr=0.05' --fork '20: clip=0.5 seed=3' --until tick=29"
    )


def test_a_fork_is_read() -> None:
    changes = parse_forks(LESSONS["hihello"], (" 3 : lr=0.5\n optimizer=sgd ", "3:seed=4", "40: reduction=mean"))
    base = LESSONS["hihello"].training
    expected = [
        (3, replace(base, lr=0.5, optimizer="sgd"), False),
        (3, replace(base, lr=0.5, optimizer="sgd", seed=4), True),
        (40, replace(base, lr=0.5, optimizer="sgd", seed=4, reduction="mean"), False),
    ]
    assert [(turn.tick, turn.training, turn.reseed) for turn in changes] == expected


@given(st.lists(st.text(max_size=20) | st.from_regex(r"\d{0,3}:? ?(lr|seed|tick|x)?=?[-\d.a]{0,4}", fullmatch=True)))
def test_any_text_is_a_fork_or_refused_in_one_line(texts: list[str]) -> None:
    try:
        changes = parse_forks(LESSONS["hihello"], tuple(texts))
    except ForkError as error:
        said = str(error)
    else:
        said = " ".join(str(turn.tick) for turn in changes)
        assert len(changes) == len(texts)
    assert said.isprintable()
