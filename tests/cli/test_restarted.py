"""A run that torchrun begins again is found by its launch, and by nothing else."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.main import main
from rnn_tui.cli.restarted import kept_by_launch
from rnn_tui.common.torchrun import launch_of
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.save_options import SaveOptions
from rnn_tui.runs.folders import runs_folder
from rnn_tui.runs.launch import LAUNCH, launch_bytes, read_launch, runs_of
from rnn_tui.runs.remove import remove_run
from tests.terminals import own_place

PLACED = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
AGAIN = {**PLACED, "TORCHELASTIC_RUN_ID": "job", "TORCHELASTIC_RESTART_COUNT": "1"}
FIRST = {**AGAIN, "TORCHELASTIC_RESTART_COUNT": "0"}
LESSON = LESSONS["hihello-sequence"]
Decided = tuple[tuple[Change, ...], SaveOptions | None, str]

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_place(tmp_path, monkeypatch)
    return tmp_path


def train(folder: Path, launch: str = "job", *more: str) -> None:
    asked = ["train", "hihello-sequence", "--run", str(folder), "--until", "tick=7", *more]
    assert CliRunner().invoke(main, asked).exit_code == 0
    (folder / LAUNCH).write_bytes(launch_bytes(launch))


def decide(environment: dict[str, str], folder: Path | None = None, changes: tuple[Change, ...] = ()) -> Decided:
    parameters: dict[str, Any] = {"run": None if folder is None else str(folder), "no_save": False}
    parameters |= {"tensorboard": None, "checkpoint_every": 3}
    return kept_by_launch(LESSON, changes, parameters, environment)


@pytest.mark.parametrize("environment", [AGAIN, FIRST])  # where machines come or go, torchrun counts no restart
def test_it_goes_on_in_its_folder(environment: dict[str, str], place: Path) -> None:
    train(place / "run")
    _, keep, said = decide(environment, place / "run")
    assert keep == SaveOptions(folder=str((place / "run").resolve()), resume=True, every=3)
    count = " (restart 1)" if environment is AGAIN else ""
    assert said == f"torchrun has begun again{count}: {place / 'run'} goes on from tick 7"


def test_without_a_folder_it_is_found_in_the_usual_place() -> None:
    train(runs_folder() / "one", "another job")
    train(runs_folder() / "two")
    train(runs_folder() / "two-again", "job", "--lr", "0.5")
    _, keep, said = decide(AGAIN)
    assert keep is not None
    assert (Path(keep.folder).name, keep.resume) == ("two", True)
    assert said.endswith("two goes on from tick 7")


def test_changes_that_have_been_made_are_not_made_again(place: Path) -> None:
    train(place / "run", "job", "--fork", "5:lr=0.01", "--fork", "9:lr=0.02")
    made, planned = (Change(tick=tick, training=LESSON.training) for tick in (5, 11))
    changes, _, _ = decide(AGAIN, place / "run", (made, planned))
    assert changes == (planned,)


def test_one_that_was_lost_before_its_first_checkpoint_begins_anew(place: Path) -> None:
    train(place / "run")
    (place / "run" / "checkpoint.json").unlink()
    _, keep, said = decide(AGAIN, place / "run")
    assert keep == SaveOptions(folder=str(place / "run"), every=3, launch="job")
    assert not (place / "run").exists()
    assert said == "torchrun has begun again (restart 1), and no checkpoint of this run is found: it begins anew"


def test_another_run_is_not_gone_on_with(place: Path) -> None:
    train(place / "run", "another job")
    with pytest.raises(UsageError, match="holds a run already"):
        decide(AGAIN, place / "run")
    (place / "run" / LAUNCH).unlink()
    with pytest.raises(UsageError, match="holds a run already"):
        decide(AGAIN, place / "run")
    train(place / "other", "job", "--lr", "0.5")
    with pytest.raises(UsageError, match="holds another run that this launch of torchrun has begun"):
        decide(AGAIN, place / "other")


def test_a_damaged_one_is_refused(place: Path) -> None:
    train(place / "run")
    (place / "run" / "checkpoint.json").write_text("{")
    with pytest.raises(UsageError, match=r"checkpoint\.json"):
        decide(AGAIN, place / "run")


def test_who_does_not_lead_keeps_nothing(place: Path) -> None:
    train(place / "run", "another job")
    assert decide({**AGAIN, "RANK": "1"}, place / "run") == ((), None, "")


@pytest.mark.parametrize("name", ["", "none"])
def test_a_launch_without_a_name_is_known_by_its_process(name: str) -> None:
    found = launch_of({**PLACED, "TORCHELASTIC_RUN_ID": name})
    assert found.startswith(f"{socket.gethostname()}/{os.getppid()}/")
    assert found == launch_of({**AGAIN, "TORCHELASTIC_RUN_ID": name})
    assert launch_of(PLACED) == launch_of({"TORCHELASTIC_RUN_ID": "job"}) == ""


@pytest.mark.parametrize("content", [b"", b"[]", b'{"torchrun": 3}', b"[" * 5000, b"\xff", b"{" + b" " * 99999])
def test_a_file_of_another_kind_is_no_launch(content: bytes) -> None:
    folder = runs_folder() / "one"
    train(folder)
    (folder / LAUNCH).write_bytes(content)
    assert read_launch(folder) == ""
    assert runs_of("job") == []


def test_its_file_is_removed_with_the_run(place: Path) -> None:
    train(place / "run")
    assert remove_run(place / "run") == []
