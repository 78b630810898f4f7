"""What looks inside, writes and drops out, on data other than a few rows of one length."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.inspect.recompute import end_of_row
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts
from rnn_tui.protocol.inspect.sample import SampleAsk, SampleFacts
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts

PAIRS = [("ab", "xy"), ("abcab", "yxyxx"), ("c", "x")]
NETWORK = {"cell": "lstm", "hidden_size": 5, "layers": 2, "dropout": 0.4, "head": "linear"}


def on_file(folder: Path, kind: str, **training: Any) -> Experiment:
    """Two layers with dropout between them, on a small file of that kind."""
    path = folder / "data"
    match kind:
        case "text":
            path.write_text("the quick brown fox jumps over the lazy dog. " * 8)
        case "pairs":
            path.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS))
        case "series":
            path.write_text("x\n" + "".join(f"{np.sin(t / 3):.6f}\n" for t in range(200)))
    size: dict[str, Any] = {"batch": 3, "length": 0 if kind == "pairs" else 7}
    learns = {"tick": "sequence", "reduction": "mean", "epochs": 0} | training
    return from_dict({"data": {kind: str(path)} | size, "network": NETWORK, "training": learns})


def ticked(experiment: Experiment, ticks: int) -> Session:
    session = Session(experiment)
    for _ in range(ticks):
        session.tick()
    return session


def told(session: Session, ask: Any, row: int = 0) -> Any:
    return session.probe.inside(Wanted(row=row, first=0, count=99, inside=(ask,)))[0]


@pytest.mark.parametrize("kind", ["text", "pairs", "series"])
@pytest.mark.parametrize("tick", ["sequence", "character"])
def test_dropout_has_a_mask_for_every_row_of_a_file(tmp_path: Path, kind: str, tick: str) -> None:
    experiment = on_file(tmp_path, kind, tick=tick)
    session = ticked(experiment, 1 if tick == "sequence" else 7 if kind != "pairs" else 5)
    trainer = session.trainer
    assert trainer.at_end_of_pass
    assert trainer.masks is not None
    assert trainer.masks.shape == (1, trainer.length, 3, 5)
    x = trainer.dataset.x(0, trainer.length)
    layers = [nn.LSTM(x.shape[-1], 5), nn.LSTM(5, 5)]
    for number, layer in enumerate(layers):
        for name, weight in layer.named_parameters():
            weight.data.copy_(getattr(trainer.model.recurrent, name.replace("l0", f"l{number}")))
    assert trainer.model.head is not None
    logits = trainer.model.head(layers[1](layers[0](x)[0] * trainer.masks[0])[0])
    assert torch.allclose(torch.cat(trainer.logits), logits, atol=1e-6)
    assert trainer.total is not None
    assert trainer.total.item() == pytest.approx(_loss(logits, trainer.dataset.y(0, trainer.length)), rel=1e-5)


def _loss(said: Tensor, true: Tensor) -> float:
    """The mean over all that is to be said."""
    if true.is_floating_point():
        return ((said - true) ** 2).mean().item()
    return F.cross_entropy(said[true >= 0], true[true >= 0]).item()


def test_the_end_of_a_row_is_that_of_the_pass_with_its_dropout(tmp_path: Path) -> None:
    trainer = ticked(on_file(tmp_path, "pairs"), 1).trainer
    row = [trainer.dataset.steps(row) for row in range(3)].index(trainer.length)  # the longest has no padding
    own = end_of_row(trainer, row)
    for mine, there in zip(own, trainer.state, strict=True):
        assert torch.allclose(mine[:, 0], there[:, row], atol=1e-6)


def test_padding_has_no_part_in_the_state_space(tmp_path: Path) -> None:
    session = ticked(on_file(tmp_path, "pairs"), 1)
    task = session.trainer.dataset
    facts = told(session, SpaceAsk(rows=3), row=1)
    assert isinstance(facts, SpaceFacts)
    whole = facts.points.astype(float)
    real = [whole[row, : task.steps(row)] for row in range(3)]
    assert len({len(each) for each in real}) == 3
    assert np.abs(np.concatenate(real).mean(0)).max() < 1e-6  # the axes meet in the middle of what is real
    for row, points in enumerate(real):
        assert (whole[row, len(points) :] == points[-1]).all()  # it stays where it has ended
        assert (facts.characters[row, len(points) :] == facts.characters[row, len(points) - 1]).all()
        assert (facts.characters[row] >= 0).all()


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_unit_reads_a_row_to_its_end_of_row(tmp_path: Path, row: int) -> None:
    session = ticked(on_file(tmp_path, "pairs"), 1)
    facts = told(session, ReadingAsk(), row)
    assert isinstance(facts, ReadingFacts)
    vocabulary = session.experiment.vocabulary
    text = "".join(vocabulary[index] for index in facts.inputs.tolist())
    assert text == PAIRS[row][0]
    assert len(facts.h) == len(text)


def test_numbers_are_neither_written_nor_read_as_a_text() -> None:
    session = ticked(LESSONS["sine"], 2)
    reading, sample = told(session, ReadingAsk()), told(session, SampleAsk(prime="h"))
    assert isinstance(reading, ReadingFacts)
    assert isinstance(sample, SampleFacts)
    assert "numbers" in reading.note
    assert "numbers" in sample.note
    assert not len(reading.inputs)
    assert not len(sample.greedy)
