"""The lesson `remember`: its texts for any gap, the option that sets it, and what learns it."""

import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from torch.nn import functional as F

from rnn_tui.cli.experiment_args import experiment_of
from rnn_tui.cli.main import main
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.prediction import predicted_text, right_rows
from rnn_tui.experiment.command_line import command_line
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.remember import gap_of, remember
from rnn_tui.experiment.scored_steps import first_scored
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.toml_file import read
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from tests.examples import examples
from tests.seeds import SEEDS, TIPPED

LESSON = LESSONS["remember"]


def opened(line: str) -> Experiment:
    """The experiment that `rnn-tui` opens for this line."""
    program, *words = shlex.split(line)
    assert program == "rnn-tui"
    command = main.get_command(click.Context(main), "open")
    assert command is not None
    return experiment_of(command.make_context("open", words).params)


def with_gap(gap: int, cell: str = "rnn") -> Experiment:
    return opened(f"rnn-tui remember --gap {gap} --cell {cell}")


# ---- the texts ----


@given(st.integers(1, 1000))
def test_the_first_letter_comes_back_after_the_gap_and_nothing_else_tells_it(gap: int) -> None:
    data = remember(gap)
    rows = [given + target[-1] for given, target in zip(data.inputs, data.targets, strict=True)]
    letters = {row[0] for row in rows}
    assert len(letters) == len(rows) == 4
    assert all(row[0] == row[-1] and len(row[1:-1]) == gap for row in rows)
    assert len({row[1:-1] for row in rows}) == 1  # the rows are alike between
    assert not letters & set(rows[0][1:-1])
    assert len({target[:-1] for target in data.targets}) == 1
    answers = {(one, other) for row, target in zip(data.inputs, data.targets, strict=True)
               for one, other in zip(row[:-1], target[:-1], strict=True)}  # fmt: skip
    assert {other for _, other in answers} == {"."}  # no step but the last needs a memory
    assert set(data.vocabulary) == set("".join(data.inputs + data.targets))
    assert gap_of(data) == gap


def test_the_vocabulary_is_the_same_at_every_gap() -> None:
    sizes = [remember(gap).vocabulary for gap in (1, 2, 3, 1000)]
    assert all(one == other for one, other in pairwise(sizes))


@pytest.mark.parametrize("name", [name for name in LESSONS if name != "remember"])
def test_other_lessons_have_no_gap_but_those_on_its_texts(name: str) -> None:
    assert gap_of(LESSONS[name].data) == {"forget-bias": 40, "cliff": 10}.get(name)


def test_other_texts_have_no_gap() -> None:
    data = remember(5)
    assert gap_of(replace(data, inputs=("a....!", *data.inputs[1:]))) is None
    assert gap_of(replace(data, targets=())) is None
    assert gap_of(replace(data, vocabulary="")) is None
    assert gap_of(replace(data, inputs=data.inputs[::-1])) is None
    assert gap_of(remember(1001)) is None  # no --gap could say it


# ---- the option ----


@given(st.integers(1, 1000))
@settings(max_examples=examples(20))
def test_the_option_changes_the_texts_and_nothing_else(gap: int) -> None:
    assert opened(f"rnn-tui remember --gap {gap}") == replace(LESSON, data=remember(gap))


def test_without_it_the_gap_is_20() -> None:
    assert opened("rnn-tui remember") == opened("rnn-tui remember --gap 20") == LESSON
    assert gap_of(LESSON.data) == 20


def test_every_command_knows_it() -> None:
    shown = CliRunner().invoke(main, ["show", "remember", "--gap", "3"]).stdout
    assert 'inputs = ["a..?", "b..?", "c..?", "d..?"]' in shown
    trained = CliRunner().invoke(main, ["train", "remember", "--gap", "3", "--epochs", "1", "--json"]).stdout
    assert '"target": "...a ...b ...c ...d"' in trained
    for command in ([], ["show"], ["train"]):
        assert "--gap N" in CliRunner().invoke(main, [*command, "--help"]).stdout


# ---- the way back ----


def test_the_command_line_says_the_gap_where_it_is_another() -> None:
    assert command_line(with_gap(20), (), 0) == "rnn-tui remember --paused"
    assert command_line(with_gap(30), (), 0) == "rnn-tui remember --gap 30 --paused"
    assert command_line(with_gap(30, "lstm"), (), 7) == "rnn-tui remember --gap 30 --cell lstm --until tick=7"


@settings(max_examples=examples(20))
@given(st.integers(1, 1000), st.sampled_from(["rnn", "gru", "lstm"]), st.integers(0, 9), st.booleans())
def test_any_gap_comes_back(gap: int, cell: str, seed: int, both: bool) -> None:
    values = to_dict(with_gap(gap, cell))
    values["training"]["seed"] = seed
    values["network"]["bidirectional"] = both
    experiment = from_dict(values)
    line = command_line(experiment, (), 0).removesuffix(" --paused")
    assert opened(line) == experiment
    assert len(line) < 80


