"""What is made up from the seed, against checkers of its grammar that are written here once more."""

import ast
import math
import re
from collections import Counter

import numpy as np
import pytest

from rnn_tui.data.made_up.copying import copying
from rnn_tui.data.made_up.counting import three, two
from rnn_tui.data.made_up.grammars import brackets, reber
from rnn_tui.data.made_up.regular import modular, parity
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.scored_steps import first_scored
from rnn_tui.experiment.validate import from_dict, to_dict

_NEXT = {  # of each node of Reber's grammar, as Cleeremans et al. draw it
    0: {"B": 1}, 1: {"T": 2, "P": 3}, 2: {"S": 2, "X": 4}, 3: {"T": 3, "V": 5},
    4: {"X": 3, "S": 6}, 5: {"P": 4, "V": 6}, 6: {"E": -1},
}  # fmt: skip


def test_rows_to_copy_come_back_after_the_wait() -> None:
    for wait in (1, 10, 30):
        inputs, targets = copying(5, wait)
        assert len(inputs) == len(targets) == 5_000
        for source, target in zip(inputs, targets, strict=True):
            assert re.fullmatch(rf"[a-h]{{10}}\.{{{wait - 1}}}\?\.{{10}}", source)
            assert target == "." * (10 + wait) + source[:10]
    counts = Counter("".join(row[:10] for row in inputs))
    assert all(abs(count - 6_250) < 400 for count in counts.values())  # eight symbols, equally often


@pytest.mark.parametrize("wait", [1, 10, 30])
def test_of_copy_the_symbols_alone_are_scored_and_the_guess_is_the_papers_baseline(wait: int) -> None:
    values = to_dict(LESSONS["copy"])
    values["data"]["pairs"] = f"builtin:copy:{wait}"
    values["network"]["hidden_size"] = 4
    session = Session(from_dict(values), history=0)
    assert first_scored(session.experiment.data) == 10 + wait
    assert guessing(session.trainer) == pytest.approx(10 * math.log(8) / (wait + 20), rel=1e-3)
    scored = session.dataset.scored
    assert scored is not None
    assert (scored >= 0).sum(0).tolist() == [10] * scored.shape[1]


@pytest.mark.parametrize("longest", [1, 7, 10])
def test_parity_is_that_of_the_ones_and_the_longer_rows_come_last(longest: int) -> None:
    inputs, targets = parity(2, longest)
    assert targets == [str(row.count("1") % 2) for row in inputs]
    lengths = [*map(len, inputs)]
    assert set(lengths[:4_000]) == set(range(1, longest + 1))
    assert lengths[4_000:] == sorted(lengths[4_000:])
    assert set(lengths[4_000:]) == set(range(longest + 1, 4 * longest + 1))


def value(row: str) -> int:
    """What Python makes of it, without running anything but + - *."""
    tree = ast.parse(row, mode="eval")
    assert all(isinstance(each, (ast.Expression, ast.BinOp, ast.Constant, ast.operator)) for each in ast.walk(tree))
    return int(eval(compile(tree, "", "eval"))) % 5


@pytest.mark.parametrize("longest", [1, 6])
def test_values_are_pythons(longest: int) -> None:
    inputs, targets = modular(3, longest)
    assert targets == [str(value(row)) for row in inputs]
    numbers = [len(row) // 2 + 1 for row in inputs]
    assert max(numbers[:4_000]) == longest
    assert (min(numbers[4_000:]), max(numbers[4_000:])) == (longest + 1, 4 * longest)
    assert all(re.fullmatch(r"[0-4]([-+*][0-4])*", row) for row in inputs)


def test_as_many_are_counted() -> None:
    numbers = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, *range(11, 41)]
    assert two(0, 10) == (["a" * n for n in numbers], ["b" * n for n in numbers])
    assert three(9, 2)[1] == ["bbcc", "bc", "bbbccc", "bbbbcccc", "bbbbbccccc"] + ["b" * n + "c" * n for n in (6, 7, 8)]


def strings(text: str) -> list[tuple[str, list[int]]]:
    """Take embedded strings off a text, letter by letter; with each, the node of the inner grammar at each letter."""
    found, at = [], 0
    while at < len(text):
        begins = at
        assert text[at] == "B"
        outer, nodes, node = text[at + 1], [], 0
        assert outer in "TP"
        at += 2
        while node >= 0:
            node = _NEXT[node][text[at]]
            nodes.append(node)
            at += 1
        assert text[at : at + 2] == outer + "E"
        at += 2
        found.append((text[begins:at], nodes))
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_every_string_is_one_of_rebers_embedded_grammar(seed: int) -> None:
    found = strings(reber(seed))
    assert len(found) == 2_000
    assert abs(sum(string[1] == "T" for string, _ in found) - 1_000) < 120
    visited = Counter(node for _, nodes in found for node in nodes)
    assert set(visited) == {1, 2, 3, 4, 5, 6, -1}
    chosen = Counter(string[3] for string, _ in found)  # the first choice of the inner grammar
    assert abs(chosen["T"] - chosen["P"]) < 200


@pytest.mark.parametrize("deepest", [1, 3, 8])
def test_brackets_are_nested_and_close_the_likelier_the_deeper(deepest: int) -> None:
    text = brackets(4, deepest)
    steps = np.array([1 if each == "(" else -1 for each in text])
    depth = np.concatenate([[0], steps.cumsum()])
    assert depth[-1] == 0
    assert depth.min() == 0
    assert depth.max() == deepest
    assert 30_000 <= len(text) < 31_000
    for at in range(deepest + 1):
        there = steps[depth[:-1] == at]
        if len(there) > 400:
            assert (there < 0).mean() == pytest.approx(at / deepest, abs=0.07)
