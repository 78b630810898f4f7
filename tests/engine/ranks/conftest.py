"""Two processes that share batches, started once, and small files for them to learn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.ranks.start import processes_here
from rnn_tui.experiment.validate import from_dict
from tests.engine.ranks.trained import ROWS

TEXT = "".join(chr(97 + (7 * number * number + number // 11) % 23) for number in range(3000))


@pytest.fixture(scope="module")
def ranks() -> Iterator[Ranks]:
    with processes_here(from_dict({"run": {"processes": 2}, **ROWS})) as ranks:
        yield ranks


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "text.txt").write_text(TEXT)
    words = [TEXT[at : at + 3 + at % 5] for at in range(0, 400, 9)]
    (folder / "pairs.tsv").write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    (folder / "series.csv").write_text("value\n" + "".join(f"{(at * 37) % 101 / 10}\n" for at in range(900)))
    return folder
