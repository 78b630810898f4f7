"""Several processes from the command line: they end together, in words, and leave a whole run behind."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.loopback import has_loopback
from tests.terminals import PATIENCE, program

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # one after another
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

TEXT = "".join(chr(97 + (7 * number * number + number // 11) % 23) for number in range(5000))
SIZES = ["--batch", "6", "--length", "16", "--hidden", "16", "--epochs", "0"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path / "text.txt"


def train(text: Path, *more: str | Path) -> "subprocess.Popen[str]":
    command: list[str | Path] = [*program("train"), "--text", text, *SIZES, "--processes", "2", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def others(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(process.pid).children()
    return found


def until_checkpoint(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not (folder / "checkpoint.json").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def resumed(folder: Path, *more: str) -> str:
    return printed(*program("train"), "--resume", folder, *more)


def printed(*command: str | Path) -> str:
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert isinstance(found.stdout, str)
    return found.stdout


def test_interrupted_once_all_end_and_one_process_goes_on(text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = train(text, "--run", folder, "--checkpoint-every", "5")
    until_checkpoint(folder)
    (other,) = others(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")
    updates = int(re.findall(r"update ([\d,]+)", out)[-1].replace(",", ""))
    assert not other.is_running()
    assert f"update {updates + 1:,} " in resumed(
        folder, "--processes", "1", "--every", "1", "--until", f"tick={updates + 2}"
    )


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 11))])
def test_a_process_that_is_killed_ends_all_with_its_name(seed: int, text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = train(text, "--run", folder, "--checkpoint-every", "5")
    until_checkpoint(folder)
    (other,) = others(process)
    time.sleep(random.Random(seed).random() / 2)
    other.kill()
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (1, f"rnn-tui: rank 1 (process {other.pid}) was ended by SIGKILL\n")
    tick = json.loads((folder / "checkpoint.json").read_text())["tick"]
    assert f"tick {tick + 2:,} is done" in resumed(folder, "--processes", "1", "--until", f"tick={tick + 2}")


@pytest.mark.long
def test_where_rank_0_is_killed_the_others_end(text: Path, tmp_path: Path) -> None:
    process = train(text, "--run", tmp_path / "run", "--checkpoint-every", "5")
    until_checkpoint(tmp_path / "run")
    (other,) = others(process)
    process.kill()
    process.communicate()
    other.wait(10)


@pytest.mark.long
def test_torchrun_starts_them_as_well(text: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "rnn_tui", "train"]
    asked: list[str | Path] = ["--text", text, *SIZES, "--no-save", "--until", "tick=3", "--every", "1"]
    assert printed(*launch, *asked).splitlines()[:3] == printed(*program("train"), *asked).splitlines()[:3]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--processes", "7"], "--processes 7: is too many: each needs a row of the batch, which has 6: at most 6"),
        (["--processes", "2", "--tick", "character"], "--tick character: does not fit 2 processes"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(more: list[str], complaint: str, text: Path) -> None:
    command: list[str | Path] = [*program("train"), "--text", text, *SIZES, *more]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert complaint in found.stderr


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is set in the environment, and RANK is not"),
        ({"MASTER_PORT": "0"}, "MASTER_PORT 0, in the environment, must be a port"),
        (
            {"RANK": "1", "MASTER_PORT": "{port}"},
            "rank 0 does not answer at 127.0.0.1:{port} within 2 seconds (--timeout)",
        ),
        ({"GLOO_SOCKET_IFNAME": "nosuch"}, "GLOO_SOCKET_IFNAME=nosuch: there is no such network device"),
    ],
)
def test_what_keeps_them_apart_is_said_in_one_line(environment: dict[str, str], complaint: str, text: Path) -> None:
    with socket.socket() as unheard:  # nobody listens to its port
        unheard.bind(("127.0.0.1", 0))
        port = str(unheard.getsockname()[1])
        placed = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        given = {name: value.format(port=port) for name, value in environment.items()}
        placed = given if "WORLD_SIZE" in given else {**placed, **given}
        command: list[str | Path] = [*program("train"), "--text", text, *SIZES, "--no-save", "--timeout", "2"]
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, env={**os.environ, **placed}
        )
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1), found.stderr
    assert complaint.format(port=port) in found.stderr
