"""A script in several processes: all are shown together, `N` leads from one to the next, and their numbers stay."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.client.discovery import live_engines, stop_engine
from tests.loopback import has_loopback
from tests.terminals import PATIENCE, own_place, program, tty

pytestmark = [
    pytest.mark.xdist_group("terminal"),
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

SCRIPT = """
import os, sys, time, torch
from pathlib import Path
from torch import nn
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(4, 5), nn.Linear(5, 3)
    def forward(self, x):
        return self.head(self.lstm(x)[0])
model = Model()
if "watched" in sys.argv:
    import rnn_tui
    rnn_tui.watch(model)
shared = DistributedDataParallel(model)
optimizer = torch.optim.Adam(shared.parameters(), 0.01)
torch.manual_seed(1 + rank)
for update in range(int(sys.argv[1])):
    enough = torch.tensor(float(Path("enough").exists()))
    dist.all_reduce(enough)  # one that left alone would break the other's update
    if enough:
        break
    loss = nn.functional.cross_entropy(shared(torch.randn(6, 2, 4)).flatten(0, 1), torch.randint(3, (12,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if "slowly" in sys.argv:
        time.sleep(0.02)
weights = sum(each.detach().double().sum() for each in model.parameters()).item()
sys.stdout.write(f"rank {rank}: {loss.item()!r} {weights!r}\\n")  # in one piece, beside the other rank
dist.destroy_process_group()
sys.exit(3)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    own_place(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    yield tmp_path
    for each in live_engines():
        stop_engine(each, patience=PATIENCE)


def test_all_ranks_are_shown_and_one_after_the_other_is_looked_at(place: Path) -> None:
    with tty(program("watch", "--processes", "2", "train.py", "99999999", "slowly")) as terminal:
        terminal.until(lambda text: "2 ranks" in text)
        terminal.until(lambda text: bool(re.search(r"▸.rank 0  loss .* ms", text)))
        terminal.until(lambda text: bool(re.search(r"rank 1  loss \d.* \+ +\d+\.\d ms", text)))
        terminal.press("N")
        terminal.until(lambda text: bool(re.search(r"▸.rank 1  loss", text)))
        terminal.until(lambda text: bool(re.search(r"running · update [1-9]", text)))
        terminal.press("N")
        terminal.until(lambda text: bool(re.search(r"▸.rank 0  loss", text)))
        (place / "enough").touch()
        terminal.until(lambda text: "ended with exit code 3" in text)
        terminal.press("q")
        assert terminal.end() == 3
    assert list((place / "s").iterdir()) == []
    assert list(Path(f"{place / 's'}-ranks").iterdir()) == []


def launched(*arguments: str) -> tuple[list[str], str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [*command, "60", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment
    )
    return sorted(re.findall(r"rank \d: .*", found.stdout)), found.stderr


@pytest.mark.long
def test_their_numbers_are_those_of_ranks_that_nobody_watches() -> None:
    alone, _ = launched()
    watched, said = launched("watched")
    assert len(alone) == 2
    assert watched == alone
    assert len(re.findall(r"rnn-tui attach train-\w{6}-rank0", said)) == 1
    assert "-rank1" not in said
