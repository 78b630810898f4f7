"""What a script has printed, read by lines: against the whole text, split by Python."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.common.printed_line import last_state
from rnn_tui.protocol.engine_log import open_for_log
from rnn_tui.protocol.script_log import MOST_CHARACTERS, MOST_LINES, ReadLog
from rnn_tui.runs.script_output import ScriptOutput

MOST = 4000  # bytes of a file


class Printed:
    """An output, and what is printed to it."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.path = folder / "a.out"
        self.file = open_for_log(self.path)
        self.output = ScriptOutput(self.path, most)
        self.text = b""

    def print(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        os.write(self.file, data)
        self.text += data

    @property
    def lines(self) -> list[str]:
        lines = self.text.decode().split("\n")
        return lines if lines[-1] else lines[:-1]


@pytest.fixture
def printed(tmp_path: Path) -> Printed:
    return Printed(tmp_path)


def test_the_last_lines_and_any_others(printed: Printed) -> None:
    assert printed.output.read(ReadLog(count=3, width=9)).lines == ()
    for number in range(30):
        printed.print(f"line {number}\n")
    printed.print("half")
    found = printed.output.read(ReadLog(count=3, width=9))
    assert (found.first, found.total, found.oldest) == (28, 31, 0)
    assert found.lines == ("line 28", "line 29", "half")
    printed.print(" done\n")
    assert printed.output.read(ReadLog(count=1, width=99)).lines == ("half done",)
    assert printed.output.read(ReadLog(count=2, first=4, width=99)).lines == ("line 4", "line 5")
    assert printed.output.read(ReadLog(count=2, first=-7, width=99)).lines == ("line 0", "line 1")
    assert printed.output.read(ReadLog(count=2, first=10**9, width=99)).lines == ("line 29", "half done")
    assert printed.output.read(ReadLog(count=2, first=4, column=3, width=2)).lines == ("e ", "e ")
    assert printed.output.read(ReadLog(count=0, width=99)).lines == ()


def test_an_answer_is_bounded(printed: Printed) -> None:
    printed.print(("x" * 2 * MOST_CHARACTERS + "\n") * (MOST_LINES + 10))
    found = printed.output.read(ReadLog(count=10**9, width=10**9))
    assert len(found.lines) == MOST_LINES
    assert {len(each) for each in found.lines} == {MOST_CHARACTERS}


pieces = st.lists(st.tuples(st.text("ab\n\n\r", max_size=700), st.booleans()), max_size=12)


@given(pieces=pieces)
def test_lines_keep_their_numbers_when_old_ones_go(
    pieces: list[tuple[str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    printed = Printed(tmp_path_factory.mktemp("out"), most=500)
    try:
        for text, trims in pieces:
            printed.print(text)
            if trims:
                printed.output.trim()
            found = printed.output.read(ReadLog(count=20, width=MOST_CHARACTERS))
            lines = printed.lines
            assert found.total == len(lines)
            assert found.first == max(found.oldest, len(lines) - 20)
            whole = [last_state(each.encode()) for each in lines]
            begin = found.first == found.oldest and found.first > 0  # of this line, only the end may be left
            assert list(found.lines[begin:]) == whole[found.first + begin :]
            if begin and found.lines:
                assert lines[found.first].rstrip("\r").rpartition("\r")[2].endswith(found.lines[0].replace("⏎", ""))
    finally:
        os.close(printed.file)
        printed.output.close()


def test_the_files_stay_bounded_and_are_closed_to_others(printed: Printed) -> None:
    for number in range(3000):
        printed.print(f"{number}\n")
        if number % 100 == 0:
            printed.output.trim()
            sizes = [each.stat().st_size for each in printed.path.parent.iterdir()]
            assert sum(sizes) <= 2 * MOST + 600
    files = list(printed.path.parent.iterdir())
    assert {each.name for each in files} == {"a.out", "a.out.1"}
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in files)
    found = printed.output.read(ReadLog(count=2, width=9))
    assert (found.lines, found.total) == (("2998", "2999"), 3000)
    assert 0 < found.oldest < 3000
    oldest = printed.output.read(ReadLog(count=2, first=0, width=9))
    assert oldest.first == found.oldest
    assert oldest.lines[1] == str(found.oldest + 1)


def test_a_burst_is_cut_to_its_end(printed: Printed) -> None:
    printed.print("".join(f"{number}\n" for number in range(9000)))
    printed.output.trim()
    assert sum(each.stat().st_size for each in printed.path.parent.iterdir()) <= MOST
    found = printed.output.read(ReadLog(count=1, width=9))
    assert (found.lines, found.total) == (("8999",), 9000)


def test_a_script_that_prints_without_end_is_bounded_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.out"
    file = open_for_log(path)
    output = ScriptOutput(path, 100_000)
    output.bound()
    process = subprocess.Popen([sys.executable, "-c", "while True: print('x' * 99, flush=True)"], stdout=file)
    try:
        before = 0
        while before < 20_000:  # lines that have gone
            before = output.read(ReadLog(count=1, width=9)).oldest
    finally:
        process.kill()
        process.wait()
    output.trim()
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 200_000
    output.close()
    os.close(file)


def test_a_full_disk_drops_what_is_old(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    printed.print("one\n" * 2000)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    printed.output.trim()
    printed.print("two\n")
    found = printed.output.read(ReadLog(count=5, width=9))
    assert (found.lines, found.first, found.oldest, found.total) == (("two",), 2000, 2000, 2001)


def test_a_script_may_empty_the_file_itself(printed: Printed) -> None:
    printed.print("one\ntwo\n")
    assert printed.output.read(ReadLog(count=5, width=9)).total == 2
    os.truncate(printed.path, 0)
    printed.print("3\n")
    found = printed.output.read(ReadLog(count=5, width=9))
    assert (found.lines, found.total) == (("3",), 3)


def test_a_progress_bar_that_never_ends(printed: Printed) -> None:
    for number in range(9999):
        printed.print(f"\r{number} of 9999")
    found = printed.output.read(ReadLog(count=5, width=40))
    assert (found.lines, found.total) == (("9998 of 9999",), 1)
    printed.output.trim()
    printed.print("\rover\nnext\n")
    assert printed.output.read(ReadLog(count=5, width=40)).lines == ("over", "next")


def test_a_line_without_end(tmp_path: Path) -> None:
    printed = Printed(tmp_path, most=1 << 21)
    printed.print(b"a" * 1_000_000)
    found = printed.output.read(ReadLog(count=5, width=3))
    assert (found.lines, found.total) == (("aaa",), 1)
    printed.print(b"\rb\n")
    assert printed.output.read(ReadLog(count=5, width=3)).lines == ("b",)


def test_looking_for_a_text(printed: Printed) -> None:
    printed.print("".join(f"epoch {n} loss {n * n}\n" for n in range(100)))
    printed.print("für Elise\n\rhidden\rshown\n")

    def find(text: str, after: int, *, backwards: bool = False) -> int | None:
        return printed.output.read(ReadLog(count=5, width=40, find=text, after=after, backwards=backwards)).found

    lines = [last_state(each.encode()).lower() for each in printed.lines]
    for text in ("LOSS 9", "epoch 5", "FÜR", "shown"):
        matches = [number for number, line in enumerate(lines) if text.lower() in line]
        assert matches
        for after in (-1, 0, 5, 50, 99, 200):
            later = [each for each in matches if each > after]
            earlier = [each for each in matches if each < after]
            assert find(text, after) == (later or matches)[0], (text, after)
            assert find(text, after, backwards=True) == (earlier or matches)[-1], (text, after)
    assert find("hidden", -1) is None
    assert find("nowhere", -1) is None


def test_what_is_found_is_among_the_lines(printed: Printed) -> None:
    printed.print("".join(f"line {n}\n" for n in range(100)))
    for wanted in (0, 1, 50, 98, 99):
        found = printed.output.read(ReadLog(count=10, width=40, find=f"line {wanted}", after=wanted - 1))
        assert found.found == wanted
        assert found.lines[wanted - found.first] == f"line {wanted}"
        assert len(found.lines) == 10
    near = printed.output.read(ReadLog(count=10, first=40, width=40, find="line 44", after=43))
    assert (near.first, near.found) == (40, 44)  # nothing moves


def test_only_what_is_new_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = Printed(tmp_path, most=1 << 22)
    printed.print("x" * 99 + "\n")
    for _ in range(15):
        printed.print(("x" * 99 + "\n") * 2000)
    printed.output.read(ReadLog(count=5, width=40))
    read, pread = [0], os.pread

    def counting(file: int, size: int, at: int) -> bytes:
        data = pread(file, size, at)
        read[0] += len(data)
        return data

    monkeypatch.setattr("os.pread", counting)
    printed.print("new\n")
    assert printed.output.read(ReadLog(count=5, width=40)).lines[-1] == "new"
    assert read[0] < 300_000  # of three million


def test_it_is_closed(printed: Printed) -> None:
    printed.print("one\n")
    printed.output.close()
    assert printed.output.read(ReadLog(count=5, width=9)).lines == ()
    printed.output.trim()
