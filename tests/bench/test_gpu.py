"""The benchmark of a GPU: that it says so where there is none, and that what it compares is the same."""

import math
import random
import re
from pathlib import Path

import pytest
import torch

from tests.bench import gpu
from tests.bench.looked_at import looked_at

SMALL = ["--sizes", "2x5", "--batch", "4", "--length", "6", "--updates", "8", "--turns", "2", "--backend", "eager"]


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "text.txt"
    path.write_text("".join(random.Random(3).choices(("ab", "cde"), k=400)))
    return str(path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_is_skipped_with_a_word(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main([text])
    assert capsys.readouterr().out == f"skipped: torch {torch.__version__} sees no GPU\n"


def test_each_way_is_measured_against_the_plain_loop(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main([text, "--device", "cpu", *SMALL])
    told = capsys.readouterr().out
    full, half = told.split("LSTM 2x5, 4 x 6, ")[1:]
    assert full.startswith("float32\n")
    assert half.startswith("bfloat16\n")
    ways = ["plain loop", "plain loop, torch.compile", "rnn-tui train", "rnn-tui, looked at"]
    rates = re.findall(r"^  (\S.*?) +([\d,.]+) updates/s  (\d+\.\d\d)", full, re.M)
    assert [name for name, _, _ in rates] == ways
    assert rates[0][2] == "1.00"
    assert all(float(rate.replace(",", "")) > 0 and float(ratio) > 0 for _, rate, ratio in rates)
    assert "skipped: " in half or re.findall(r"^  (\S.*?)  +[\d,.]+ updates/s", half, re.M) == ways


@pytest.mark.parametrize("compiled", ["", "eager"])
def test_the_plain_loop_learns_and_is_as_large_as_ours(text: str, compiled: str) -> None:
    torch.manual_seed(0)
    shape = gpu.Shape(text, layers=2, hidden=5, batch=4, length=6, precision="float32", device="cpu")
    plain = gpu.Plain(shape, compiled)
    before = [weight.detach().clone() for weight in plain.parameters]
    for _ in range(600):
        plain.update()
    assert plain.loss < 0.8 * math.log(5)
    assert all(not torch.equal(old, new) for old, new in zip(before, plain.parameters, strict=True))
    #  4·5 gates of 5 characters and of 5 units below, 5 units before, two biases each; 5 logits of 5 units
    assert sum(weight.numel() for weight in plain.parameters) == 2 * (20 * 5 + 20 * 5 + 2 * 20) + 5 * 5 + 5


def test_looked_at_means_frames(text: str) -> None:
    shape = gpu.Shape(text, layers=1, hidden=5, batch=4, length=6, precision="float32", device="cpu")
    with looked_at(gpu.ours(shape)) as run:
        for _ in range(20):
            run.unseen()
        assert run.frames == 0
        while not run.frames:
            run.shown()
