"""The accuracy at each length, against each pair read alone by torch's own module; and what is printed of it."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.data.load import load
from rnn_tui.engine.headless.length_report import lengths_table
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.accuracy_by_length import AtLength, accuracy_by_length
from rnn_tui.experiment.validate import from_dict

TICKS = {"many-to-one": 6, "one-to-many": 25, "many-to-many": 3}  # some are right then, and some wrong
PAIRS = {
    "many-to-one": [("a", "b"), ("ab", "b"), ("ba", "a"), ("bb", "b"), ("aba", "a"), ("abab", "b"), ("bbbb", "a")],
    "one-to-many": [("a", "b"), ("b", "ab"), ("ab", "b"), ("aab", "bb"), ("bab", "b"), ("abab", "bba"), ("aaaa", "b")],
    "many-to-many": [("a", "b"), ("b", "a"), ("ab", "bb"), ("aab", "bba"), ("bab", "aab"), ("abab", "bbba")],
}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("task", PAIRS)
def test_it_is_that_of_each_pair_read_alone(task: str, bidirectional: bool, tmp_path: Path) -> None:
    pairs = PAIRS[task] * 2
    (tmp_path / "pairs.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    data = {"inputs": [], "pairs": str(tmp_path / "pairs.tsv"), "task": task, "batch": 3, "length": 0, "holdout": 0.25}
    network = {"cell": "gru", "head": "linear", "hidden_size": 6, "bidirectional": bidirectional}
    training = {"tick": "sequence", "reduction": "mean", "seed": 1, "lr": 0.05}
    experiment = from_dict({"data": data, "network": network, "training": training, "run": {"device": "cpu"}})
    session = Session(load(experiment).experiment, history=0)
    for _ in range(TICKS[task]):
        session.tick()
    trainer = session.trainer
    weights = trainer.model.state_dict()
    gru, linear = torch.nn.GRU(len(trainer.dataset.vocabulary), 6, bidirectional=bidirectional), trainer.model.head
    assert isinstance(linear, torch.nn.Linear)
    recurrent = dict(trainer.model.recurrent.named_parameters())
    gru.load_state_dict({name: each.detach() for name, each in recurrent.items()})

    def indices(text: str) -> list[int]:
        return [trainer.dataset.vocabulary.index(each) for each in text]

    learnt, found = len(pairs) - int(0.25 * len(pairs)), defaultdict(list)
    for number, (source, target) in enumerate(pairs):
        read = source + target if task == "one-to-many" else source
        said = target + "\n" if task == "one-to-many" else target
        with torch.no_grad():
            states, _ = gru(torch.eye(len(trainer.dataset.vocabulary))[indices(read)])
            predicted = linear(states).argmax(-1)[-len(said) :].tolist()
        found[len(source), number < learnt].append(predicted == indices(said))
    lengths = sorted({length for length, _ in found})
    expected = []
    for length in lengths:
        counted = found.get((length, False)) or found[length, True]
        right, known = sum(counted), (length, True) in found
        expected.append(AtLength(length=length, right=right, rows=len(counted), learnt=known))
    assert accuracy_by_length(trainer) == expected
    assert any(each.right for each in expected)
    assert any(each.right < each.rows for each in expected)
    assert all(torch.equal(each, weights[name]) for name, each in trainer.model.state_dict().items())
    assert [each.rows for each in accuracy_by_length(trainer, most=1)] == [1] * len(lengths)


def test_neighbours_that_are_all_right_or_all_wrong_share_a_line() -> None:
    rights = [(1, 4, True), (2, 4, True), (3, 3, True), (4, 4, False), (5, 2, False), (6, 0, False), (7, 0, False)]
    found = [AtLength(length=length, right=right, rows=4, learnt=learnt) for length, right, learnt in rights]
    assert lengths_table(found).splitlines() == [
        "accuracy by length of the input:",
        "  1–2  learnt    100%  8 of 8 right",
        "    3  learnt     75%  3 of 4 right",
        "    4  held out  100%  4 of 4 right",
        "    5  held out   50%  2 of 4 right",
        "  6–7  held out    0%  0 of 8 right",
    ]


def test_it_is_printed_last_and_as_json() -> None:
    command = ["train", "count", "--pairs", "builtin:count:2", "--epochs", "3", "--no-save", "--accuracy-by-length"]
    printed = CliRunner().invoke(main, command).stdout
    assert "accuracy by length of the input:\n  1" in printed
    lines = CliRunner().invoke(main, [*command, "--json"]).stdout.splitlines()
    assert "loss" in json.loads(lines[0])
    told = json.loads(lines[-1])["accuracy_by_length"]
    assert [(each["length"], each["learnt"]) for each in told] == [(n, n <= 2) for n in range(1, 9)]


def test_rows_of_one_length_have_none() -> None:
    result = CliRunner().invoke(main, ["train", "hihello", "--accuracy-by-length"])
    assert result.exit_code == 2
    assert result.stderr == (
        "rnn-tui: --accuracy-by-length: needs pairs, or rows of different lengths: --pairs FILE has them\n"
    )
