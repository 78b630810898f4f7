"""TensorBoard's files that can no longer be written are given up with one message, and the run is saved as before."""

from pathlib import Path

import pytest

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import begin_saving
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.engine.kept_runs import advance

pytest.importorskip("tensorboard")

GIVEN_UP = "--tensorboard: cannot be written any more: No space left on device"


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("at", ["a record", "the end"])
def test_it_is_given_up_once_and_the_run_is_saved(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    session = Session(LESSONS["hihello-sequence"])
    options = SaveOptions(folder=str(tmp_path / "run"), every=1, tensorboard=str(tmp_path / "events"))
    checkpointer = begin_saving(session, options, said.append)
    advance(session, 3, checkpointer)
    assert said == []
    written = [each.read_bytes() for each in (tmp_path / "events").iterdir()]
    assert len(written) == 1
    assert written[0].count(b"loss") == 3
    what = "RecordWriter.write" if at == "a record" else "RecordWriter.close"
    monkeypatch.setattr(f"rnn_tui.engine.store.tensorboard.{what}", full)
    advance(session, 9, checkpointer)
    assert said == ([GIVEN_UP] if at == "a record" else [])
    checkpointer.close()
    assert said == [GIVEN_UP]
    assert checkpointer.problem == ""
    assert read_manifest(tmp_path / "run").tick == 9
