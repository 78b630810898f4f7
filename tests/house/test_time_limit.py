"""What waits for ever is given up, also where no wait in the test itself has a limit."""

import signal
import threading

import pytest

from tests.conftest import LIMIT
from tests.time_limit import TooLong, at_most


def test_a_wait_is_interrupted() -> None:
    with pytest.raises(TooLong), at_most(0.05):
        threading.Event().wait()


def test_the_limit_around_another_still_counts() -> None:
    def two_waits() -> None:
        with at_most(50):
            pass
        threading.Event().wait()

    with pytest.raises(TooLong, match=r"more than 0\.1 s"), at_most(0.1):
        two_waits()


def test_every_test_has_one() -> None:
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left <= LIMIT
