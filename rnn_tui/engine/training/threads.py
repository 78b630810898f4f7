"""How many threads torch uses while a run trains on a CPU: measured on the run itself, and measured again.

The time of a pass depends on their number; its losses must not. On an idle machine all cores are faster for a large
network. Beside other programs a team waits for its slowest member at every operation, and can be ten times slower than
one thread. So a run begins on one thread, tries more now and then, and comes back.

Sums that are split among threads differ in their last digits, and which are split depends on the sizes: for some
networks the gradients are the same to the bit with any number of threads, for others not. So a number is used only
after it has given the same gradients of the run's own network and batch as one thread does. Where no other number does,
or sizes change from pass to pass, the run keeps to one thread, unless --threads asks for more.
"""

import contextlib
import os
import statistics
from collections.abc import Callable, Iterator

import torch

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment

__all__ = ["ThreadTuner", "build_tuner", "choose_threads", "fills_cores", "on_one_thread", "same_bits"]

_WORTH_A_TEAM = 1_000_000  # weights x rows: below, one thread is up to three times as fast as two
_MOST = torch.get_num_threads()
_WARM_UP = 2  # passes that also allocate memory and choose kernels
_SAMPLE = 0.03  # seconds of training at least that make a sample
_PAIRS = 3  # samples of each number of threads that decide a trial
_CLEAR = (0.75, 1.1)  # ratio of a pair of samples that decides at once: better, worse
_BETTER = 0.95  # ratio that is worth more threads
_SLOWED = 1.5  # times as long as expected: something has changed
_SHORTEST_WAIT = 0.5  # seconds of training between two trials
_FIRST_WAIT = 0.2
_SHARE = 0.02  # of the training time that trials may cost
_LONGEST_WAIT = 60.0  # seconds


def choose_threads(experiment: Experiment) -> None:
    """Set the number of threads that a run asks for; one, if it leaves that to its tuner."""
    torch.set_num_threads(experiment.run.threads or 1)


def fills_cores() -> bool:
    """Tell whether torch uses every core that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return torch.get_num_threads() >= usable


def build_tuner(trainer: Trainer) -> "ThreadTuner | None":
    """Build a tuner for a run on a CPU that leaves the number of threads to it.

    None for a small network, for which one thread is fastest, for a single row, whose products of a matrix and a vector
    are shared out, for rows that are packed by their lengths, whose sizes change, and beside other processes.
    """
    experiment = trainer.experiment
    large = experiment.weights * experiment.rows >= _WORTH_A_TEAM and experiment.rows > 1
    packed = experiment.data.padded and experiment.network.bidirectional
    shared = trainer.dataset.rows < trainer.dataset.all_rows
    if experiment.run.threads or _MOST == 1 or trainer.device.type != "cpu" or not large or packed or shared:
        return None
    return ThreadTuner(_MOST, agrees=lambda number: same_bits(trainer, number))


def same_bits(trainer: Trainer, number: int) -> bool:
    """Tell whether so many threads give the gradients of the trainer's batch that one does, to the bit."""
    if not trainer.learns or trainer.unit != "sequence":
        return False
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, number):
            torch.set_num_threads(threads)
            found.append(trainer.fresh_gradients())
    finally:
        torch.set_num_threads(before)
    return all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@contextlib.contextmanager
