"""When the next picture may come: links in a few lines, with a clock of our own."""

import heapq
import math
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.view.terminal.drain import CAPACITY, Drain
from rnn_tui.view.terminal.pacing import Pacing
from tests.examples import examples

PERIOD = 0.05  # seconds between two pictures, at most
PORTION = 1024


class Link:
    """A buffer that is emptied at `rate` bytes a second, and then a way of `way` seconds there and back."""

    def __init__(self, rate: float, way: float = 0.0) -> None:
        self.rate, self.way = rate, way
        self.level, self.now = 0.0, 0.0

    def write(self, size: int, now: float) -> float:
        """When the write comes back."""
        self.level = max(0.0, self.level - self.rate * (now - self.now))
        blocked = max(0.0, (self.level + size - CAPACITY) / self.rate)
        self.level += size - blocked * self.rate
        self.now = now + blocked
        return self.now

    def shown(self) -> float:
        """When the last byte written is on the screen."""
        return self.now + self.level / self.rate


def over(link: Link, sizes: list[int], seconds: float, *, answers: bool) -> tuple[list[float], int]:
    """Pictures whenever they may be, for so long: how late each was, and the bytes written."""
    pacing, now, turn, sent, late = Pacing(), 0.0, 0, 0, []
    if not answers:  # as an app begins: with the whole screen
        for _ in range(40):
            back = link.write(PORTION, now)
            pacing.took(PORTION, back - now, back, backlog=0)
            now = back
    coming: list[float] = []  # answers
    if answers:
        pacing.asked(0.0)
        coming.append(link.way)
    next_at = 0.0
    seconds += now
    while now < seconds:
        while coming and coming[0] <= now:
            pacing.answered(heapq.heappop(coming))
        wait = max(pacing.wait(now), next_at - now)
        if wait > 0:
            now = min([now + max(wait, 1e-4), *coming[:1], *([seconds] if not coming else [])])
            continue
        size, began = sizes[turn % len(sizes)], now
        turn, sent, next_at = turn + 1, sent + size, now + PERIOD
        pacing.painted(size, now)
        for start in range(0, size, PORTION):
            portion = min(PORTION, size - start)
            back = link.write(portion, now)
            pacing.took(portion, back - now, back, backlog=size - start - portion)
            now = back
        late.append(link.shown() - began)
        if pacing.answers:
            pacing.asked(began)
            heapq.heappush(coming, link.shown() + link.way)
    return late, sent


RATES = st.floats(math.log(2e3), math.log(1e7)).map(math.exp)
SIZES = st.lists(st.integers(50, 30_000), min_size=1, max_size=4)


@settings(max_examples=examples(25), deadline=None)
@given(rate=RATES, way=st.floats(0, 0.3), sizes=SIZES)
def test_a_link_that_answers_is_never_late_and_half_used_at_least(rate: float, way: float, sizes: list[int]) -> None:
    seconds = 40 + 20 * max(sizes) / rate
    late, sent = over(Link(rate, way), sizes, seconds, answers=True)
    transit = max(sizes) / rate
    assert max(late[10:]) <= 2 * transit + 0.01  # never behind more than one other
    mean = sum(sizes) / len(sizes)
    possible = min(rate, mean / PERIOD, 2 * mean / (way + mean / rate)) * seconds
    assert sent >= 0.4 * possible - max(sizes)


@settings(max_examples=12, deadline=None)
@given(rate=RATES, sizes=SIZES)
def test_a_link_that_only_blocks_is_seldom_late_and_half_used_at_least(rate: float, sizes: list[int]) -> None:
    seconds = 150.0
    late, sent = over(Link(rate), sizes, seconds, answers=False)
    transit = max(sizes) / rate
    assert max(late) <= (CAPACITY + max(sizes)) / rate + 0.2
    if not 0.9 < sum(sizes) / len(sizes) / PERIOD / rate < 2.5:  # a little too much fills the buffer unnoticed
        assert median(late) <= 0.45 + transit
    assert sent >= 0.5 * min(rate, sum(sizes) / len(sizes) / PERIOD) * seconds - max(sizes) - CAPACITY


