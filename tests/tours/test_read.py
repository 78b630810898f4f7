"""Tours as files: what is read, and what is refused in one line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.remember import remember
from rnn_tui.experiment.toml_text import FileError
from rnn_tui.tours.read import read_tour
from rnn_tui.tours.tour import Tour
from rnn_tui.view.model.tour_guide import PRESSABLE

IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
BEGIN = 'title = "T"\n[[step]]\nsay = "s"\n'
NEXT = BEGIN + "[[step]]\nsay = 'x'\n"


def read(folder: Path, content: str | bytes) -> Tour:
    """The tour in a file of this content."""
    file = folder / "tour.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_tour(file, PRESSABLE)


def problem(folder: Path, content: str) -> str:
    """Return what is said about a file of this content, after its name."""
    with pytest.raises(FileError) as caught:
        read(folder, content)
    return str(caught.value).removeprefix(f"{folder / 'tour.toml'}")


def test_all_of_a_step(tmp_path: Path) -> None:
    tour = read(
        tmp_path,
        """
        title = "Mine"
        about = "A try."

        [[step]]
        say = "First."
        then = "Second."
        lesson = "remember"
        gap = 5
        network.cell = "lstm"
        training.lr = 0.02
        until = "epoch=10"
        speed = "max"

        [[step]]
        say = "Then."
        open = ["gates", "weights"]
        zoom = "gates"
        time = 6
        row = 4
        layer = 1
        unit = 32
        prime = "ab"
        press = ["n*3", "]"]

        [[step]]
        say = "Another."
        [step.network]
        hidden_size = 5
        """,
    )
    first, second, third = tour.steps
    assert (tour.title, tour.about) == ("Mine", "A try.")
    assert first.begins
    assert (first.say, first.then) == ("First.", "Second.")
    assert first.experiment.data == remember(5)
    assert (first.experiment.network.cell, first.experiment.training.lr) == ("lstm", 0.02)
    assert (first.until, first.speed, first.experiment.run.until) == ("epoch=10", 0.0, ())
    assert not second.begins
    assert second.experiment is first.experiment
    assert (second.open, second.zoom) == (("gates", "weights"), "gates")
    assert (second.time, second.row, second.layer, second.unit) == (6, 4, 1, 32)
    assert second.prime == "ab"
    assert second.press == ("n", "n", "n", "]")
    assert third.begins
    assert third.experiment.data == LESSONS["hihello"].data


def test_a_file_lies_beside_the_tour(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("abcab" * 100)
    step = read(tmp_path, BEGIN + 'data.text = "short.txt"').steps[0]
    assert step.experiment.data.text == str(tmp_path / "short.txt")
    assert step.experiment.data.batch * step.experiment.data.length < 500  # fitted to a small file


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ": title is missing"),
        ('title = "T"', ": step is missing: a tour is made of [[step]] tables"),
        ('title = "T"\nstep = 1', ", line 2: step is missing: a tour is made of [[step]] tables"),
        ("title = 1", ", line 1: title 1 must be text"),
        (f"title = '{'x' * 99}'", ", line 1: title is too long: at most 60 characters can be read on a screen"),
        (BEGIN + "sya = 1", ", line 4: step 1: sya is not a key of a step; nearest: say"),
        ('titel = "T"', ", line 1: titel is not a key of a tour; nearest: title"),
        ('title = "T"\n[[step]]\nsay = " "', ", line 3: step 1: say is empty: it must be the caption of the step"),
        ('title = "T"\n[[step]]\nrow = 1', ", line 2: step 1: say is missing"),
        (BEGIN + 'lesson = "hihelo"', ", line 4: step 1: lesson hihelo is no lesson; nearest: hihello, "),
        (BEGIN + "gap = 3", ", line 4: step 1: gap 3 has no use: only the lesson remember has a gap"),
        (BEGIN + "\n[[step]]\nsay='x'\ntime = 0", ", line 7: step 2: time 0 must be a whole number from 1 to 6"),
        (BEGIN + "time = true", ", line 4: step 1: time True must be a whole number from 1 to 6"),
        (BEGIN + "time = 7", ", line 4: step 1: time 7 must be a whole number from 1 to 6"),
        (BEGIN + 'until = "soon"', ", line 4: step 1: until 'soon' is no breakpoint: it must be learnt, "),
        (BEGIN + 'lesson = "hello"\nuntil = "learnt"', ", line 5: step 1: until learnt never comes: this lesson "),
        (BEGIN + "speed = -1", ", line 4: step 1: speed -1 is too small: it must be at least 0"),
        (BEGIN + "speed = 'fast'", ", line 4: step 1: speed fast must be a number, or max"),
        (BEGIN + 'open = "gates"', ", line 4: step 1: open gates must be a list of texts"),
        (BEGIN + 'open = ["loss"]', ", line 4: step 1: open loss is no pane for it: it must be "),
        (BEGIN + 'lesson = "hello"\nzoom = "loss"', ", line 5: step 1: zoom loss is not there: this lesson learns "),
        (BEGIN + 'press = ["q"]', ", line 4: step 1: press q is no key for a tour: it may press "),
        (BEGIN + 'press = ["n*600"]', ", line 4: step 1: press is too much: at most 500 keys are pressed"),
        (BEGIN + 'network.cel = "gru"', ", line 4: step 1: network.cel is not a setting; nearest: cell"),
        (BEGIN + "[step.network]\ncell = 'gur'", ", line 5: step 1: network.cell gur must be "),
        (BEGIN + "training.lr = -1", ", line 4: step 1: training.lr -1 is too small: it must be "),
        (BEGIN + "training.lr = [1]", ", line 4: step 1: training.lr [1] must be a number"),
        (BEGIN + "network = 1", ", line 4: step 1: network 1 must be a table"),
        (BEGIN + "run.until = ['learnt']", ", line 4: step 1: run.until has no use in a tour: "),
        (BEGIN + 'data.text = "-"', ", line 4: step 1: data.text - must be a file"),
        (BEGIN + 'data.text = "nothere.txt"', ", line 4: step 1: data.text nothere.txt is not a file"),
        (BEGIN + 'data.series = "/dev/zero"', ", line 4: step 1: data.series /dev/zero is not a file"),
        (BEGIN + "seeds = 4", ", line 4: step 1: seeds cannot be in the first step: begin with one network"),
        (NEXT + "seeds = 5000", ", line 6: step 2: seeds 5000 must be a whole number from 1 to 4,096"),
        (NEXT + 'vary = "lr=1,2"', ", line 6: step 2: vary lr=1,2 must be a list of texts"),
        (NEXT + 'vary = ["lrr=1,2"]', ", line 6: step 2: vary lrr: no such setting; nearest: lr"),
        (NEXT + 'vary = ["hidden=2,5"]', ", line 6: step 2: vary hidden=2: does not fit a direct head: "),
        (NEXT + 'seeds = 2\nuntil = "learnt"', ", line 7: step 2: until learnt has no use: many networks go on to "),
        (NEXT + 'zoom = "map"', ", line 6: step 2: zoom map is no pane for it: "),
        ("title = ", ", line 1: is not TOML: "),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, content: str, expected: str) -> None:
    said = problem(tmp_path, content)
    assert said.startswith(expected)
    assert "\n" not in said


def test_too_many_steps(tmp_path: Path) -> None:
    said = problem(tmp_path, 'title = "T"\n' + '[[step]]\nsay = "s"\n' * 101)
    assert said == ", line 2: step there are 101 of them, and at most 100 are read"


@IN_ONE_FOLDER
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary())
def test_any_content_is_refused_in_one_line(tmp_path: Path, content: str | bytes) -> None:
    read_or_refused(tmp_path, content)


NAMES = """
    say then lesson gap seeds vary until speed open zoom time row layer unit press step title data network odd "\\u001b"
    network.cell network.hidden_size network.bidirectional data.inputs data.targets data.text data.holdout data.task
    training.lr training.learn training.epochs run.speed
