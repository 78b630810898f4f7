"""The app freezes the garbage collector's heap once it stands; between tests it must thaw."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    yield
    gc.unfreeze()