@pytest.mark.parametrize("rate", [2e3, 2e4, 1e5])
def test_the_rate_is_measured_where_writes_block(rate: float) -> None:
    drain, link, now = Drain(), Link(rate), 0.0
    assert math.isinf(drain.rate)
    for _ in range(60):
        back = link.write(PORTION, now)
        drain.took(PORTION, back - now, back)
        now = back
    assert drain.rate == pytest.approx(0.8 * rate, rel=0.02)
    wait = drain.wait(now)
    assert link.level - rate * wait <= 0.151 * rate or rate > CAPACITY / 0.15
    drain.took(PORTION, 30.0, now + 30)  # nobody read: that says nothing about a rate
    assert drain.rate == pytest.approx(0.8 * rate, rel=0.5)


def test_a_faster_link_is_found_again() -> None:
    drain, now = Drain(), 0.0
    for _ in range(60):
        now += 0.05
        drain.took(PORTION, 0.05, now)
    slow = drain.rate
    drain.wait(now + 10)
    assert drain.rate == slow  # for a while it stays
    drain.wait(now + 32)
    assert slow < drain.rate < 10 * slow
    for second in range(100):
        drain.wait(now + 32 + second)
    assert math.isinf(drain.rate)


def answering() -> Pacing:
    pacing = Pacing()
    pacing.asked(0.0)
    pacing.answered(0.01)
    return pacing


def test_two_on_their_way_and_two_more_for_a_key() -> None:
    pacing = answering()
    for at in (1.0, 1.05):
        assert pacing.wait(at) == 0
        pacing.painted(100, at)
        pacing.asked(at)
    assert math.isinf(pacing.wait(1.1))
    assert math.isinf(pacing.wait(1.1, for_key=True))
    pacing.alive(1.1)
    assert math.isinf(pacing.wait(1.1))
    assert pacing.wait(1.1, for_key=True) == 0
    assert math.isinf(pacing.wait(1.7, for_key=True))
    pacing.asked(1.2)
    assert pacing.wait(1.2, for_key=True) == 0
    pacing.asked(1.25)
    assert math.isinf(pacing.wait(1.3, for_key=True))
    pacing.answered(1.75)
    assert pacing.lag == pytest.approx(0.75)
    for _ in range(3):
        pacing.answered(1.76)
    assert 0 < pacing.wait(1.8) < 1  # late by its own queue: a rest
    assert pacing.wait(2.8) == 0


@pytest.mark.parametrize("lost", [False, True])
def test_silence_ends_with_an_answer_or_a_key_and_is_never_for_ever(lost: bool) -> None:
    pacing = answering()
    for at in (1.0, 1.05):
        pacing.painted(100, at)
        pacing.asked(at)
    assert not pacing.silent(2.0)
    assert pacing.silent(4.0)
    assert math.isinf(pacing.wait(4.0))
    pacing.alive(4.0)
    assert pacing.wait(4.1) == 0
    pacing.painted(100, 4.1)
    pacing.asked(4.1)
    assert math.isinf(pacing.wait(4.7))
    pacing.asked(7.0, 10)
    if lost:
        pacing.answered(30.0, 10)
    else:
        pacing.answered(30.0)
        assert math.isinf(pacing.wait(30.0))  # one of three
        pacing.answered(30.0)
        pacing.answered(30.0)
        assert not math.isinf(pacing.wait(30.0))
        pacing.answered(30.0, 10)
    assert math.isfinite(pacing.wait(30.0))
    assert not pacing.silent(40.0)
    pacing.asked(41.0)
    pacing.answered(41.02)
    assert pacing.lag == pytest.approx(0.02)  # nothing is left that is taken for an answer to something else


def test_a_terminal_that_answers_no_more_but_has_keys_is_taken_by_what_blocks() -> None:
    pacing = answering()
    pacing.asked(1.0)
    pacing.alive(12.0)
    assert not pacing.answers
    assert pacing.wait(12.0) == 0
    pacing.took(1024, 0.0, 12.0, backlog=5)
    assert math.isinf(pacing.wait(12.0))
    pacing.answered(13.0)
    assert pacing.answers


def test_rates_of_the_last_two_seconds() -> None:
    pacing = Pacing()
    for turn in range(100):
        pacing.painted(200, turn / 10)
    frames, sent = pacing.rates(9.9)
    assert frames == pytest.approx(10, rel=0.06)
    assert sent == pytest.approx(2000, rel=0.06)
    assert pacing.rates(12.0) == (0, 0)
