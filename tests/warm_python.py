"""Runs Python commands in processes that begin with torch loaded: most of what such a test waits for is its import.

They are forked from one process that has loaded it. What must not be there already, what is told by signals or reads a
terminal starts a Python of its own instead.
"""

import atexit
import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["run_python"]

_PATIENCE = 120.0  # seconds

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["torch", "tests.warm_python"])


def run_python(
    *arguments: str | Path, cwd: Path | str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Do what `python ARGUMENTS` does, with nothing on stdin: `-m MODULE`, `-c CODE` or a script, and its arguments.

    Of the environment, what the interpreter itself reads has no effect.
    """
    words = [str(each) for each in arguments]
    with tempfile.TemporaryDirectory() as folder:
        surroundings = {**os.environ, **(environment or {})}
        process = _forks.Process(target=_become, args=(words, str(cwd or Path.cwd()), surroundings, folder))
        process.start()
        process.join(_PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, _PATIENCE)
        out, err = (Path(folder, name).read_bytes().decode() for name in ("out", "err"))
    return subprocess.CompletedProcess(words, process.exitcode, out, err)


def _become(words: Sequence[str], cwd: str, environment: Mapping[str, str], folder: str) -> None:
    """Be the interpreter of these arguments, in a process of its own, and end it."""
    _open_streams(folder)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    code = _exit_code(words)
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def _open_streams(folder: str) -> None:
    """Put an empty file on stdin, and files of `folder` on stdout and stderr."""
    write = os.O_WRONLY | os.O_CREAT
    for number, (path, flags) in enumerate(
        [(os.devnull, os.O_RDONLY), (f"{folder}/out", write), (f"{folder}/err", write)]
    ):
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _exit_code(words: Sequence[str]) -> int:
    try:
        match words:
            case ["-m", module, *rest]:
                sys.argv = [module, *rest]
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            case ["-c", code, *rest]:
                sys.argv = ["-c", *rest]
                exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
            case [script, *rest]:
                sys.argv = [script, *rest]
                sys.path[0:1] = [str(Path(script).parent)]
                runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
