"""What all tests share: one thread for torch, and how hypothesis searches."""

import atexit
import contextlib
import os
import shutil
import tempfile

import psutil
import pytest
from hypothesis import settings

# Before anything imports torch: small networks are faster on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Processes that tests start need not compile the program each for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Runs are kept in a place of their own, not among those of the person who tests.
_runs = tempfile.mkdtemp(prefix="rnn-tui-tests-")
atexit.register(shutil.rmtree, _runs, ignore_errors=True)
os.environ["XDG_DATA_HOME"] = os.environ["XDG_STATE_HOME"] = _runs
_sockets = os.environ["RNN_TUI_SOCKETS"] = tempfile.mkdtemp(dir=_runs)


@atexit.register
def _end_engines() -> None:
    """A view that a test has killed may have left its run training, as it should."""
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "rnn_tui.engine.host.serve" in each.cmdline() and each.environ().get("RNN_TUI_SOCKETS") == _sockets:
                each.kill()


settings.register_profile("house", deadline=None, derandomize=True, database=None, max_examples=40)
# --hypothesis-profile=wide: a longer search, with other examples each time
settings.register_profile("wide", deadline=None, database=None, max_examples=2000)
settings.load_profile("house")


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not outlive a loss of power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
