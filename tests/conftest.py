"""What all tests share: one thread for torch, and how hypothesis searches."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

# Before anything imports torch: small networks are faster on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Runs are kept in a place of their own, not among those of the person who tests.
_runs = tempfile.mkdtemp(prefix="rnn-tui-tests-")
atexit.register(shutil.rmtree, _runs, ignore_errors=True)
os.environ["XDG_DATA_HOME"] = _runs
os.environ["RNN_TUI_SOCKETS"] = tempfile.mkdtemp(dir=_runs)

settings.register_profile("house", deadline=None, derandomize=True, database=None, max_examples=40)
# --hypothesis-profile=wide: a longer search, with other examples each time
settings.register_profile("wide", deadline=None, database=None, max_examples=2000)
settings.load_profile("house")


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not outlive a loss of power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
