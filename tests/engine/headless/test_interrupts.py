"""Signals that end a run: the first is noted, the second ends the program, and afterwards all is as it was."""

import os
import signal

import pytest

from rnn_tui.engine.headless.progress_lines import Interrupts


def test_the_first_is_noted_and_the_second_ends_the_program() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.seen == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_afterwards_signals_do_what_they_did_before() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
        with Interrupts():
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert [signal.getsignal(number) for number in numbers] == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_IGN]
    finally:
        for number, each in zip(numbers, before, strict=True):
            signal.signal(number, each)
