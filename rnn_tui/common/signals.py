"""The signals that end a process: which of them a program can answer by leaving things in order."""

import signal

__all__ = ["ENDING"]

_OTHERS = (
    *("KILL", "STOP"),  # nobody can answer these
    *("SEGV", "BUS", "FPE", "ILL", "SYS", "TRAP"),  # a bug: the program is in no state to go on
    *("CHLD", "CONT", "URG", "WINCH", "TSTP", "TTIN", "TTOU"),  # they end nothing
    *("PIPE", "XFSZ"),  # Python ignores them, and writing fails with an error instead
)


def _ending() -> tuple[int, ...]:
    others = {getattr(signal, f"SIG{name}", None) for name in _OTHERS}
    return tuple(sorted(int(number) for number in signal.valid_signals() - others))


ENDING = _ending()  # by number; also those that have no name
