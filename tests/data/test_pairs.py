"""Pairs: what a file says, how they are laid out in time, and which of them a pass reads."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.cli.main import main
from rnn_tui.data.batches import PairBatches
from rnn_tui.data.pairs import NONE, Pairs, pairs_of, read_pairs
from rnn_tui.experiment.spec import Data, ExperimentError, Task
from rnn_tui.experiment.task_layout import laid_out
from rnn_tui.experiment.validate import from_dict
from tests.examples import examples

WORDS = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=6), st.text("xyz", min_size=1, max_size=6)), min_size=1, max_size=8
)


def of_file(folder: Path, text: str | bytes, **data: Any) -> Pairs:
    path = folder / "pairs.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_pairs(Data(inputs=(), pairs=str(path), **data))


def words(pairs: Pairs) -> list[tuple[str, str]]:
    """Return what is read and said in each row, step by step; · where nothing is."""
    inputs, targets = pairs.batch(np.arange(len(pairs)), pairs.longest)
    letters = [*pairs.vocabulary, "·"]
    return [
        ("".join(letters[index] for index in read), "".join(letters[index] for index in said))
        for read, said in zip(inputs.T, targets.T, strict=True)
    ]


def test_the_three_kinds_in_time(tmp_path: Path) -> None:
    assert words(of_file(tmp_path, "ab\tba\n\nxyz\tzyx\r\n  \n")) == [("ab·", "ba·"), ("xyz", "zyx")]
    assert words(of_file(tmp_path, "ab\tx\nabc\ty", task="many-to-one")) == [("ab·", "·x·"), ("abc", "··y")]
    spelled = of_file(tmp_path, "7\tab\n12\tabc\n", task="one-to-many")
    assert words(spelled) == [("7ab··", "ab\n··"), ("12abc", "·abc\n")]
    assert spelled.vocabulary == "\n127abc"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (b"ab\tba\rxyz\tzyx\r", "utf-8"),
        ("\ufeffab\tba\r\nxyz\tzyx\r\n".encode(), "utf-8"),
        ("\ufeffab\tba\nxyz\tzyx".encode("utf-16-le"), "utf-16-le"),
        ("ab\tba\nxyz\tzyx\n".encode("utf-16"), "utf-16"),
    ],
)
def test_line_ends_and_byte_order_marks_are_no_characters(tmp_path: Path, text: bytes, encoding: str) -> None:
    pairs = of_file(tmp_path, text, encoding=encoding)
    assert words(pairs) == [("ab·", "ba·"), ("xyz", "zyx")]
    assert pairs.vocabulary == "abxyz"


def test_a_file_of_another_encoding_or_with_another_column_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="0x93 at offset 0 stands for no character; --encoding"):
        of_file(tmp_path, "“a”\tb\n".encode("cp1252"), task="one-to-many")
    assert of_file(tmp_path, "“a”\tb\n".encode("cp1252"), encoding="cp1252", task="one-to-many").vocabulary == "\nab“”"
    with pytest.raises(ExperimentError, match="line 2 has 2 tabs"):
        of_file(tmp_path, "ab\tba\nab\tba\tsource\n")


@given(WORDS, st.data())
@settings(max_examples=examples(50))
def test_every_row_is_its_pair_and_then_padding(found: list[tuple[str, str]], data: st.DataObject) -> None:
    """Of any task, in batches of any pairs in any order."""
    task: Task = data.draw(st.sampled_from(["many-to-many", "one-to-many", "many-to-one"]))
    if task == "many-to-many":
        found = [(source, (target * 6)[: len(source)]) for source, target in found]
    elif task == "many-to-one":
        found = [(source, target[0]) for source, target in found]
    pairs = pairs_of(Data(task=task), *map(list, zip(*found, strict=True)))
    chosen = data.draw(st.lists(st.integers(0, len(found) - 1), min_size=1, max_size=5))
    length = pairs.longest + data.draw(st.integers(0, 2))
    inputs, targets = pairs.batch(np.array(chosen), length)
    assert inputs.shape == targets.shape == (length, len(chosen))
    for row, number in enumerate(chosen):
        reads, begin, says = laid_out(task, *found[number])
        assert [pairs.vocabulary[index] for index in inputs[: len(reads), row]] == list(reads)
        assert (inputs[len(reads) :, row] == NONE).all()
        assert [pairs.vocabulary[index] for index in targets[begin : begin + len(says), row]] == list(says)
        assert (np.delete(targets[:, row], np.s_[begin : begin + len(says)]) == NONE).all()
    assert set(pairs.vocabulary) == {each for pair in found for part in laid_out(task, *pair) if isinstance(part, str)
                                     for each in part}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "data", "path", "problem"),
    [
        ("", {}, "data.pairs", "is empty"),
        ("\n \n", {}, "data.pairs", "blank lines only"),
        ("ab\tba\nab ba\n", {}, "data.pairs", "line 2 has no tab"),
        ("ab\tb\ta\n", {}, "data.pairs", "line 1 has 2 tabs"),
        ("\n\nab\t\n", {}, "data.pairs", "line 3 has no target"),
        ("\tab\n", {}, "data.pairs", "line 1 has no input"),
        ("a\tb\nab\tbac\n", {}, "data.pairs", "line 2 has 2 characters to read and 3 characters to predict"),
        ("ab\tab\n", {"task": "many-to-one"}, "data.pairs", "line 1 has 2 characters to predict"),
        (b"a\tb\nab\t\xff\xff\n", {}, "data.pairs", "at offset 7"),
        ("a\tb\n", {"encoding": "nonsense"}, "data.encoding", "not an encoding"),
        ("a\tb\n", {"vocabulary": "ac"}, "data.vocabulary", "lacks 'b'"),
        ("a\tb\n", {"vocabulary": "ab", "task": "one-to-many"}, "data.vocabulary", "line feed"),
    ],
)
def test_what_is_no_file_of_pairs(
    tmp_path: Path, text: str | bytes, data: dict[str, Any], path: str, problem: str
) -> None:
    with pytest.raises(ExperimentError, match=problem) as error:
        of_file(tmp_path, text, **data)
    assert error.value.path == path


def test_no_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="no such file") as error:
        read_pairs(Data(inputs=(), pairs=str(tmp_path / "nothing")))
    assert error.value.path == "data.pairs"


def test_other_encodings(tmp_path: Path) -> None:
    assert words(of_file(tmp_path, "é\tü\n".encode("latin-1"), encoding="latin-1")) == [("é", "ü")]
    assert words(of_file(tmp_path, "é\tü\n".encode("utf-8-sig"))) == [("é", "ü")]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"data": {"pairs": "p", "inputs": ["a"]}}, "data.pairs"),
        ({"data": {"pairs": "p", "targets": ["a"]}}, "data.pairs"),
        ({"data": {"pairs": "p", "text": "t"}}, "data.pairs"),
        ({"data": {"pairs": "p", "stateful": True}}, "data.stateful"),
        ({"data": {"pairs": "p"}, "training": {"learn": False}}, "data.pairs"),
        ({"data": {"text": "t", "task": "many-to-one"}}, "data.task"),
        ({"data": {"text": "t", "batch": 0}}, "data.batch"),
        ({"data": {"inputs": ["ab"], "task": "many-to-one"}}, "data.targets"),
        ({"data": {"inputs": ["ab"], "targets": ["ab"], "task": "many-to-one"}}, "data.targets"),
        ({"data": {"inputs": ["ab"], "targets": [""], "task": "one-to-many"}}, "data.targets"),
        ({"data": {"inputs": ["ab"], "task": "one-to-many"}, "training": {"learn": False}}, "data.task"),
    ],
)
def test_unsound_experiments(values: dict[str, Any], path: str) -> None:
    with pytest.raises(ExperimentError) as error:
        from_dict(values)
    assert error.value.path == path


def test_sizes_stand_for_those_of_the_pairs() -> None:
    data = from_dict({"data": {"pairs": "p"}, "network": {"head": "linear"}}).data
    assert (data.inputs, data.batch, data.length) == ((), 0, 0)


@given(st.integers(1, 60), st.floats(0, 0.9), st.integers(0, 20), st.integers(0, 5))
def test_each_pair_is_learnt_once_an_epoch_and_never_if_it_is_held_out(
    count: int, share: float, batch: int, seed: int
) -> None:
    try:
        plan = PairBatches(count, Data(pairs="p", batch=batch, holdout=share))
    except ExperimentError:
        assert batch > count - int(count * share) or (share and int(count * share) == 0)
        return
    assert plan.learnt == count - int(count * share)
    for epoch in range(3):
        passes = range(epoch * plan.count + 1, (epoch + 1) * plan.count + 1)
        read = np.concatenate([plan.chosen(number, seed) for number in passes])
        assert len(read) == len(set(read.tolist())) == plan.count * plan.rows
        assert plan.learnt - plan.rows < len(read) <= plan.learnt
        assert not len(read) or read.max() < plan.learnt
    judged = [place for each in plan.held_out_parts() for place in each.tolist()]
    assert judged == list(range(plan.learnt, count))


def test_batches_are_shuffled_by_seed_and_epoch() -> None:
    plan = PairBatches(100, Data(pairs="p", batch=10))
    one, other, later = plan.chosen(1, 0), plan.chosen(1, 1), plan.chosen(11, 0)
    assert set(one) != set(other)
    assert set(one) != set(later)
    assert (plan.chosen(1, 0) == one).all()


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("ab ba\n", (), "line 1 has no tab"),
        ("ab\tba\n", ("--batch", "2"), "--batch 2: pairs a pass are too many: the file has 1 of them"),
        ("ab\tba\n", ("--holdout", "0.5"), "--holdout 0.5: of 1 pairs leaves none to evaluate"),
        ("ab\tba\n", ("--length", "1"), "--length 1: is too short"),
        (
            "good day\tpos\nbad\tneg\n",
            (),
            "line 1 has 8 characters to read and 3 characters to predict: many-to-many needs "
            "equally many; --task one-to-many gives an answer of any length",
        ),
        ("abc\tx\n", (), "many-to-many needs equally many; --task many-to-one reads an input of any length"),
        ("abc\txy\n", ("--task", "many-to-one"), "many-to-one needs one; --task one-to-many gives an answer of any"),
        ("ab\tba\na\tb\n", ("--batch", "1", "--until", "learnt"), "another batch"),
        ("ab\tba\n", ("--text", "x"), "cannot be combined with"),
    ],
)
def test_refused_in_one_line(tmp_path: Path, text: str, more: tuple[str, ...], said: str) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    result = CliRunner().invoke(main, ["train", "--pairs", str(path), *more])
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--input", "abc", "--target", "xy"), "they must be equally long; --task one-to-many"),
        (("--input", "abc", "--target", "x"), "they must be equally long; --task many-to-one"),
        (("--input", "ab", "--input", "a", "--target", "ab", "--target", "a"), "rows with --task many-to-one"),
        (("--input", "ab", "--target", "xy", "--task", "many-to-one"), "needs one; --task one-to-many"),
    ],
)
def test_rows_of_other_lengths_name_the_task_that_takes_them(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["train", "--no-save", *arguments])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr


def test_pairs_of_other_lengths_may_be_read_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "rev.tsv"
    path.write_text("abc\tcba\nde\ted\nfghij\tjihgf\nk\tk\n")
    more = ("--bidirectional", "--head", "linear", "--tick", "sequence", "--epochs", "2", "--no-save")
    result = CliRunner().invoke(main, ["train", "--pairs", str(path), *more])
    assert (result.exit_code, result.stderr) == (0, "")
