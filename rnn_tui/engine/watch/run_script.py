"""Run a script as `python SCRIPT ARGS` would, in this process, and let it be watched.

    python -m rnn_tui.engine.watch.run_script FD ON_HANGUP LOG [OPTIONS] -- SCRIPT ARGS
    python -m rnn_tui.engine.watch.run_script FD ON_HANGUP LOG [OPTIONS] -- -m MODULE ARGS

FD is a listening Unix-domain socket, inherited, or the path where `rank_socket` offers one; LOG is the log of the watch
itself. What the script prints goes to the file beside it. Nothing is imported before the script runs but the standard
library: what a script sets before it imports torch, such as OMP_NUM_THREADS, must still have its effect. The watch
begins when the script has imported torch.
"""

import atexit
import contextlib
import gc
import io
import logging
import os
import shlex
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from rnn_tui.engine.watch.main_module import file_runner, hide_our_frames, module_runner
from rnn_tui.engine.watch.rank_socket import borrow
from rnn_tui.protocol.engine_log import output_beside
from rnn_tui.protocol.rendezvous import ON_DISCONNECT, OnDisconnect
from rnn_tui.runs.script_output import ScriptOutput

__all__ = ["ScriptOptions", "Watch", "main"]

_log = logging.getLogger("rnn_tui.engine.watch")


@dataclass(frozen=True)
class ScriptOptions:
    """How a script is watched."""

    script: tuple[str, ...]  # SCRIPT and its arguments, or -m, MODULE and its arguments
    on_hangup: OnDisconnect = "train"
    log: Path = Path(os.devnull)
    lock: int = -1  # the descriptor that holds the engine's folder
    read_only: bool = False
    paused: bool = False  # hold at the first update
    until: tuple[str, ...] = ()  # breakpoints
    vocabulary: str = ""  # a file
    history: int | None = None  # bytes; None: as many as runs have
    reads_output: bool = True  # whether this process shows what is printed, and bounds the file


# Rank 0 holds the script for all: the others wait for it.
_OF_OTHER_RANKS: dict[str, Any] = {"paused": False, "until": (), "reads_output": False}


class Watch(Protocol):
    """Watches the training in this process, and serves views; see `watcher.py`."""

    def script_ended(self, code: int, problem: str) -> None:
        """Show how the script has ended, and return when no view needs that any more."""


MakeWatch = Callable[[ScriptOptions, socket.socket, ScriptOutput | None], Watch]


def main(make_watch: MakeWatch | None = None) -> None:
    """Run the script that the command line names; exit as it does."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder that we are in: what we import does not come from there
    options = _options(sys.argv[2:])
    if sys.argv[1].isdecimal():
        listener = socket.socket(fileno=int(sys.argv[1]))
    else:
        listener, lock = borrow(sys.argv[1])
        options = replace(options, lock=lock, **({} if os.environ.get("RANK") == "0" else _OF_OTHER_RANKS))
    listener.set_inheritable(False)
    if options.lock >= 0:
        os.set_inheritable(options.lock, False)
    _begin_log(options.log)
    output = _begin_output(options.log) if options.reads_output else None
    attendance = _Attendance(options, listener, output, make_watch or _watcher)
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # as on a terminal: both streams in their order, and soon
    sys.orig_argv[1:] = options.script
    if options.script[0] == "-m":
        _run(attendance, module_runner(options.script[1], list(options.script[2:])))
    else:
        _run(attendance, file_runner(list(options.script)))


def _options(arguments: list[str]) -> ScriptOptions:
    cut = arguments.index("--")
    on_hangup, log, *rest = arguments[:cut]
    given: dict[str, Any] = {}
    for each in rest:
        name, _, value = each.removeprefix("--").partition("=")
        given[name.replace("-", "_")] = value
    return ScriptOptions(
        script=tuple(arguments[cut + 1 :]),
        on_hangup=next(word for word in ON_DISCONNECT if word == on_hangup),
        log=Path(log),
        lock=int(given.get("lock", -1)),
        read_only="read_only" in given,
        paused="paused" in given,
        until=tuple(each.removeprefix("--until=") for each in rest if each.startswith("--until=")),
        vocabulary=given.get("vocabulary", ""),
        history=int(given["history"]) if "history" in given else None,
    )


def _begin_log(path: Path) -> None:
    """Write what we log to a file of ours. The script's own logging, and what it prints, have nothing of it."""
    ours = logging.getLogger("rnn_tui")
    ours.propagate = False
    ours.setLevel(logging.INFO)
    with contextlib.suppress(OSError):
        handler = logging.FileHandler(path, delay=True, encoding="utf-8", errors="backslashreplace")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        ours.addHandler(handler)


