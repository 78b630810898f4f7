"""Runs that torchrun begins: what it begins again goes on, and who is asked to end on one machine ends all."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from numpy.testing import assert_allclose

from tests.loopback import has_loopback
from tests.program.test_processes import SIZES, TEXT
from tests.terminals import PATIENCE

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # one after another
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

ENDS = 400  # updates: some seconds after the first checkpoint


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path / "text.txt"


def launch(
    *options: str, train: list[str | Path], processes: int = 2, folder: Path | None = None
) -> "subprocess.Popen[str]":
    """Start torchrun; the -- keeps it from taking --run as an option of its own."""
    command: list[str | Path] = [sys.executable, "-m", "torch.distributed.run", *options]
    command += ["--nproc-per-node", str(processes), "-m", "--", "rnn_tui", "train", *train]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder
    )


def asked(text: Path, folder: Path, *more: str) -> list[str | Path]:
    return ["--text", text, *SIZES, "--run", folder, "--checkpoint-every", "5", *more]


def rank(process: "subprocess.Popen[str]", number: int) -> psutil.Process:
    """Return the process of a rank, once it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for each in psutil.Process(process.pid).children():
            if each.environ().get("RANK") == str(number):
                return each
        time.sleep(0.05)
    raise AssertionError(f"no rank {number}")


def until_checkpoint(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not (folder / "checkpoint.json").exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def losses(folder: Path) -> list[float]:
    with (folder / "losses.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("lost", [1, pytest.param(0, marks=pytest.mark.long)])
def test_what_is_begun_again_ends_as_if_none_had_been_lost(lost: int, text: Path, tmp_path: Path) -> None:
    end = ("--until", f"tick={ENDS}")
    whole = launch("--standalone", train=asked(text, tmp_path / "whole", *end))
    whole.communicate(timeout=PATIENCE)
    process = launch("--standalone", "--max-restarts", "1", train=asked(text, tmp_path / "run", *end))
    until_checkpoint(tmp_path / "run")
    rank(process, lost).kill()
    out, err = process.communicate(timeout=PATIENCE)
    assert (whole.returncode, process.returncode) == (0, 0)
    assert re.search(
        rf"^rnn-tui: torchrun has begun again \(restart 1\): {tmp_path}/run goes on from tick \d+$", err, re.M
    )
    assert f"stopped at tick {ENDS}" in out
    assert len(losses(tmp_path / "run")) == ENDS
    assert_allclose(losses(tmp_path / "run"), losses(tmp_path / "whole"), rtol=1e-6)


def test_where_one_machine_is_asked_to_end_all_do(text: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    nodes = ("--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", f"localhost:{port}", "--rdzv-id", "one")
    machines = [launch(*nodes, train=asked(text, tmp_path / "run"), processes=1) for _ in range(2)]
    until_checkpoint(tmp_path / "run")
    other = next(each for each in machines if rank_of(each) == 1)
    began = time.monotonic()
    other.send_signal(signal.SIGTERM)  # torchrun would kill its process 30 seconds later
    (leading,) = (each for each in machines if each is not other)
    child = psutil.Process(leading.pid).children()[0]
    child.wait(20)
    assert time.monotonic() - began < 20
    for each in machines:
        each.kill()
    _, err = leading.communicate(timeout=PATIENCE)
    other.communicate(timeout=PATIENCE)
    assert "rnn-tui: rank 1 was asked to end (SIGTERM)\n" in err
    ticks = json.loads((tmp_path / "run" / "checkpoint.json").read_text())["tick"]
    assert len(losses(tmp_path / "run")) == ticks  # the last update is kept


def rank_of(process: "subprocess.Popen[str]") -> int:
    return int(psutil.Process(process.pid).children()[0].environ()["RANK"])


@pytest.mark.long
def test_machines_with_other_texts_say_so_both(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    nodes = ("--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", f"localhost:{port}", "--rdzv-id", "two")
    machines = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text.txt").write_text(TEXT + name)
        asked = ["--text", "text.txt", *SIZES, "--no-save", "--until", "tick=9"]
        machines.append(launch(*nodes, train=[*asked], processes=1, folder=tmp_path / name))
    for each in machines:
        _, err = each.communicate(timeout=PATIENCE)
        assert re.search(
            r"^rnn-tui: rank 1 (reads other data than rank 0: their SHA-256 are|: .*no such file)", err, re.M
        )
