"""Learning a text: the numbers of a plain loop over the same batches, the way back, and what is carried over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.data.text import corpus_of
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.training import branches as timeline
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.command_line import command_line
from rnn_tui.experiment.spec import Experiment, ExperimentError
from tests.engine.text_runs import Notebook, letters, on_text
from tests.engine.training.test_branches import bits, equal, session_of

TEXT = letters(200)


def batch_of(session: Session, indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, T+1) what the pass under way reads, from its places in the text alone."""
    task = session.trainer.dataset
    assert isinstance(task, TextDataset)
    starts = task.plan.starts(session.trainer.epoch, session.experiment.training.seed)
    return np.stack([indices[start : start + task.length + 1] for start in starts])


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize(
    ("cell", "embedding", "layers"), [("lstm", 4, 1), ("lstm", 0, 2), ("gru", 4, 1), ("rnn", 0, 1)]
)
def test_losses_are_those_of_a_plain_loop(
    tmp_path: Path, cell: str, embedding: int, layers: int, stateful: bool
) -> None:
    """Over several epochs, to float precision: batches, states that go on, and an end to them with every epoch."""
    network = {"cell": cell, "embedding": embedding, "layers": layers}
    session = Session(on_text(tmp_path, TEXT, network=network, stateful=stateful, holdout=0.2))
    vocabulary = "".join(sorted(set(TEXT)))
    assert session.experiment.vocabulary == vocabulary
    indices = np.array([vocabulary.index(character) for character in TEXT])
    notebook = Notebook(session.experiment, len(vocabulary))
    batches = session.trainer.dataset.batches
    assert batches == 10
    for update in range(3 * batches):
        session.tick()
        if update % batches == 0:
            notebook.state = None
        loss = notebook.learn(batch_of(session, indices), stateful=stateful)
        assert session.losses.last() == pytest.approx(loss, rel=2e-5)
    ours = session.trainer.model.parameters()
    session.trainer.finish_update()
    for one, other in zip(ours, notebook.parameters, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_by_character_the_losses_are_the_same(tmp_path: Path, batch_first: bool, reduction: str) -> None:
    """Per character, however they are added up for learning: with SGD at T times the rate nothing differs."""
    network, sgd = {"batch_first": batch_first}, {"optimizer": "sgd", "lr": 0.5}
    whole = Session(on_text(tmp_path, TEXT, training=sgd, network=network, stateful=True))
    rate = {"lr": 0.5 if reduction == "mean" else 0.5 / 5, "reduction": reduction, "tick": "character"}
    steps = Session(on_text(tmp_path, TEXT, training=sgd | rate, network=network, stateful=True))
    for update in range(15):
        whole.tick()
        for _ in range(5):
            steps.tick()
        assert steps.losses.last() == pytest.approx(whole.losses.last(), rel=1e-4), update
        characters = [steps.branch.character_losses.at(5 * update + step) for step in range(5)]
        assert np.mean([each for each in characters if each is not None]) == pytest.approx(
            steps.losses.last(), rel=1e-4
        )


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_SPACING", 2.0)
    monkeypatch.setattr("rnn_tui.engine.session.replay._LONGEST", 1e9)


@pytest.mark.sampled(5)
@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("tick", ["character", "sequence"])
@pytest.mark.parametrize("initial", ["zeros", "random"])
def test_every_tick_comes_back_to_the_bit(tmp_path: Path, stateful: bool, cell: str, tick: str, initial: str) -> None:
    """Over the borders of epochs; the very batch, the state that is carried, and what comes of them."""
    network = {"cell": cell, "initial_state": initial}
    experiment = on_text(tmp_path, TEXT[:80], stateful=stateful, network=network, training={"tick": tick}, holdout=0.1)
    session = session_of(experiment)

    def there() -> list[Tensor]:
        task, state = session.trainer.dataset, session.trainer.state
        assert task.targets is not None
        parts = state if isinstance(state, tuple) else (state,)
        return [*bits(session), task.inputs.clone(), task.targets.clone(), *(part.detach() for part in parts)]

    past = [there()]
    for _ in range(45):
        session.tick()
        past.append(there())
    assert session.progress.epoch > 2
    for tick_number in (44, 0, 7, 6, 5, 23, 1, 45, 17, 39, 2):
        session.go_to(tick_number)
        assert equal(there(), past[tick_number]), tick_number
    for tick_number in range(3, 46):
        session.tick()
        assert equal(there(), past[tick_number]), tick_number


@pytest.mark.usefixtures("dense")
def test_a_fork_reads_the_same_batches_and_another_seed_others(tmp_path: Path) -> None:
    session = session_of(on_text(tmp_path, TEXT))
    for _ in range(30):
        session.tick()
    begun = [session.losses.at(at) for at in range(30)]
    session.go_to(21)
    first = session.trainer.dataset.inputs
    session.go_to(20)
    training = session.experiment.training
    session.learn(replace(training, lr=0.5))
    session.tick()
    assert session.losses.at(20) != begun[20]
    assert torch.equal(session.trainer.dataset.inputs, first)
    session.go_to(20)
    session.learn(replace(training, seed=99), reseed=True)
    session.tick()
    assert not torch.equal(session.trainer.dataset.inputs, first)
    fresh = Session(session.began, changes=(Change(tick=20, training=replace(training, seed=99), reseed=True),))
    for _ in range(21):
        fresh.tick()
    assert fresh.losses.last() == session.losses.last()
    again = session_of(session.began)
    for _ in range(30):
        again.tick()
    assert [again.losses.at(at) for at in range(30)] == begun


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("implementation", ["fused", "cell", "written-out"])
def test_stateful_passes_are_one_long_sequence(tmp_path: Path, cell: str, implementation: str) -> None:
    """The states after every character of every row are those of torch on the whole row at once."""
    network = {"cell": cell, "embedding": 0, "head": "direct", "implementation": implementation}
    experiment = on_text(tmp_path, TEXT, stateful=True, network=network, training={"learn": False, "epochs": 1})
    session = Session(experiment)
    task, model = session.trainer.dataset, session.trainer.model
    parts = []
    while not session.done:
        session.tick()
        parts.append(torch.cat(session.trainer.logits))
    ours = torch.cat(parts)  # (batches * T, N, H)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell]
    plain = kind(len(task.vocabulary), 6)
    named = dict(model.recurrent.named_parameters())
    plain.load_state_dict({name: named.get(name, named.get(f"cells.0.{name.removesuffix('_l0')}"))
                           for name in dict(plain.named_parameters())})  # fmt: skip
    indices = corpus_of(TEXT).indices(slice(None))
    row = len(ours)
    assert row == task.batches * 5
    x = np.stack(
        [np.eye(len(task.vocabulary), dtype=np.float32)[indices[at * row : (at + 1) * row]] for at in range(3)], 1
    )
    with torch.no_grad():
        torch.testing.assert_close(ours, plain(torch.from_numpy(x))[0], rtol=1e-5, atol=1e-6)


def test_the_state_begins_anew_with_every_epoch(tmp_path: Path) -> None:
    session = Session(on_text(tmp_path, TEXT, stateful=True, network={"cell": "gru"}))
    batches = session.trainer.dataset.batches
    for number in range(1, 2 * batches + 1):
        session.tick()
        assert isinstance(session.trainer.h_0, Tensor)
        assert bool(session.trainer.h_0.any()) == (number % batches != 1)
        assert not session.trainer.h_0.requires_grad


def test_where_a_run_over_a_text_is(tmp_path: Path) -> None:
    """Epochs are passes over the data: they end it, and breakpoints name them."""
    experiment = on_text(tmp_path, TEXT, training={"epochs": 2})
    session = Session(replace(experiment, run=replace(experiment.run, until=("epoch=1",))))
    batches = session.trainer.dataset.batches
    assert batches == 13
    told: list[tuple[int, int, int]] = []
    while session.tick():
        status = status_of(session, playing=True, speed=0)
        told.append((status.epoch, status.batch, status.update))
    assert told == [(1, batch, batch) for batch in range(1, 13)]
    assert "epoch 1 is done" in session.hold.notice
    while session.tick():
        pass
    status = status_of(session, playing=False, speed=0)
    assert (status.tick, status.epoch, status.batch, status.batches, status.update) == (26, 2, 13, 13, 26)
    assert session.done
    assert session.hold.notice == "2 epochs are done. Space plays on."
    assert session.end_of_stretch_before() == 13
    session.set_tick("character")
    assert session.end_of_stretch_before() == 25
    session.play_on()
    assert session.branch.epochs == 4
    assert not session.branch.predictions.newest(5)


def test_what_the_text_alone_can_tell(tmp_path: Path) -> None:
    """The experiment that runs has its vocabulary; the one that began, and the command line, leave it to the text."""
    given = on_text(tmp_path, "hello world, hello", batch=1, training={"epochs": 1})
    session = Session(given)
    assert session.experiment.data.vocabulary == session.experiment.vocabulary == " ,dehlorw"
    assert session.experiment.weights == sum(each.numel() for each in session.trainer.model.parameters())
    assert session.began == given
    assert "--vocabulary" not in command_line(session.began, (), 1)
    assert Session(session.experiment).began == given  # as the view opens it again
    own = replace(given, data=replace(given.data, vocabulary="wrold, eh"))
    assert Session(own).experiment.vocabulary == Session(own).began.data.vocabulary == "wrold, eh"
    assert "--vocabulary 'wrold, eh'" in command_line(Session(own).began, (), 1)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"data": {"text": "/nowhere/at/all"}}, "data.text"),
        ({"data": {"encoding": "nonsense"}}, "data.encoding"),
        ({"data": {"length": 1000}}, "data.length"),
        ({"data": {"batch": 100}}, "data.batch"),
        ({"data": {"vocabulary": "abc"}}, "data.vocabulary"),
        ({"network": {"head": "direct"}}, "network.hidden_size"),
        ({"network": {"hidden_size": 1_000_000, "layers": 2}}, "network.hidden_size"),
    ],
)
def test_what_cannot_be_learnt_is_refused(tmp_path: Path, changes: dict[str, dict[str, Any]], path: str) -> None:
    experiment: Experiment = on_text(tmp_path, TEXT)
    for section, values in changes.items():
        experiment = replace(experiment, **{section: replace(getattr(experiment, section), **values)})
    with pytest.raises(ExperimentError) as error:
        Session(experiment)
    assert error.value.path == path
    assert "\n" not in str(error.value)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    """An unchanged file is shared, not read twice."""
    experiment = on_text(tmp_path, TEXT)
    one, other = Session(experiment), Session(experiment)
    assert isinstance(one.trainer.dataset, TextDataset)
    assert isinstance(other.trainer.dataset, TextDataset)
    assert one.trainer.dataset.corpus is other.trainer.dataset.corpus
    on_text(tmp_path, TEXT + "z")
    assert "z" in Session(experiment).experiment.vocabulary
