"""A script that is watched cannot tell: everything is compared with what plain `python` makes of the same script."""

import difflib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# The stand-in for the watcher writes down what it is told, beside the log.
LAUNCH = """
import sys
from pathlib import Path
from rnn_tui.engine.watch import run_script

class Watch:
    def __init__(self, options, listener, output):
        self.notes = options.log.with_suffix(".notes")
        self.note(f"watching {' '.join(options.script)}")
    def note(self, text):
        with self.notes.open("a") as file:
            file.write(text + "\\n")
    def script_ended(self, code, problem):
        left = Path("left.txt")
        if left.exists():
            self.note(f"left open: {left.read_text()}")
        self.note(f"ended {code} {problem}")

run_script.main(Watch)
"""


@dataclass
class Done:
    code: int
    out: str
    err: str
    notes: list[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for both alike
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    return tmp_path


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "engine.sock"))
        listener.listen()
        yield listener


def plain(*arguments: str, feed: str = "") -> Done:
    done = subprocess.run([sys.executable, *arguments], input=feed, capture_output=True, text=True, check=False)
    return Done(done.returncode, without_addresses(done.stdout), without_addresses(done.stderr), [])


def watched(*arguments: str, feed: str = "") -> Done:
    with tempfile.TemporaryDirectory() as name, listening(Path(name)) as listener:
        log, lock = Path(name) / "watch.log", os.open(Path(name) / "lock", os.O_CREAT | os.O_RDWR)
        command = [sys.executable, "-c", LAUNCH, str(listener.fileno()), "train", str(log), f"--lock={lock}"]
        done = subprocess.run(
            [*command, "--", *arguments],
            input=feed,
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[listener.fileno(), lock],
        )
        os.close(lock)
        notes = log.with_suffix(".notes")
        assert not log.exists() or "Traceback" not in log.read_text()
        told = notes.read_text().splitlines() if notes.exists() else []
        return Done(done.returncode, without_addresses(done.stdout), without_addresses(done.stderr), told)


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+|started \d+", "…", text)


def same(*arguments: str, feed: str = "") -> Done:
    """Run it both ways; fail unless output, errors and exit code or signal are the same."""
    expected, found = plain(*arguments, feed=feed), watched(*arguments, feed=feed)
    differences = list(
        difflib.unified_diff(expected.out.splitlines(), found.out.splitlines(), "python", "watched", n=0)
    )
    assert not differences, "\n".join(differences)
    assert (found.err, found.code) == (expected.err, expected.code)
    return found


def write(path: Path | str, text: str) -> str:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), "utf-8")
    return str(path)


def fake_torch() -> None:
    """A module of that name beside the script: what matters is that it is imported, and real torch takes seconds."""
    write("torch.py", "__version__ = 'none'\n")


ABOUT = """
    import inspect, os, signal, sys, threading, warnings
    import __main__
    print(__name__, __file__, __package__, __spec__, __cached__, type(__loader__), __doc__, sorted(globals()))
    print(sys.argv, sys.path, sys.orig_argv, sys.flags, sys.warnoptions, warnings.filters, sys.meta_path[-3:])
    print(__main__ is sys.modules["__main__"], __main__.__dict__ is globals(), threading.current_thread())
    print(os.getcwd(), sorted(os.environ.items()), sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())
    print({each: str(signal.getsignal(each)).split(" at ")[0] for each in signal.valid_signals()})
    print(sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors, sys.excepthook, sys.getrecursionlimit())
    print(inspect.getsource(sys.modules["__main__"]))
"""


@pytest.mark.usefixtures("folder")
def test_names_arguments_paths_environment_and_signals() -> None:
    write("train.py", ABOUT)
    write("apart/sub/train.py", ABOUT)
    os.symlink("../apart/sub/train.py", write("links/nothing", "") + ".py")
    for path in (
        "train.py",
        "./train.py",
        "apart/sub/../sub/train.py",
        "links/nothing.py",
        os.path.abspath("train.py"),
    ):
        done = same(path, "--epochs", "3", "-m", "--", "a b")
        assert "__main__" in done.out


