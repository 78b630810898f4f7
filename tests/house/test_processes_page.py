"""The page on several processes: its table of when they pay, against the time that its own formula gives."""

import re
from pathlib import Path

import pytest

import rnn_tui.manual

PAGE = (Path(rnn_tui.manual.__file__).parent / "processes.md").read_text("utf-8")
UNITS = {"GFLOP/s": 1e9, "TFLOP/s": 1e12, "GB/s": 1e9, "Gbit/s": 1e9 / 8}
ROWS = re.findall(r"^\| (\w+) ?(?:\([\d ]*\w+/s\))?[^|\n]*?([\d.]+) (GB/s|Gbit/s)[^|\n]*\|(.*)\|$", PAGE, re.MULTILINE)


def seconds(characters: float, ranks: int, *, speed: float, link: float, weights: float = 1e6) -> float:
    """Simulate an update: each rank computes its part; in each step of the ring all send a part of the gradients."""
    computing = 6 * weights / speed * characters / ranks
    steps = 2 * (ranks - 1)  # scatter, then gather: a part of the gradients each
    return computing + sum(4 * weights / ranks / link for _ in range(steps))


def test_all_rows_of_the_table_are_read() -> None:
    assert [row[0] for row in ROWS] == ["cores", "cores", "GPUs", "GPUs"]


@pytest.mark.parametrize(("kind", "number", "unit", "cells"), ROWS)
def test_from_there_on_processes_are_half_as_good_as_their_number(
    kind: str, number: str, unit: str, cells: str
) -> None:
    speed = 30 * UNITS["GFLOP/s"] if kind == "cores" else 10 * UNITS["TFLOP/s"]
    told = {"cores": "30 GFLOP/s", "GPUs": "10 TFLOP/s"}[kind]
    assert told in PAGE
    link = float(number) * UNITS[unit]
    for ranks, cell in zip((2, 8, 64), cells.split("|"), strict=True):
        characters = int(cell.replace(",", ""))
        times = [
            seconds(many, 1, speed=speed, link=link) / seconds(many, ranks, speed=speed, link=link)
            for many in (characters / 2, characters, characters * 2)
        ]
        assert times[0] < 0.45 * ranks
        assert times[1] == pytest.approx(ranks / 2, rel=0.02)
        assert times[2] > 0.6 * ranks