def on_one_thread(tuner: "ThreadTuner | None") -> Iterator[None]:
    """Compute on one thread what has other sizes than the batches, where a tuner may have set more."""
    if tuner is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class ThreadTuner:
    """Chooses the number of threads from the seconds that passes take. Times are seconds spent training.

    A trial gives samples to the current number of threads and to a neighbouring one (half or twice as many) in turns,
    so that a noisy machine disturbs both alike.
    """

    def __init__(
        self,
        most: int,
        use: Callable[[int], None] = torch.set_num_threads,
        *,
        agrees: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """Begin on one thread; `most`, 2 or more, is the number of usable cores; `use` sets the threads for the future.

        `agrees` tells whether a number of threads gives the same bits as one; it is asked before the number is tried.
        """
        self._numbers: list[int] = sorted(
            {1, most, *(1 << power for power in range(most.bit_length()) if 1 << power <= most)}
        )
        self._place = 0  # of the current number among them
        self._use = use
        self._agrees = agrees
        self._proven = {1}
        self._skip = _WARM_UP
        self._seconds, self._passes = 0.0, 0  # of the sample under way
        self._expected: float | None = None  # seconds a pass takes with the current number
        self._since = 0.0  # seconds since the last trial
        self._wait = _FIRST_WAIT
        self._setbacks = 0  # trials won that did not hold, one after the other
        self._upward = True  # where the next trial goes, if both neighbours are there
        self._other: int | None = None  # place of the number on trial
        self._cost = 0.0  # seconds that the trial has lost
        self._tried: list[float] = []  # seconds a pass, with the number on trial
        self._usual: list[float] = []  # and with the current one, in turns with those

    @property
    def threads(self) -> int:
        """The current number."""
        return self._numbers[self._place]

    def pass_took(self, seconds: float) -> None:
        """Take note of one pass and its update, all with the number of threads that was set last."""
        if self._skip:
            self._skip -= 1
            return
        if len(self._numbers) == 1:
            return
        self._since += seconds
        self._seconds += seconds
        self._passes += 1
        if self._seconds < _SAMPLE:
            return
        sample, passes = self._seconds / self._passes, self._passes
        self._seconds, self._passes = 0.0, 0
        if self._other is None:
            self._watch(sample)
        else:
            self._judge(sample, passes, self._other)

    def _watch(self, sample: float) -> None:
        """Begin a trial when one is due, or when passes suddenly take longer."""
        slowed = self._place > 0 and self._expected is not None and sample > _SLOWED * self._expected
        if slowed:
            self._upward = False
        elif self._expected is None or sample < self._expected:
            self._expected = sample
        else:
            self._expected += (sample - self._expected) / 8
        if slowed or self._since >= self._wait:
            self._begin_trial()

    def _begin_trial(self) -> None:
        up, down = self._place + 1, self._place - 1
        other = up if (self._upward and up < len(self._numbers)) or down < 0 else down
        number = self._numbers[other]
        if number not in self._proven and not self._agrees(number):
            del self._numbers[other:]
            self._since = 0.0
            return
        self._proven.add(number)
        self._other = other
        self._tried, self._usual, self._cost = [], [], 0.0
        self._use(number)

    def _judge(self, sample: float, passes: int, other: int) -> None:
        """Take a sample of the trial; decide as soon as it is clear."""
        if len(self._tried) == len(self._usual):
            self._tried.append(sample)
            self._cost += passes * max(0.0, sample - (self._expected or sample))
            hopeless = self._expected is not None and other > self._place and sample > _SLOWED * self._expected
            if hopeless:
                self._end_trial(other, won=False)
            else:
                self._use(self.threads)
            return
        self._usual.append(sample)
        ratio = statistics.median(self._tried) / statistics.median(self._usual)
        better, worse = _CLEAR
        if len(self._usual) == _PAIRS or ratio < better or ratio > worse:
            self._end_trial(other, won=ratio < (_BETTER if other > self._place else 1.0))
        else:
            self._use(self._numbers[other])

    def _end_trial(self, other: int, *, won: bool) -> None:
        fewer = other < self._place
        if won:
            self._expected = statistics.median(self._tried)
            self._setbacks += fewer
            self._upward = not fewer
            self._place = other
        else:
            if self._usual:
                self._expected = statistics.median(self._usual)
            if fewer:
                self._setbacks = 0  # what was won has held
            self._upward = fewer
        self._wait = min(_LONGEST_WAIT, max(_SHORTEST_WAIT, self._cost / _SHARE) * 2**self._setbacks)
        self._since, self._other = 0.0, None
        self._use(self.threads)
