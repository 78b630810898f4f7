"""What every test of the view needs: colours, and a heap that thaws (the app freezes it once it stands)."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _alike_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield
    gc.unfreeze()
