"""What all tests share: one thread for torch, and how hypothesis searches."""

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from tests.examples import examples
from tests.time_limit import at_most

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
            if (
                "rnn_tui.engine.host.serve" in " ".join(each.cmdline())
                and each.environ().get("RNN_TUI_SOCKETS") == _sockets
            ):
                each.kill()


# No test takes as long on a busy machine, unless many rounds are asked for.
LIMIT = 300.0 if os.environ.keys().isdisjoint({"RNN_TUI_ROUNDS", "RNN_TUI_SEEDS"}) else 24 * 3600.0  # seconds


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    """Give up on a fixture that waits for ever."""
    with at_most(LIMIT):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Give up on a test that waits for ever."""
    with at_most(LIMIT):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Give up on the end of a fixture that waits for ever."""
    with at_most(LIMIT):
        return (yield)


settings.register_profile("house", deadline=None, derandomize=True, database=None, max_examples=examples(36))
# --hypothesis-profile=wide: a longer search, with other examples each time
settings.register_profile("wide", deadline=None, database=None, max_examples=2000)
settings.load_profile("house")


@pytest.fixture
def own_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a test a folder of its own for the engines and watched scripts that it starts."""
    (tmp_path / "s").mkdir(mode=0o700)
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not outlive a loss of power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked `long`, and of those marked `sampled(count)` all but so many cases, evenly spread.

    All run where RNN_TUI_ROUNDS is set, and what is named on the command line in any case.
    """
    if "RNN_TUI_ROUNDS" in os.environ or any("::" in each for each in config.args):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out = {item for item in items if item.get_closest_marker("long")}
    for each in cases.values():
        (count,) = each[0].get_closest_marker("sampled").args  # type: ignore[union-attr]
        chosen = {round(at * (len(each) - 1) / max(count - 1, 1)) for at in range(count)}
        left_out.update(item for at, item in enumerate(each) if at not in chosen)
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
