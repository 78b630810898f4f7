"""On a GPU: runs kept on one device resume on another, dropout is exact, and commands say what is wrong."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose

from rnn_tui.cli.main import main
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.cuda.numbers import numbers
from tests.engine.kept_runs import advance, begin, changed, go_on, known
from tests.engine.text_runs import letters, on_text

EVERYTHING = Wanted(count=99, top=3, units=99, layers=(0, 99), first=0)
ENDLESS: dict[str, Any] = {"training": {"epochs": 0}, "run": {"until": ()}}
DROPOUT = {"cell": "lstm", "layers": 2, "hidden_size": 16, "head": "linear", "dropout": 0.4}


def endless(lesson: str, device: str, **sections: dict[str, Any]) -> Any:
    """A lesson on a device that neither ends nor holds."""
    experiment = changed(LESSONS[lesson], **ENDLESS)
    return changed(changed(experiment, **sections), run={"device": device})


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("lesson", ["hihello", "ohlol-lstm"])
def test_a_run_goes_on_on_the_other_device(lesson: str, back: bool, gpu: str, tmp_path: Path) -> None:
    first, second = ("cpu", gpu) if back else (gpu, "cpu")
    session, keeper = begin(endless(lesson, first), tmp_path / "run")
    advance(session, 24, keeper)
    keeper.close()
    advance(session, 60)
    epochs = str(session.progress.epoch)
    command = ["train", "--resume", str(tmp_path / "run"), "--device", second, "--epochs", epochs, "--json"]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, result.exception) == (0, None), result.stderr
    resumed, keeper = go_on(tmp_path / "run")
    keeper.close()
    session.recording.drain()
    count = min(len(session.losses), len(resumed.losses))
    assert count > 3
    assert_allclose(list(resumed.losses)[:count], list(session.losses)[:count], rtol=1e-4, atol=1e-5)


def test_a_run_of_a_gpu_is_sampled_and_exported(gpu: str, tmp_path: Path) -> None:
    session, keeper = begin(
        changed(on_text(tmp_path, letters(400), training={"lr": 0.1}), run={"device": gpu}), tmp_path / "run"
    )
    advance(session, 30, keeper)
    keeper.close()
    sampled = CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--prime", "abc", "--temperature", "0"])
    assert (sampled.exit_code, sampled.stderr) == (0, "")
    exported = CliRunner().invoke(main, ["export", str(tmp_path / "run"), "--to", str(tmp_path)])
    assert exported.exit_code == 0, exported.stderr
    (path,) = tmp_path.glob("*.pt")
    weights = torch.load(path, weights_only=True)
    assert {each.device.type for each in weights.values()} == {"cpu"}  # it loads where there is no GPU


@pytest.mark.parametrize("lesson", ["hihello", "ohlol-lstm", "hihello-gru"])
def test_slow_motion_tells_the_same_phases(lesson: str, gpu: str) -> None:
    slow, other = Session(endless(lesson, gpu)), Session(endless(lesson, "cpu"))
    for session in (slow, other):
        session.watch(())
        for _ in range(3):
            session.tick()
    for _ in range(60):
        assert slow.phases.next() == other.phases.next()
        there, here = (list(numbers(each.probe.phase(EVERYTHING))) for each in (slow, other))
        assert [each.shape for each in there] == [each.shape for each in here]
        for one, two in zip(there, here, strict=True):
            assert_allclose(one, two, rtol=2e-3, atol=2e-4)


def test_slow_motion_is_the_tick_itself_on_a_gpu(gpu: str) -> None:
    slow, whole = Session(endless("ohlol-lstm", gpu)), Session(endless("ohlol-lstm", gpu))
    for session in (slow, whole):
        session.watch(())
    for tick in range(1, 6):
        while slow.trainer.ticks < tick or (slow.probe.motion is not None and not slow.probe.motion.complete):
            slow.phases.next()
        whole.tick()
    for one, two in zip(slow.trainer.model.parameters(), whole.trainer.model.parameters(), strict=True):
        assert_allclose(one.detach().cpu(), two.detach().cpu(), rtol=1e-4, atol=1e-6)


def test_dropout_is_exact_after_resuming_and_going_back(gpu: str, tmp_path: Path) -> None:
    experiment = endless("hihello-sequence", gpu, network=DROPOUT)
    session, keeper = begin(experiment, tmp_path / "run")
    advance(session, 13, keeper)
    keeper.close()
    advance(session, 30)
    expected = known(session)
    resumed, keeper = go_on(tmp_path / "run")
    advance(resumed, 30)
    keeper.close()
    assert known(resumed) == expected
    session.go_to(9)
    session.go_to(30)
    assert known(session)["weights"] == expected["weights"]


def test_a_series_learns_the_same(gpu: str, tmp_path: Path) -> None:
    found = []
    for device in (gpu, "cpu"):
        session = Session(endless("sine", device))
        session.watch(())
        advance(session, 30)
        session.recording.drain()
        found.append(list(session.losses)[:30])
    assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-6)
    session, keeper = begin(endless("sine", gpu), tmp_path / "run")
    advance(session, 30, keeper)
    keeper.close()
    result = CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--forecast", "5"])
    assert (result.exit_code, len(result.stdout.split())) == (0, 5), result.stderr


@pytest.mark.usefixtures("gpu")
def test_a_device_that_is_not_there_is_one_line_and_exit_2() -> None:
    result = CliRunner().invoke(main, ["train", "hihello", "--no-save", "--device", "cuda:9"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "--device cuda:9: is not there" in result.stderr


def test_the_load_is_what_the_driver_tells(gpu: str) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    torch.zeros(1, device=gpu)
    load = GpuWatch().load(torch.device("cuda"))
    query = ["nvidia-smi", "--query-gpu=memory.used,memory.total", "--format=csv,noheader,nounits", "--id=0"]
    told = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split(",")
    used, total = (int(each) * 2**20 for each in told)
    assert load is not None
    assert abs(load.total - total) < 2**30
    assert abs(load.used - used) < 2**30  # the driver reserves some, which one of them leaves out
    assert load.busy is None or 0 <= load.busy <= 1


def test_training_that_does_not_fit_is_one_line_exit_2_and_the_checkpoint_stays(gpu: str, tmp_path: Path) -> None:
    """A process of its own, which may take 64 MiB of the GPU: no tensor of another test stands in its way."""
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    experiment = on_text(
        tmp_path, letters(100_000), batch=64, length=128, network={"hidden_size": 512}, training={"epochs": 2}
    )
    session, keeper = begin(changed(experiment, run={"device": gpu}), tmp_path / "run")
    advance(session, 4, keeper)
    keeper.close()
    before = read_manifest(tmp_path / "run")
    code = (
        "import sys, torch; torch.cuda.set_per_process_memory_fraction(2**26 / torch.cuda.mem_get_info()[1]); "
        "from rnn_tui.cli.main import main; main(sys.argv[1:], prog_name='rnn-tui')"
    )
    command = [sys.executable, "-c", code, "train", "--resume", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [each for each in done.stderr.splitlines() if "Out of memory" in each]
    assert "reduce " in line
    assert read_manifest(tmp_path / "run").updates == before.updates
    resumed, keeper = go_on(tmp_path / "run")
    keeper.close()
    assert resumed.trainer.ticks == session.trainer.ticks