def _begin_output(log: Path) -> ScriptOutput | None:
    """Bound the file that the script prints to; None: there is none."""
    try:
        output = ScriptOutput(output_beside(log))
    except OSError:
        return None
    output.bound()
    return output


def _watcher(options: ScriptOptions, listener: socket.socket, output: ScriptOutput | None) -> Watch:
    """Return a watcher of this process that has begun. It needs torch, which is there by now."""
    from rnn_tui.data.vocabulary_file import read_vocabulary
    from rnn_tui.engine.watch.watcher import Watcher
    from rnn_tui.experiment.memory import HISTORY

    watcher = Watcher(
        script=shlex.join(options.script),
        vocabulary=read_vocabulary(options.vocabulary) if options.vocabulary else None,
        read_only=options.read_only,
        held=options.paused,
        until=options.until,
        history=HISTORY if options.history is None else options.history,
        on_hangup=options.on_hangup,
        listener=listener,
        folder=Path(listener.getsockname()).parent,
        read_log=None if output is None else output.read,
    ).start()
    atexit.unregister(watcher.close)  # which would be called before the script's own exit functions are over
    return watcher


# ---- the watch beside the script ----------------------------------------------------------------------------------


class _Attendance(MetaPathFinder):
    """Begins the watch when torch is there, and ends it after all that the script does at its exit."""

    def __init__(
        self, options: ScriptOptions, listener: socket.socket, output: ScriptOutput | None, make: MakeWatch
    ) -> None:
        self._options, self._listener, self._output, self._make = options, listener, output, make
        self._process = os.getpid()
        self._watch: Watch | None = None
        self.code, self.problem = 0, ""
        self._is_due = True
        sys.meta_path.insert(0, self)
        atexit.register(self._end)  # before anything of the script's, so it is called after that
        os.register_at_fork(after_in_child=self._part)

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find torch as ever, and begin when it has been loaded."""
        if fullname != "torch" or not self._is_due:
            return None
        self._is_due = False
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _LoadThen(spec.loader, self._begin)
        return spec

    def _begin(self) -> None:
        if os.getpid() != self._process:
            return
        try:
            self._watch = self._make(self._options, self._listener, self._output)
        except Exception:
            _log.exception("the script cannot be watched")
            self._watch = None
            self._listener.close()

    def _end(self) -> None:
        """Let views look at the end; called when the script's threads and its own exit functions are over."""
        if os.getpid() != self._process or self._watch is None:
            return
        with contextlib.suppress(BaseException):  # a signal, say
            _flush_files()
            self._watch.script_ended(self.code, self.problem)

    def _part(self) -> None:
        """Take no part in a child of the script: neither serve nor hold the socket or the lock."""
        self._is_due = False
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)
        with contextlib.suppress(OSError):
            self._listener.close()
        if self._options.lock >= 0:
            with contextlib.suppress(OSError):
                os.close(self._options.lock)


class _LoadThen(Loader):
    """Loads a module with its own loader, and then calls a function. The module does not know of it."""

    def __init__(self, loader: Loader, then: Callable[[], None]) -> None:
        self._loader, self._then = loader, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load the module, as if this loader were not there."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._then()


def _flush_files() -> None:
    """Write what files hold that the script has left open: they are closed only when the process ends."""
    for each in gc.get_objects():
        if type(each) in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):
            with contextlib.suppress(Exception):
                each.flush()


# ---- the script ---------------------------------------------------------------------------------------------------


def _run(attendance: _Attendance, run: Callable[[], object]) -> None:
    """Run the script, and leave it to Python to exit as it does after any."""
    try:
        run()
    except SystemExit as end:
        attendance.code, attendance.problem = _exit_code(end)
        raise  # Python knows what to do with any kind of it
    except BaseException as error:
        attendance.code = 130 if type(error) is KeyboardInterrupt else 1
        attendance.problem = _one_line(error)
        hide_our_frames(error, __file__)
        raise  # Python prints it, and ends by the signal if that is what it stands for


def _exit_code(end: SystemExit) -> tuple[int, str]:
    """Return the code that a process ends with, and what is printed then."""
    if end.code is None:
        return 0, ""
    return (end.code & 0xFF, "") if isinstance(end.code, int) else (1, str(end.code))


def _one_line(error: BaseException) -> str:
    try:
        return traceback.format_exception_only(error)[-1].strip()
    except Exception:  # one whose text cannot be made
        return type(error).__name__


if __name__ == "__main__":
    main()