def test_a_file_with_another_gap_is_led_back_to_the_lesson(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(CliRunner().invoke(main, ["show", "remember", "--gap", "7"]).stdout)
    assert read(file) == with_gap(7)
    assert command_line(read(file), (), 0) == "rnn-tui remember --gap 7 --paused"


def test_other_texts_are_said_in_full() -> None:
    values = to_dict(LESSON)
    values["data"] = {"inputs": ["a.?"], "targets": ["..a"], "vocabulary": "a.?"}
    line = command_line(from_dict(values), (), 0)
    assert "--gap" not in line
    assert opened(line.removesuffix(" --paused")).data == from_dict(values).data


def test_texts_of_one_s_own_are_no_lesson() -> None:
    assert opened("rnn-tui remember --gap 5 --no-learn").name == "own-text"
    assert opened("rnn-tui remember --input hello").name == "own-text"


# ---- what learns it ----


@cache
def trained(cell: str, gap: int = 20, seed: int = LESSON.training.seed) -> Session:
    """The lesson with that cell, in the moment that it is learnt, or at its end."""
    session = Session(opened(f"rnn-tui remember --gap {gap} --cell {cell} --seed {seed}"))
    while session.tick():
        pass
    return session


def gradients(session: Session) -> list[float]:
    """Norms of the last step's loss by the state after the first step: by h, and for an LSTM by c."""
    model, task = session.trainer.model, session.trainer.dataset
    _, state = model.recurrent(task.x(0, 1), session.trainer.h_0)
    parts = [each.detach().requires_grad_() for each in (state if isinstance(state, tuple) else (state,))]
    logits, _ = model(task.x(1, task.length), tuple(parts) if len(parts) == 2 else parts[0])
    found = torch.autograd.grad(F.cross_entropy(logits[-1], task.y(task.length - 1, task.length)[0]), parts)
    return [each.norm().item() for each in found]


def letters(session: Session) -> str:
    """The last character of each row: what the lesson asks."""
    return "".join(row[-1] for row in predicted_text(session.trainer).split())


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_learn_it(cell: str) -> None:
    session = trained(cell)
    assert letters(session) == "abcd"
    assert right_rows(session.trainer) == 4
    assert [(each.text, each.wrong) for each in session.branch.predictions.newest(1)] == [("a b c d", None)]
    assert 20 < session.trainer.epoch < 200


def test_an_rnn_does_not_and_guesses() -> None:
    session = trained("rnn")
    assert session.trainer.epoch == 300
    rows = predicted_text(session.trainer).split()
    assert [row[:-1] for row in rows] == [row[:-1] for row in LESSON.data.targets]  # the rest it can say
    assert len({row[-1] for row in rows}) < 4
    loss = session.losses.last()
    assert loss is not None
    assert loss > 0.6
    assert session.learnt is None
    assert right_rows(session.trainer) == sum(map(str.__eq__, letters(session), "abcd")) < 4
    assert not any(each.right for each in session.branch.predictions.seen)
    assert {each.text for each in session.branch.predictions.seen} >= {" ".join(letters(session))}


@pytest.mark.parametrize("row", range(4))
def test_a_guess_is_no_success_in_any_row(row: int) -> None:
    session = trained("rnn")
    steps = session.probe.steps(Wanted(row=row, first=0, count=21, top=4))
    assert (steps.scored, steps.scored_fed) == (1, 1)
    assert steps.right == (letters(session)[row] == "abcd"[row])
    assert steps.right_rows == right_rows(session.trainer)


def test_only_the_answer_is_asked_for() -> None:
    assert first_scored(LESSON.data) == 20
    assert first_scored(remember(3)) == 3
    assert first_scored(replace(remember(3), vocabulary="?.dcba")) == 3
    assert {name for name, lesson in LESSONS.items() if first_scored(lesson.data)} == {
        "remember", "forget-bias", "cliff", "copy"
    }  # fmt: skip
    assert first_scored(replace(remember(3), targets=("...a", "...b", "...c", "...c"))) == 0


@pytest.mark.parametrize(
    ("cell", "verdict"), [("rnn", "not learnt: 1 of 4 rows are right; predicts "), ("lstm", "learnt ")]
)
def test_without_a_view_the_verdict_goes_by_the_answer(cell: str, verdict: str) -> None:
    told = CliRunner().invoke(main, ["train", "remember", "--cell", cell, "--until", "learnt", "--no-save"]).stdout
    *_, last, summary = told.splitlines()
    assert summary.startswith(verdict)
    assert ("stopped at tick" in summary) == (cell == "lstm")
    assert re.search(r"  [0-4] of 4 rows right  prediction ([a-d.?]) ([a-d.?]) ([a-d.?]) ([a-d.?])$", last)


def test_an_rnn_learns_a_small_gap() -> None:
    session = trained("rnn", 3)
    assert letters(session) == "abcd"
    assert session.trainer.epoch < 100


def test_the_gradient_dies_on_its_way_back_through_an_rnn_and_lives_in_an_lstm() -> None:
    for cell in ("rnn", "lstm"):
        untrained = Session(with_gap(20, cell))
        untrained.tick()
        assert max(gradients(untrained)) < 1e-4  # an LSTM's too: its gates are half open at first
    assert max(gradients(trained("rnn"))) < 1e-4
    assert max(gradients(trained("lstm"))) > 0.05
    assert max(gradients(trained("gru"))) > 0.05


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("cell", "gap", "unlearnt"),
    [("rnn", 20, set(range(20))), ("rnn", 3, set()), ("lstm", 20, {16}), ("gru", 20, set())],
)
def test_the_seeds_of_twenty_that_learn_it_are_those_counted_here(cell: str, gap: int, unlearnt: set[int]) -> None:
    found = set()
    for seed in SEEDS:
        session = trained(cell, gap, seed)
        if letters(session) != "abcd":
            found.add(seed)
    assert len(found ^ unlearnt.intersection(SEEDS)) <= TIPPED
