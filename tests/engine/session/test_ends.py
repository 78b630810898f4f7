"""A run at its end: its last weights are judged too, and nothing of it changes until it is asked to go on."""

import csv
import io
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.engine.headless.progress_lines import Lines
from rnn_tui.engine.headless.train import train
from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import Open, Play, SaveOptions, Step
from rnn_tui.runs.read_checkpoint import read_best, read_experiment, read_manifest
from tests.engine.driven import Driven
from tests.engine.kept_runs import advance, begin, changed, go_on
from tests.engine.text_runs import letters, on_text

pytestmark = pytest.mark.usefixtures("quick_disk")


def headless(experiment: Experiment, folder: Path, *, until: tuple[str, ...] = (), number: int = 0) -> None:
    """Train it to its end; with a signal's `number` that comes after the 47th update."""
    lines = Lines.count

    def count(self: Lines) -> None:
        lines(self)
        counted.append(1)
        if number and len(counted) == 47:
            signal.raise_signal(number)

    counted: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lines, "count", count)
        out, err = io.StringIO(), io.StringIO()
        train(experiment, json=False, every=9, out=out, err=err, until=until, keep=SaveOptions(folder=str(folder)))


def in_a_view(experiment: Experiment, folder: Path, updates: int) -> None:
    driver = Driven()
    obey(driver, Open(experiment=changed(experiment, run={"speed": 0.0}), keep=SaveOptions(folder=str(folder))))
    session = driver.session
    assert session is not None
    while session.trainer.epoch < updates and driver.busy:
        driver.turn()
    while not driver.playing and driver.busy:
        driver.turn()
    driver.close()


ENDS: dict[str, Callable[[Experiment, Path], None]] = {
    "epochs": lambda experiment, folder: headless(changed(experiment, training={"epochs": 3}), folder),
    "until": lambda experiment, folder: headless(experiment, folder, until=("tick=47",)),
    "ctrl+c": lambda experiment, folder: headless(experiment, folder, number=signal.SIGINT),
    "told to end": lambda experiment, folder: headless(experiment, folder, number=signal.SIGTERM),
    "q": lambda experiment, folder: in_a_view(experiment, folder, 53),
    "epochs in a view": lambda experiment, folder: in_a_view(
        changed(experiment, training={"epochs": 3}), folder, 10**6
    ),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("part_is_whole", [True, False])
@pytest.mark.sampled(4)
def test_the_last_weights_are_judged_and_may_be_the_best(end: str, part_is_whole: bool, tmp_path: Path) -> None:
    """Over a text that it learns, so that the last judgement is the best; `held-out.csv` has them all."""
    text = "abcdef\n" * (40 if part_is_whole else 1200)
    experiment = on_text(tmp_path, text, holdout=0.2 if part_is_whole else 0.7, training={"lr": 0.003})
    ENDS[end](experiment, tmp_path / "run")
    manifest, best = read_manifest(tmp_path / "run"), read_best(tmp_path / "run")
    with open(tmp_path / "run" / "held-out.csv") as file:
        rows = list(csv.DictReader(file))
    comparable = [row for row in rows if row["characters"] == rows[0]["characters"]]
    assert (len(comparable) == len(rows)) == (part_is_whole or not end.startswith("epochs"))
    lowest = min(comparable, key=lambda row: float(row["loss"]))
    assert (best.update, best.loss) == (int(lowest["update"]), float(lowest["loss"]))
    assert best.update == manifest.updates == int(rows[-1]["update"]) > 2
    assert [(each.update, each.loss) for each in manifest.held_out] == [
        (int(row["update"]), float(row["loss"])) for row in rows
    ]
    assert best.update % Session(experiment).recording.evaluation.every  # no regular judgement


def test_a_stop_does_not_change_when_it_stops_early(tmp_path: Path) -> None:
    """Check that an evaluation made because the run is left does not count for patience."""
    experiment = on_text(tmp_path, letters(60), training={"patience": 2, "lr": 1.0}, holdout=0.2)
    ends = []
    for stop in range(9):
        session, checkpointer = begin(experiment, tmp_path / f"run-{stop}")
        if stop:
            advance(session, stop, checkpointer)
            checkpointer.close()
            session, checkpointer = go_on(tmp_path / f"run-{stop}")
        while session.tick():
            pass
        ends.append((session.trainer.ticks, session.hold.early))
        checkpointer.close()
    assert len({*ends}) == 1
    assert ends[0][0] == 9
    assert ends[0][1]


def series(folder: Path) -> Experiment:
    (folder / "series.csv").write_text("x\n" + "\n".join(str(each % 7) for each in range(60)) + "\n")
    return from_dict(
        {
            "data": {"series": str(folder / "series.csv"), "batch": 2, "length": 5, "holdout": 0.2},
            "network": {"cell": "gru", "hidden_size": 4, "head": "linear"},
            "training": {"tick": "sequence", "reduction": "mean", "epochs": 2},
        }
    )


def pairs(folder: Path) -> Experiment:
    (folder / "pairs.tsv").write_text("".join(f"{each}\t{each[::-1]}\n" for each in ("ab", "bca", "c", "abc", "cb")))
    return from_dict(
        {
            "data": {"pairs": str(folder / "pairs.tsv"), "batch": 2, "task": "one-to-many"},
            "network": {"cell": "gru", "hidden_size": 4, "head": "linear", "embedding": 3},
            "training": {"tick": "sequence", "reduction": "mean", "epochs": 3},
        }
    )


def unsteady(**training: object) -> Experiment:
    values = {"seed": 4, "optimizer": "sgd", "lr": 2.0, "tick": "sequence", "epochs": 90, **training}
    return from_dict({"data": {"inputs": ["hihello"]}, "training": values})


def exploding(tick: str) -> Experiment:
    return from_dict(
        {
            "data": {"inputs": ["abc" * 5]},
            "network": {"cell": "rnn-relu", "head": "linear"},
            "training": {"optimizer": "sgd", "lr": 1e6, "tick": tick},
        }
    )


RUNS: dict[str, Callable[[Path], Experiment]] = {
    "character": lambda _: changed(LESSONS["hihello"], training={"epochs": 4}),
    "sequence": lambda _: changed(LESSONS["hihello-sequence"], training={"epochs": 4}),
    "text": lambda folder: on_text(folder, letters(60), holdout=0.2, training={"epochs": 2}),
    "pairs": pairs,
    "series": series,
    "early": lambda _: unsteady(patience=3),
    "lost": lambda _: exploding("sequence"),
    "lost by character": lambda _: exploding("character"),
}


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()}


