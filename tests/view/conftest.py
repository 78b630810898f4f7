"""What every test of the view needs: colours, and a garbage collector that the app leaves alone."""

from types import SimpleNamespace

import pytest


@pytest.fixture(autouse=True)
def _alike_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    # The app freezes the heap once it stands: right for one app, but here hundreds would be kept for ever.
    monkeypatch.setattr("rnn_tui.view.linked.gc", SimpleNamespace(collect=lambda: 0, freeze=lambda: None))
