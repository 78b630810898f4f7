"""A table [vary] in a file: what varies, read as on the command line, and refused with its line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.comparison_file import read_comparison
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.toml_file import FileError, read, write
from rnn_tui.experiment.vary import parse_varied

BASE = write(LESSONS["hihello-sequence"])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("comparisons") / "mine.toml"


def test_what_varies_is_read_as_on_the_command_line(file: Path) -> None:
    file.write_text(
        f'{BASE}\n[vary]\nlr = "0.001..1:4"\nseeds = 8\ncell = ["rnn", "gru"]\nbidirectional = [false, true]\n'
        'hidden = 5\ntraining.clip = [0, 1.5]\n"weight-decay" = "0"\n'
    )
    found = read_comparison(str(file))
    assert found.base == LESSONS["hihello-sequence"]
    assert found.seeds == 8
    texts = "lr=0.001..1:4", "cell=rnn,gru", "bidirectional=no,yes", "hidden=5", "clip=0,1.5", "weight-decay=0"
    assert found.varied == tuple(map(parse_varied, texts))


def test_an_experiment_alone_is_a_comparison_in_which_nothing_varies_yet(file: Path) -> None:
    file.write_text(BASE)
    found = read_comparison(str(file))
    assert (found.base, found.varied, found.seeds) == (LESSONS["hihello-sequence"], (), None)


def test_a_plain_experiment_has_no_such_table(file: Path) -> None:
    file.write_text(f"{BASE}\n[vary]\nlr = 1\n")
    line = file.read_text().split("\n").index("[vary]") + 1
    with pytest.raises(FileError) as caught:
        read(file)
    problem = "vary describes a comparison: open it with `rnn-tui compare --experiment`"
    assert str(caught.value) == f"{file}, line {line}: {problem}"


REFUSED = {
    "lr = '1..0.1:3'": "line 2: lr=1..0.1:3: is upside down: it must be lr=0.1..1:3",
    "lrr = 1": "line 2: lrr: no such setting; nearest: lr",
    "device = 'cpu'": "line 2: device=cpu: device cannot vary: it decides where and how fast they run, and no number",
    "lr = []": "line 2: vary.lr must be a text, a number, or a list of them",
    "lr = [[1]]": "line 2: vary.lr must be a text, a number, or a list of them",
    "lr = 1979-05-27": "line 2: vary.lr must be a text, a number, or a list of them",
    "seeds = 0": "line 2: vary.seeds must be a whole number, 1 or more",
    "seeds = true": "line 2: vary.seeds must be a whole number, 1 or more",
    "training.lr = -1": "line 2: training.lr=-1: -1 is too small: it must be above 0",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_vary_is_refused_with_its_line(file: Path, text: str) -> None:
    file.write_text(f"[vary]\n{text}\n")
    with pytest.raises(FileError) as caught:
        read_comparison(str(file))
    assert str(caught.value) == f"{file}, {REFUSED[text]}"


def test_a_table_it_must_be(file: Path) -> None:
    file.write_text("vary = 3\n")
    with pytest.raises(FileError, match="line 1: vary must be a table"):
        read_comparison(str(file))


@given(
    st.dictionaries(st.sampled_from(["lr", "cell", "seeds", "a b", "training", "ü"]), st.text(max_size=12), max_size=3)
)
def test_any_table_is_read_or_refused(file: Path, table: dict[str, str]) -> None:
    file.write_text("[vary]\n" + "".join(f"{json.dumps(name)} = {json.dumps(text)}\n" for name, text in table.items()))
    try:
        found = read_comparison(str(file))
    except FileError as error:
        assert str(error).startswith(str(file)), error  # noqa: PT017
        return
    assert len(found.varied) == len(table) - ("seeds" in table)