@pytest.mark.usefixtures("folder")
def test_a_module_of_a_package_and_its_relative_imports() -> None:
    write("package/__init__.py", "print('package', __name__)\n")
    write("package/near.py", "word = 'near'\n")
    write(
        "package/train.py", f"from .near import word\nfrom . import near\n{textwrap.dedent(ABOUT)}\nprint(word, near)\n"
    )
    write("package/__main__.py", "from .near import word\nimport sys\nprint(word, sys.argv, __spec__.name)\n1 / 0\n")
    write("empty/__init__.py", "")
    assert "near" in same("-m", "package.train", "--epochs", "3").out
    assert "near" in same("-m", "package", "x").out
    assert same("-m", "empty").code == 1
    assert same("-m", "package.nothing").code == 1
    assert same("-m", "nothing").code == 1


ENDS = {
    "falls off the end": "print(1)",
    "exit": "import sys; sys.exit()",
    "exit 0": "import sys; sys.exit(0)",
    "exit 3": "import sys; sys.exit(3)",
    "exit -1": "import sys; sys.exit(-1)",
    "exit 261": "import sys; sys.exit(261)",
    "exit True": "import sys; sys.exit(True)",
    "exit text": "import sys; print('out'); sys.exit('a reason')",
    "exit list": "import sys; sys.exit([1, 2])",
    "a kind of exit": "class Own(SystemExit): pass\nraise Own(4)",
    "built-in exit": "exit(5)",
    "exit while an error is handled": "import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    sys.exit(6)",
    "os._exit": "import os; print('x', flush=True); os._exit(7)",
    "an error": "def inner():\n    raise ValueError('what')\ndef outer():\n    inner()\nouter()",
    "a chain": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
    "a group": "raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [TypeError(2)])])",
    "with notes": "error = ValueError(1); error.add_note('a note'); raise error",
    "not to be shown": "class Odd(Exception):\n    def __str__(self): raise RuntimeError\nraise Odd",
    "a syntax error": "print(1)\nif True\n    pass\n",
    "interrupted": "print(1)\nraise KeyboardInterrupt",
    "interrupted by a signal": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)",
    "ended by a signal": "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)",
    "hung up": "import os, signal, time\nos.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(60)",
    "killed": "import os, signal, time\nos.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(60)",
    "a signal that it handles": (
        "import os, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "os.kill(os.getpid(), signal.SIGTERM)"
    ),
    "a hook of its own": (
        "import sys, traceback\ndef hook(kind, error, trace):\n    print('hook', kind, error)\n"
        "    traceback.print_tb(trace)\nsys.excepthook = hook\n1 / 0"
    ),
    "a hook that exits": "import sys\nsys.excepthook = lambda *_: sys.exit(8)\n1 / 0",
    "at exit": (
        "import atexit, sys\n"
        "atexit.register(lambda: print(sys.excepthook, sys.last_value, sys.last_traceback.tb_frame))\n"
        "1 / 0"
    ),
    "an error at exit": "import atexit\natexit.register(lambda: 1 / 0)",
    "a thread goes on": (
        "import threading, time\ndef work():\n    time.sleep(0.1)\n    print('thread')\n"
        "threading.Thread(target=work).start()\nprint('main')"
    ),
    "an error in a thread": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='t').start()",
    "many lines": "for n in range(2000): print(n)",
    "other encodings": "# -*- coding: utf-8 -*-\nprint('für Elise, 中文')",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("way", ENDS)
@pytest.mark.sampled(12)
def test_it_ends_as_with_python(way: str) -> None:
    write("train.py", ENDS[way])
    same("train.py")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("way", ["exit 3", "exit text", "an error", "interrupted", "a syntax error", "not to be shown"])
