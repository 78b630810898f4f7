"""Experiments as TOML files: what is written is read again, and what is wrong is told with its line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.toml_file import FileError, read, write
from rnn_tui.experiment.validate import from_dict, to_dict

IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def problem(folder: Path, content: str | bytes) -> str:
    """Return what is said about a file of this content, without the name of the file."""
    file = folder / "experiment.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError) as caught:
        read(file)
    text = str(caught.value)
    assert text.startswith(str(file))
    assert caught.value.line is None or f", line {caught.value.line}: " in text
    return text.removeprefix(str(file))


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_comes_back(lesson: Experiment, tmp_path: Path) -> None:
    file = tmp_path / "lesson.toml"
    file.write_text(write(lesson))
    assert read(file) == lesson


def test_every_field_is_explained() -> None:
    text = write(LESSONS["hihello-long"])
    for each in SETTINGS:
        assert f"# {each.about}" in text
    assert 'speed = "max" #' in text


ODD = st.text(st.characters(exclude_categories=["Cs"]))


@IN_ONE_FOLDER
@given(
    name=ODD,
    about=ODD,
    rows=st.lists(ODD.filter(lambda row: len(row) > 1), min_size=1, max_size=3),
    lr=st.floats(0, 1e6, exclude_min=True),
    speed=st.floats(0, 1e9),
    seed=st.integers(0, 2**63 - 1),
)
def test_odd_texts_and_numbers_come_back(
    tmp_path: Path, name: str, about: str, rows: list[str], lr: float, speed: float, seed: int
) -> None:
    width = min(map(len, rows))
    experiment = from_dict(
        {
            "name": name,
            "about": about,
            "data": {"inputs": [row[:width] for row in rows]},
            "network": {"head": "linear"},
            "training": {"lr": lr, "seed": seed},
            "run": {"speed": speed},
        }
    )
    text = write(experiment)
    assert all(character.isprintable() or character == "\n" for character in text)
    file = tmp_path / "odd.toml"
    file.write_text(text, encoding="utf-8")
    assert read(file) == experiment


@IN_ONE_FOLDER
@given(ODD | st.binary())
def test_any_content_is_an_experiment_or_one_line(tmp_path: Path, content: str | bytes) -> None:
    read_or_refused(tmp_path, content if isinstance(content, bytes) else content.encode())


KEYS = st.sampled_from(
    [
        "name",
        "data",
        "run",
        "network",
        "inputs",
        "layers",
        "lr",
        "speed",
        "odd",
        "a.b",
        '"\\u001b"',
    ]
)
VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "nan",
        "1e999",
        "true",
        '"max"',
        '"ab"',
        '["ab"]',
        "[[1]]",
        "{}",
        "{ lr = 0 }",
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00Z",
        "9" * 400,
        "9" * 5000,
        '"\\u001b"',
    ]
)


@IN_ONE_FOLDER
@given(st.lists(st.tuples(KEYS, VALUES).map(" = ".join) | KEYS.map("[{}]".format), max_size=6))
def test_any_toml_is_an_experiment_or_one_line(tmp_path: Path, lines: list[str]) -> None:
    read_or_refused(tmp_path, "\n".join(lines).encode())


def read_or_refused(folder: Path, content: bytes) -> None:
    file = folder / "any.toml"
    file.write_bytes(content)
    try:
        found = read(file)
    except FileError as error:
        said = str(error)
    else:
        said = f"{file}: {found.name}"
    assert said.startswith(str(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[network]\n\nlayers = \n", ", line 3: is not TOML: Invalid value"),
        ("[network\n", ", line 1: is not TOML: "),
        ('name = "', ", line 1: is not TOML: "),
        ("[network]\n\nhiden = 3", ", line 3: network.hiden is not a key of [network]; nearest: hidden_size"),
        ("[netwrok]\nlayers = 1\n", ", line 1: netwrok is not a key of the file; nearest: network"),
        ("[run]\n[network]\nlayers = 0\n", ", line 3: network.layers 0 is too small: it must be at least 1"),
        ("[training]\nlr = nan\n", ", line 2: training.lr nan is not a finite number"),
        ("[training]\nseed = " + "9" * 400, " is too large: it must be at most 9,223,372,036,854,775,807"),
        ("training.seed = " + "9" * 5000, ": holds a number of thousands of digits"),
        ('[network]\nlayers = 1\n"cell" = "foo"', ", line 3: network.cell 'foo' does not fit: it must be rnn, "),
        ('run.device = "gpu"', ", line 1: run.device 'gpu' is not a device: it must be auto, "),
        ("network = {\n}", ", line 1: is not TOML: "),
        ("network = { hidden_size = 3 }", ", line 1: network.hidden_size 3 does not fit a direct head"),
        ("network = 3", ", line 1: network 3 does not fit: it must be a table"),
        ("[network]\nlayers = true", ", line 2: network.layers true does not fit: it must be a whole number"),
        ('[data]\n# text\ninputs = "hi"', ", line 3: data.inputs 'hi' does not fit: it must be a list of texts"),
        ('[data]\ninputs = [\n"a",\n]', ", line 2: data.inputs 'a' has no next character to learn"),
        ('[data]\ninputs = ["abc", "ab"]', ", line 2: data.inputs has rows of 2 and 3 characters"),
        (b"[data]\n\xff", ", line 2: is not UTF-8; a TOML file must be"),
        ("#" * (2**20 + 1), ": is larger than 1 MiB"),
        ("a = " + "[" * 100_000, ": is nested too deeply for an experiment"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_has_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in problem(tmp_path, content)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "none", "there is no such file"),
        (tmp_path / "\0", "cannot be read"),
        (tmp_path / ("a" * 300), "cannot be read"),
        (Path("/dev/zero"), "cannot be read: it is a device, not a regular file"),
    ):
        with pytest.raises(ExperimentError, match=said):
            read(path)


@pytest.mark.parametrize("speed", ["0", "0.0", '"max"'])
def test_full_speed_has_a_word(tmp_path: Path, speed: str) -> None:
    file = tmp_path / "fast.toml"
    file.write_text(f'\ufeff[data]\ninputs = ["hi"]\n[network]\nhidden_size = 2\n[run]\nspeed = {speed}\n')
    assert read(file).run.speed == 0


@given(st.sampled_from(SETTINGS), st.integers() | st.floats() | st.booleans() | st.text() | st.lists(st.text()))
def test_any_value_in_any_field_is_sound_or_names_its_field(each: Any, value: object) -> None:
    values = to_dict(LESSONS["hihello"])
    values[each.section][each.name] = value
    try:
        written = write(from_dict(values))
    except ExperimentError as error:
        named = error.path
    else:
        named = each.path
        assert written.splitlines()[1] == 'name = "hihello"'  # after who wrote it
    assert named in {field.path for field in SETTINGS}
