"""What counting achieves on the text of a run: on what is held out of it, and never in the way of the training."""

import threading
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data.ngrams import ngram_losses
from rnn_tui.engine.host.curves import held_out_curve
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training import counting
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.engine.training.counting import counting_losses, counting_of
from rnn_tui.protocol.frame_request import CurveWanted
from tests.engine.kept_runs import advance
from tests.engine.text_runs import letters, on_text

TEXT = letters(600)


def test_it_is_of_what_is_held_out(tmp_path: Path) -> None:
    session = Session(on_text(tmp_path, TEXT, holdout=0.25))
    dataset = session.dataset
    assert isinstance(dataset, TextDataset)
    counting_of(dataset).wait()
    order = sorted(set(TEXT))
    indices = np.array([order.index(each) for each in TEXT])
    wanted = tuple(ngram_losses(indices[:450], indices[450:], len(order)))
    assert counting_losses(dataset) == wanted
    advance(session, 60)
    shown = held_out_curve(session, CurveWanted(columns=20))
    assert shown is not None
    assert shown.counting == wanted
    assert shown.best_counting == (1 + int(np.argmin(wanted)), min(wanted))


def test_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow(*_: object) -> list[float]:
        go.wait(30)
        return [1.0]

    monkeypatch.setattr(counting, "ngram_losses", slow)
    session = Session(on_text(tmp_path, TEXT, holdout=0.25))
    assert counting_losses(session.dataset) == ()
    advance(session, 3)
    assert counting_losses(session.dataset) == ()
    go.set()
    assert isinstance(session.dataset, TextDataset)
    counting_of(session.dataset).wait()
    assert counting_losses(session.dataset) == (1.0,)


def test_without_held_out_text_there_is_none(tmp_path: Path) -> None:
    assert counting_losses(Session(on_text(tmp_path, TEXT)).dataset) == ()