@pytest.fixture(params=RUNS)
def ended(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    session, checkpointer = begin(RUNS[request.param](tmp_path), tmp_path / "run")
    while session.tick():
        checkpointer.ticked()
    session.recording.evaluate()
    checkpointer.close()
    return tmp_path / "run"


def opened(folder: Path) -> Driven:
    driver = Driven()
    experiment = changed(read_experiment(folder), run={"speed": 0.0})
    obey(driver, Open(experiment=experiment, play=True, keep=SaveOptions(folder=str(folder), resume=True)))
    return driver


def test_it_opens_at_its_end_and_nothing_changes(ended: Path) -> None:
    before = files(ended)
    driver = opened(ended)
    assert not driver.playing
    for _ in range(3):
        driver.turn()
    status = driver.frames.whereabouts(views=1).status
    assert status is not None
    assert (status.tick, status.state == "playing") == (read_manifest(ended).tick, False)
    assert "Space plays on" in status.notice or "The loss turned" in status.notice
    driver.keep()
    driver.close()
    assert files(ended) == before


def test_it_goes_on_when_that_is_asked_for(ended: Path) -> None:
    tick = read_manifest(ended).tick
    for command in (Play(on=True), Step(unit="tick")):
        driver = opened(ended)
        obey(driver, command)
        driver.turn()
        assert driver.session is not None
        assert driver.session.trainer.ticks == tick + 1
        driver._folder.abandon()


def test_train_resume_of_it_changes_nothing_but_after_an_early_stop(ended: Path) -> None:
    before, experiment = files(ended), read_experiment(ended)
    out, err = io.StringIO(), io.StringIO()
    code = train(experiment, json=False, every=1, out=out, err=err, keep=SaveOptions(folder=str(ended), resume=True))
    if experiment.training.patience:
        assert "no better loss" in out.getvalue()
        assert read_manifest(ended).epoch > experiment.training.patience
        assert files(ended) != before  # README: it goes on, as patient as at first
        return
    assert files(ended) == before
    lost = "The loss turned" in err.getvalue()
    assert lost or "this run is done" in err.getvalue()
    assert code == (1 if lost else 0)


def test_a_tick_that_lies_ahead_is_reached(tmp_path: Path) -> None:
    session, checkpointer = begin(RUNS["character"](tmp_path), tmp_path / "run")
    while session.tick():
        pass
    checkpointer.close()
    experiment, keep = read_experiment(tmp_path / "run"), SaveOptions(folder=str(tmp_path / "run"), resume=True)
    train(experiment, json=False, every=1, out=io.StringIO(), err=io.StringIO(), until=("tick=40",), keep=keep)
    assert read_manifest(tmp_path / "run").tick == 40