def test_a_module_ends_as_with_python(way: str) -> None:
    write("train.py", ENDS[way])
    same("-m", "train")


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_not_there() -> None:
    assert same("train.py").code == 2


@pytest.mark.usefixtures("folder")
def test_a_compiled_script() -> None:
    write("train.py", "import sys\nprint(sys.argv, __name__, __file__)\n1 / 0\n")
    subprocess.run([sys.executable, "-c", "import py_compile; py_compile.compile('train.py', 'train.pyc')"], check=True)
    same("train.pyc", "x")


@pytest.mark.usefixtures("folder")
def test_stdin_is_the_scripts() -> None:
    write("train.py", "print(input(), input('? '))\nimport sys\nprint(sys.stdin.read())\ninput()\n")
    same("train.py", feed="one\ntwo\nthree\nfour\n")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_what_the_script_defines_can_be_pickled_and_used_in_other_processes(method: str) -> None:
    code = f"""
        import multiprocessing, pickle, sys
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: int

        def square(point):
            return Point(point.x ** 2)

        if __name__ == "__main__":
            print(pickle.loads(pickle.dumps(Point(3))), Point.__module__)
            context = multiprocessing.get_context("{method}")
            with context.Pool(1) as pool:
                print(pool.map(square, [Point(2), Point(3)]))
            print(sys.modules["__main__"].square is square)
    """
    write("package/__init__.py", "")
    write("package/train.py", code)
    assert "[Point(x=4), Point(x=9)]" in same("package/train.py").out
    assert "[Point(x=4), Point(x=9)]" in same("-m", "package.train").out


