"""What every test of the view needs: colours, and a garbage collector that the app leaves alone."""

import gc
import signal
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from rnn_tui.common.signals import ENDING


@pytest.fixture(autouse=True, scope="session")
def _modules_are_no_garbage() -> Iterator[None]:
    """The app freezes what stands when it begins; here all that is imported, once: it was a third of these tests."""
    threshold = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """An app leaves on signals; once it has gone, so have its handlers, whichever tests come next."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _alike_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    # The app freezes the heap once it stands: right for one app, but here hundreds would be kept for ever.
    monkeypatch.setattr(
        "rnn_tui.view.app.warm_up.gc", SimpleNamespace(collect=lambda: 0, freeze=lambda: 0, enable=lambda: 0)
    )
