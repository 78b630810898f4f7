"""The lessons on pairs and on what lies on this machine: learnt, and the same every time."""

import hashlib
import importlib.util
from pathlib import Path

import pytest
from msgspec.structs import replace

from rnn_tui.data.made_up.arithmetic import sums
from rnn_tui.data.made_up.python_source import python_source
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import PairsDataset
from rnn_tui.engine.training.prediction import predicted_text, right_rows
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError, RunOptions


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", ["spell", "read"])
@pytest.mark.parametrize("seed", range(10))
def test_every_seed_learns_the_ten_words(name: str, seed: int) -> None:
    """Within half of the epochs, and still knows them at the end."""
    lesson = LESSONS[name]
    session = Session(
        replace(lesson, training=replace(lesson.training, seed=seed), run=RunOptions(device="cpu")), history=0
    )
    while session.tick():
        pass
    assert session.learnt is not None
    assert session.learnt <= 50
    assert right_rows(session.trainer) == 10
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert predicted_text(session.trainer) == (
        " ".join(f"{word}\n" for word in words) if name == "spell" else "0 1 2 3 4 5 6 7 8 9"
    )


def test_sums_are_right_and_all_there() -> None:
    inputs, targets = sums(3)
    assert sorted(inputs) == sorted(f"{a}+{b}=" for a in range(100) for b in range(100))
    for source, said in zip(inputs, targets, strict=True):
        assert sum(map(int, source.removesuffix("=").split("+"))) == int(said)
    assert sums(3) == (inputs, targets)
    assert sums(4) != (inputs, targets)


def test_sums_that_are_held_out_are_never_read_in_either_order() -> None:
    """Over more than an epoch."""
    lesson = LESSONS["sums"]
    session = Session(
        replace(lesson, run=RunOptions(device="cpu"), network=replace(lesson.network, hidden_size=2)), history=0
    )
    task = session.trainer.dataset
    assert isinstance(task, PairsDataset)
    seen = set()
    for _ in range(task.batches + 20):
        session.tick()
        seen |= {row.partition("=")[0] for row in task.text(task.inputs).split(" ")}
    inputs, _ = sums(lesson.training.seed)
    kept = [source.removesuffix("=") for source in inputs[9000:]]
    assert len(seen) > 8900
    assert not seen & set(kept)
    assert not seen & {"+".join(each.split("+")[::-1]) for each in kept}


def test_sums_are_one_to_many() -> None:
    lesson = LESSONS["sums"]
    with pytest.raises(ExperimentError, match="one-to-many") as error:
        Session(replace(lesson, data=replace(lesson.data, task="many-to-many")))
    assert error.value.path == "data.task"


def test_python_source_is_what_lies_on_this_machine() -> None:
    """About 1 MB, in one order, and told by its hash."""
    text = python_source()
    assert 500_000 < len(text) < 2_000_000
    places = []
    for name in ("argparse", "heapq", "typing", "warnings"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        places.append(text.index(Path(spec.origin).read_text(encoding="utf-8")))
    assert places == sorted(places)
    lesson = LESSONS["python-source"]
    small = replace(lesson, network=replace(lesson.network, hidden_size=2, layers=1), run=RunOptions(device="cpu"))
    session = Session(small, history=0)
    session.tick()
    assert hashlib.sha256(text.encode()).hexdigest()[:12] in session.origin
    assert session.experiment.vocabulary == "".join(sorted(set(text)))
    assert len(session.branch.held_out.told(10).curve.x) == 1  # type: ignore[union-attr]


def test_a_python_without_its_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExperimentError, match="no source") as error:
        python_source()
    assert error.value.path == "data.text"