"""
WORDS = """
    1 -1 0 nan inf 1e999 true "max" "ab" ["ab"] [[1]] [] {} {lr=0} "" 1979-05-27 "\\u001b" "hello" "remember" "learnt"
    "tick=3" ["gates"] ["n*3","]"] "gates" "loss" ["lr=1,2"] ["cell"] "one-to-many" "nowhere.txt" "builtin:sums"
    "sine" ["ab","cd"]
"""
KEYS = st.sampled_from(NAMES.split())
VALUES = st.sampled_from([*WORDS.split(), "9" * 400, "9" * 5000])


@IN_ONE_FOLDER
@given(st.lists(st.lists(st.tuples(KEYS, VALUES), max_size=5), max_size=3))
def test_any_keys_and_values_are_a_tour_or_one_line(tmp_path: Path, steps: list[list[tuple[str, str]]]) -> None:
    lines = ['title = "T"']
    for each in steps:
        lines += ["[[step]]", 'say = "s"', *(f"{key} = {value}" for key, value in dict(each).items())]
    read_or_refused(tmp_path, "\n".join(lines))


def read_or_refused(folder: Path, content: str | bytes) -> None:
    """Either a tour comes out, or one line."""
    said = ""
    try:
        steps = read(folder, content).steps
    except FileError as error:
        said = str(error).removeprefix(str(folder))
    else:
        assert steps[0].begins
        assert all(step.say for step in steps)
    assert "\n" not in said
