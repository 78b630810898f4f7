"""A GPU that is not there: its load told by a stand-in, memory that runs out, and ticks that wait for nothing."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from msgspec.structs import replace

from rnn_tui.cli.main import main
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.store import resume as kept
from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open, Play, Restart, SaveOptions, SetSpeed, Step
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame import GpuLoad
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.engine.scripts import Script

HIHELLO = LESSONS["hihello"]
ENDLESS = replace(
    HIHELLO,
    training=replace(HIHELLO.training, epochs=0),
    run=replace(HIHELLO.run, speed=0.0, until=()),
)


class NoNumber(Exception):
    pass


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """NVIDIA's library with one GPU, and a torch that calls it cuda:1."""
    asked: list[str] = []

    def by_uuid(uuid: str) -> str:
        asked.append(uuid)
        return "handle"

    library = SimpleNamespace(
        NVMLError=NoNumber,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=by_uuid,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=3 * 2**30, total=80 * 2**30),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=87),
        asked=asked,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"uuid-{index}"))
    return library


def test_the_load_is_that_of_the_device_of_the_run_asked_once_a_second(nvml: SimpleNamespace) -> None:
    now = [0.0]
    watch = GpuWatch(lambda: now[0])
    device = torch.device("cuda:1")
    assert watch.load(torch.device("cpu")) is None
    assert watch.load(device) == GpuLoad(used=3 * 2**30, total=80 * 2**30, busy=0.87)
    assert nvml.asked == ["GPU-uuid-1"]  # whatever number the library has for it
    nvml.nvmlDeviceGetUtilizationRates = lambda _: SimpleNamespace(gpu=5)
    now[0] = 0.9
    assert watch.load(device).busy == 0.87  # type: ignore[union-attr]
    now[0] = 1.1
    assert watch.load(device).busy == 0.05  # type: ignore[union-attr]


def test_a_slice_of_a_gpu_has_memory_and_no_load(nvml: SimpleNamespace) -> None:
    def refuses(_: object) -> object:
        raise NoNumber

    nvml.nvmlDeviceGetUtilizationRates = refuses
    assert GpuWatch().load(torch.device("cuda:0")) == GpuLoad(used=3 * 2**30, total=80 * 2**30, busy=None)
    nvml.nvmlDeviceGetMemoryInfo = refuses
    assert GpuWatch().load(torch.device("cuda:0")) is None


def test_without_the_library_or_its_driver_there_is_nothing_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert GpuWatch().load(torch.device("cuda:0")) is None


# ---- memory that runs out ---------------------------------------------------------------------------------------

SHORTAGES: list[Callable[[], Exception]] = [
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    lambda: RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    lambda: RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    MemoryError,
]


@pytest.mark.parametrize("shortage", SHORTAGES)
def test_what_a_shortage_is(shortage: Callable[[], Exception]) -> None:
    assert out_of_memory(shortage())
    assert not out_of_memory(RuntimeError("size mismatch"))
    assert not out_of_memory(ValueError("out of memory"))


@pytest.fixture
def short_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Memory runs out in the backward pass of one tick, counted from now, and of all that come."""
    backward, left = Trainer._backward, [10**9]

    def runs_out(trainer: Trainer) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        backward(trainer)

    monkeypatch.setattr(Trainer, "_backward", runs_out)
    return lambda passes: left.__setitem__(0, passes)


def test_out_of_memory_is_one_line_and_what_is_on_the_disk_stays(
    short_after: Callable[[int], None], tmp_path: Path
) -> None:
    short_after(5)
    keep = SaveOptions(folder=str(tmp_path / "run"), every=1)
    script = Script(
        Open(experiment=ENDLESS, keep=keep), 100, FrameRequest(number=1), Play(on=True), SetSpeed(speed=1.0)
    )
    refused = [each.problem for each in script.run() if isinstance(each, Refused)]
    (frame,) = [each for each in script.sent if isinstance(each, Frame)]
    assert len(refused) == 3  # the shortage itself, and why neither command is done
    assert set(refused) == {frame.status.notice}
    assert refused[0].startswith("Out of memory on cpu: reduce --hidden (5)")
    assert "\n" not in refused[0]
    assert frame.status.state == "paused"
    manifest = read_manifest(tmp_path / "run")
    assert manifest.updates == 4
    short_after(10**9)
    session, _ = kept.load_run(tmp_path / "run", ENDLESS)
    assert len(session.losses) == 4


def test_without_a_view_it_is_one_line_and_exit_2(short_after: Callable[[int], None], tmp_path: Path) -> None:
    short_after(5)
    folder = tmp_path / "run"
    result = CliRunner().invoke(main, ["train", "hihello", "--run", str(folder), "--checkpoint-every", "1"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "Out of memory: reduce --hidden (5)" in result.stderr
    assert read_manifest(folder).updates == 4


def test_resuming_without_room_is_one_line_and_exit_2(short_after: Callable[[int], None], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert CliRunner().invoke(main, ["train", "hihello", "--run", str(folder), "--epochs", "3"]).exit_code == 0
    short_after(1)
    result = CliRunner().invoke(main, ["train", "--resume", str(folder), "--epochs", "6"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "Out of memory: reduce --hidden (5)" in result.stderr
    assert read_manifest(folder).updates == 3


@pytest.mark.parametrize("shortage", SHORTAGES)
def test_any_other_command_without_room_is_one_line_and_exit_2(
    shortage: Callable[[], Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    assert CliRunner().invoke(main, ["train", "hihello", "--run", str(folder), "--epochs", "3"]).exit_code == 0

    def full(*_: object, **__: object) -> None:
        raise shortage()

    monkeypatch.setattr("rnn_tui.engine.store.load_network.put_weights", full)
    result = CliRunner().invoke(main, ["sample", str(folder), "--prime", "h"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "out of memory" in result.stderr


def test_another_run_can_begin_after_it(short_after: Callable[[int], None]) -> None:
    short_after(5)
    script = Script(Open(experiment=ENDLESS), 60, Restart(), Step(), FrameRequest(number=1))
    script.run()
    (frame,) = [each for each in script.sent if isinstance(each, Frame)]
    assert frame.status.notice == ""
    assert frame.status.tick == 1


def test_an_experiment_that_does_not_even_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Session:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("rnn_tui.engine.store.run_folder.Session", full)
    (refused,) = [each for each in Script(Open(experiment=ENDLESS), 2).run() if isinstance(each, Refused)]
    assert refused.path == "run.device"
    assert refused.problem.startswith("Out of memory: reduce ")


# ---- nobody waits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hihello", "hihello-sequence", "ohlol-lstm"])
def test_ticks_that_nobody_looks_at_fetch_nothing_from_the_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way from a tensor to a Python number waits for all that a GPU still has to do."""
    lesson = LESSONS[name]
    session = Session(replace(lesson, run=replace(lesson.run, until=())), history=0)
    session.tick()
    session.recording._fetches_at_once = False  # as on a GPU; its tensors stay where they are
    fetched: list[str] = []

    def counted(way: str, original: Any) -> Any:
        def count(*args: Any, **kwargs: Any) -> Any:
            fetched.append(way)
            return original(*args, **kwargs)

        return count

    for way in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, way, counted(way, getattr(torch.Tensor, way)))
    for _ in range(40):
        session.tick()
    assert not fetched
    status_of(session, playing=True, speed=0.0)  # now somebody looks
    assert "item" in fetched
    assert len(session.losses) == session.progress.whole_passes