CHILDREN = """
    import os, subprocess, sys

    show = "import os, sys; print(sorted(os.environ), [name for name in sys.modules if 'rnn' in name])"
    for closing in (True, False):
        done = subprocess.run([sys.executable, "-c", show], close_fds=closing, capture_output=True, text=True)
        listed = subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=closing, capture_output=True, text=True)
        print(done.stdout, listed.stdout.count("socket"), listed.stdout.count("->"))
    sys.stdout.flush()  # or the child has it as well; what is watched writes lines at once, as on a terminal
    if os.fork() == 0:
        links = [f"/proc/self/fd/{number}" for number in range(3, 30)]
        print("child", [os.readlink(link) for link in links if os.path.lexists(link)])
        sys.exit(3)  # with all that is done at exit
    print(os.wait()[1])
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="/proc names what is open")
@pytest.mark.usefixtures("folder")
def test_children_know_nothing_of_it() -> None:
    write("train.py", CHILDREN)
    same("train.py")


@pytest.mark.usefixtures("folder")
@pytest.mark.long
def test_what_is_set_before_torch_is_imported_has_its_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    write(
        "train.py",
        """
        import sys
        print(*[name for name in ("torch", "numpy", "textual", "rich", "click") if name in sys.modules])
        import os
        os.environ["OMP_NUM_THREADS"] = "1"
        import torch
        print(torch.get_num_threads(), torch.__spec__.loader, torch.__loader__ is torch.__spec__.loader)
        print(sys.meta_path[0])
        left = open("left.txt", "w")
        left.write("not closed")
        raise ValueError("why")
        """,
    )
    found = same("train.py")
    assert found.out.startswith("\n1 ")
    assert found.notes == ["watching train.py", "left open: not closed", "ended 1 ValueError: why"]


@pytest.mark.usefixtures("folder")
def test_the_end_comes_after_the_scripts_threads_and_exit_functions() -> None:
    fake_torch()
    write(
        "train.py",
        """
        import atexit, sys, threading, time, torch
        def work():
            time.sleep(0.2)
            open("left.txt", "w").write("thread")
        threading.Thread(target=work).start()
        atexit.register(lambda: open("left.txt", "a").write(" exit"))
        sys.exit(4)
        """,
    )
    found = watched("train.py")
    assert found.code == 4
    assert found.notes == ["watching train.py", "left open: thread exit", "ended 4 "]


@pytest.mark.usefixtures("folder")
def test_a_fork_of_a_watched_script_has_no_end_of_its_own() -> None:
    fake_torch()
    write("train.py", "import os, sys, torch\nif os.fork() == 0:\n    sys.exit(7)\nprint(os.wait()[1] >> 8)\n")
    found = watched("train.py")
    assert (found.code, found.out) == (0, "7\n")
    assert found.notes == ["watching train.py", "ended 0 "]


@pytest.mark.usefixtures("folder")
def test_children_that_import_torch_are_not_watched() -> None:
    fake_torch()
    write(
        "train.py",
        """
        import multiprocessing, os

        def work():
            import torch
            print("torch in a child", torch.__version__)

        if __name__ == "__main__":
            for method in ("fork", "spawn"):
                child = multiprocessing.get_context(method).Process(target=work)
                child.start()
                child.join()
            if os.fork() == 0:
                work()
                raise SystemExit(0)
            os.wait()
        """,
    )
    found = watched("train.py")
    assert found.out.count("torch in a child none") == 3
    assert found.notes == []


@pytest.mark.usefixtures("folder")
def test_a_watch_that_fails_leaves_the_script_alone() -> None:
    fake_torch()
    write("train.py", "import torch, sys\nprint('trained')\nsys.exit(5)\n")
    with tempfile.TemporaryDirectory() as name, listening(Path(name)) as listener:
        log = Path(name) / "watch.log"
        code = "from rnn_tui.engine.watch import run_script\nrun_script.main(lambda *_: 1 / 0)"
        done = subprocess.run(
            [sys.executable, "-c", code, str(listener.fileno()), "train", str(log), "--", "train.py"],
            capture_output=True,
            text=True,
            check=False,
            pass_fds=[listener.fileno()],
        )
        assert (done.stdout, done.stderr, done.returncode) == ("trained\n", "", 5)
        assert "ZeroDivisionError" in log.read_text()


@pytest.mark.usefixtures("folder")
def test_an_interrupt_from_outside_reaches_the_script() -> None:
    write(
        "train.py",
        """
        import time
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("saved")
            raise
        """,
    )
    with tempfile.TemporaryDirectory() as name, listening(Path(name)) as listener:
        command = [sys.executable, "-m", "rnn_tui.engine.watch.run_script", str(listener.fileno()), "train"]
        process = subprocess.Popen(
            [*command, str(Path(name) / "watch.log"), "--", "train.py"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (out, process.returncode) == ("saved\n", -signal.SIGINT)
        assert err.endswith("KeyboardInterrupt\n")
        assert "rnn_tui" not in err


@pytest.mark.usefixtures("folder")
def test_both_streams_keep_their_order() -> None:
    write("train.py", "import sys\nfor n in range(50):\n    print(n)\n    print(n, file=sys.stderr)\n")
    with tempfile.TemporaryDirectory() as name, listening(Path(name)) as listener:
        log = Path(name) / "watch.log"
        with log.with_suffix(".out").open("ab") as output:
            subprocess.run(
                [sys.executable, "-c", LAUNCH, str(listener.fileno()), "train", str(log), "--", "train.py"],
                stdout=output,
                stderr=output,
                check=True,
                pass_fds=[listener.fileno()],
            )
        assert log.with_suffix(".out").read_text().split() == [str(n) for n in range(50) for _ in "oe"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("sys.exit('a reason')", "ended 1 a reason"),
        ("sys.exit(-1)", "ended 255 "),
        ("sys.exit(261)", "ended 5 "),
        ("sys.exit()", "ended 0 "),
        ("raise KeyboardInterrupt", "ended 130 KeyboardInterrupt"),
        ("{}['key']", "ended 1 KeyError: 'key'"),
    ],
)
def test_the_watch_hears_how_the_script_ends(end: str, told: str) -> None:
    fake_torch()
    write("train.py", f"import sys, torch\n{end}\n")
    assert same("train.py").notes == ["watching train.py", told]
