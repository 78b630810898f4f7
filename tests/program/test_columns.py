"""Columns hold in real terminals: each says where its cursor stands after a glyph, for every kind of glyph."""

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from rnn_tui.common.glyphs import glyph

# Writes each text at the beginning of a line, asks for the place of the cursor, and notes the column.
MEASURE = """
import json, os, re, sys, tty
texts, found = json.load(open(sys.argv[1])), []
terminal = os.open("/dev/tty", os.O_RDWR)
tty.setraw(terminal)
for first in range(0, len(texts), 40):
    part, answers = texts[first : first + 40], b""
    os.write(terminal, b"".join(b"\\r\\x1b[2K" + each.encode() + b"\\x1b[6n" for each in part))
    while answers.count(b"R") < len(part):
        answers += os.read(terminal, 4096)
    found += [int(column) - 1 for column in re.findall(rb";(\\d+)R", answers)]
json.dump(found, open(sys.argv[2], "w"))
"""
SOME = 23  # one letter of so many is tried


def tried() -> list[str]:
    """Every glyph of a mark, a sign, a symbol or a number, and some of the letters, each between two letters."""
    found: dict[str, None] = {}
    for number in range(0x20, sys.maxunicode + 1):
        character = chr(number)
        kind = unicodedata.category(character)[0]
        if kind in "MSNPZ" or (kind == "L" and (number % SOME == 0 or 0x1100 <= number < 0x1200)):
            found[glyph(character)] = None
    return [f"x{each}x" for each in found]


def command(tmp_path: Path) -> list[str]:
    (tmp_path / "measure.py").write_text(MEASURE)
    (tmp_path / "texts.json").write_text(json.dumps(tried()))
    return [sys.executable, *(str(tmp_path / name) for name in ("measure.py", "texts.json", "found.json"))]


def assert_cells(tmp_path: Path) -> None:
    found = json.loads((tmp_path / "found.json").read_text())
    wrong = [(each, cells) for each, cells in zip(tried(), found, strict=True) if cell_len(each) != cells]
    assert len(found) > 8000
    assert not wrong


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
def test_in_tmux(tmp_path: Path) -> None:
    socket = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull, "-u"]
    signal = f"'{shutil.which('tmux')}' -S '{tmp_path / 'socket'}' wait-for -S measured"
    line = " ".join(f"'{word}'" for word in command(tmp_path)) + f"; {signal}; cat"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [*socket, "new-session", "-d", "-x", "80", "-y", "24", line], check=True, env=environment, timeout=20
    )
    try:
        subprocess.run([*socket, "wait-for", "measured"], check=True, timeout=60)
    finally:
        subprocess.run([*socket, "kill-server"], check=False, timeout=20)
    assert_cells(tmp_path)


@pytest.mark.skipif(shutil.which("screen") is None, reason="there is no GNU screen here")
def test_in_gnu_screen(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir(mode=0o700)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", "SCREENDIR": str(tmp_path / "sockets")}
    run = ["screen", "-U", "-D", "-m", "-c", os.devnull, *command(tmp_path)]
    subprocess.run(run, check=True, env=environment, timeout=60)
    assert_cells(tmp_path)
