"""`rnn-tui watch`: whose an option is, what is refused, and the exit code that is passed on."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from rnn_tui.cli.main import main
from rnn_tui.protocol.engine_folders import EnginesError
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import ViewSettings


class FakeLink:
    """A script that has ended, or goes on."""

    has_ended = False
    output = Path("/log/a.out")
    ends: int | None = 0

    def exit_code(self, *, patience: float) -> int | None:
        assert patience == (10.0 if self.has_ended else 0.0)
        return self.ends

    def close(self) -> None:
        pass


class Calls:
    """What is started, and what is shown."""

    def __init__(self) -> None:
        self.link = FakeLink()
        self.script: list[str] = []
        self.options: list[str] = []
        self.on_hangup = ""
        self.stdin: Any = None
        self.processes = 0
        self.launch: LaunchOptions | None = None
        self.code = 0
        self.error: Exception | None = None


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A folder with a script, a terminal, and a link and an app that only note how they are called."""
    found = Calls()

    def start_script(
        script: list[str], options: list[str], *, on_hangup: str, stdin: int | None, processes: int
    ) -> FakeLink:
        if found.error is not None:
            raise found.error
        found.script, found.options, found.on_hangup, found.processes = script, options, on_hangup, processes
        found.stdin = None if stdin is None else os.fstat(stdin)
        return found.link

    def run_app(link: FakeLink, launch: LaunchOptions) -> int:
        assert link is found.link
        found.launch = launch
        return found.code

    start, app = ModuleType("rnn_tui.client.start"), ModuleType("rnn_tui.view.app.run")
    start.__dict__["start_script"], app.__dict__["run_app"] = start_script, run_app
    monkeypatch.setitem(sys.modules, "rnn_tui.client.start", start)
    monkeypatch.setitem(sys.modules, "rnn_tui.view.app.run", app)
    monkeypatch.setattr("rnn_tui.cli.watch.need_terminal", lambda _: None)
    monkeypatch.setattr("os.isatty", lambda _: True)
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print(1)\n")
    Path("package/inner").mkdir(parents=True)
    for name in ("__init__", "train", "inner/__init__"):
        Path(f"package/{name}.py").write_text("raise RuntimeError('it was run')\n")
    Path("app").mkdir()
    Path("app/__init__.py").touch()
    Path("app/__main__.py").touch()
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["watch", *arguments])


def refused(*arguments: str) -> str:
    """The one line that a command is refused with."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("rnn-tui: ")


def test_several_processes_may_run_it(calls: Calls) -> None:
    assert run("--processes", "2", "train.py").exit_code == 0
    assert calls.processes == 2
    assert "--processes" not in " ".join(calls.options)
    assert run("train.py").exit_code == 0
    assert calls.processes == 1
    most = 8 * (os.cpu_count() or 1)
    refused = run("--processes", str(most + 1), "train.py")
    assert refused.exit_code == 2
    assert f"--processes {most + 1}: is too many: this machine has " in refused.stderr
    assert refused.stderr.endswith(f"at most {most}\n")
    assert "must be a whole number, 1 or more" in run("--processes", "0", "train.py").stderr


def test_options_before_the_script_are_ours_and_all_after_it_are_its_own(calls: Calls) -> None:
    mine = ["--epochs", "3", "--fps", "7", "--help", "-m", "x", "--", "--paused", "--read-only=1", ""]
    assert run("--fps", "5", "--on-hangup=pause", "--paused", "--history", "1M", "train.py", *mine).exit_code == 0
    assert calls.script == ["train.py", *mine]
    assert calls.options == ["--history=1048576", "--paused"]
    assert calls.on_hangup == "pause"
    assert calls.launch is not None
    assert calls.launch.view_settings == ViewSettings(fps=5.0, on_hangup="pause")
    assert calls.launch.paused
    assert calls.launch.subject is not None
    assert calls.launch.subject.script == "train.py --epochs 3 --fps 7 --help -m x -- --paused --read-only=1 ''"
    assert set(calls.launch.subject.can) == {"hold", "step", "speed", "breakpoints", "back", "log"}


def test_breakpoints_are_given_on(calls: Calls) -> None:
    assert run("--until", " loss < 2.7", "--until=nan", "--until", "tick=300", "train.py", "--until=x").exit_code == 0
    assert calls.options[1:] == ["--until=loss<2.7", "--until=nan", "--until=tick=300"]
    assert calls.script == ["train.py", "--until=x"]
    assert calls.launch is not None
    assert calls.launch.experiment.run.until == (
        "loss<2.7",
        "nan",
        "tick=300",
    )  # B shows them before the script is there


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--until", "soon"], "--until 'soon' is no breakpoint"),
        (
            ["--until", "learnt"],
            "--until 'learnt' is no breakpoint: it must be loss<2.7, jump>0.5, grad>10, nan or tick=300",
        ),
        (["--until", "epoch=3"], "--until 'epoch=3' is no breakpoint: it must be loss"),
        (["--read-only", "--until", "nan"], "--until: --read-only never holds the script"),
    ],
)
def test_breakpoints_that_cannot_be(words: list[str], problem: str, calls: Calls) -> None:
    assert refused(*words, "train.py").startswith(problem)
    assert not calls.script


@pytest.mark.parametrize("words", [["-m", "app"], ["-mapp"], ["-m", "app.__main__"]])
def test_a_module_and_its_arguments(calls: Calls, words: list[str]) -> None:
    assert run("--read-only", *words, "--paused", "-m", "x").exit_code == 0
    name = words[-1].removeprefix("-m")
    assert calls.script == ["-m", name, "--paused", "-m", "x"]
    assert calls.options == ["--history=268435456", "--read-only"]
    assert calls.launch is not None
    assert calls.launch.subject is not None
    assert set(calls.launch.subject.can) == {"back", "log"}


def test_two_dashes_end_our_options(calls: Calls) -> None:
    Path("--paused").write_text("")
    assert run("--", "--paused", "--", "x").exit_code == 0
    assert calls.script == ["--paused", "--", "x"]


@pytest.mark.usefixtures("calls")
def test_what_cannot_be_run_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused().startswith("no script: `rnn-tui watch train.py`")
    assert refused("--fps", "5").startswith("no script: ")
    assert refused("nothing.py") == "nothing.py: no such file"
    assert refused("train") == "train: no such file; nearest: train.py"
    assert refused("package.train") == (
        "package.train: no such file; there is a module of that name: `rnn-tui watch -m package.train`"
    )
    assert refused("package") == "package: is a folder, not a script"
    assert refused("app") == "app: is a folder, not a script: `rnn-tui watch -m app`"
    os.mkfifo("pipe.py")
    assert refused("pipe.py") == "pipe.py: is not a file"
    assert refused("a\nb") == "a⏎b: no such file"
    assert refused("-m") == "-m: needs a module: `rnn-tui watch -m package.train`"
    assert refused("-m", "nothing") == "-m nothing: no module of that name is found from here"
    assert refused("-m", "package.nothing") == "-m package.nothing: no module of that name is found from here"
    assert refused("-m", "package.inner").startswith("-m package.inner: is a package without a __main__ module")
    assert refused("-m", "train.py") == "-m train.py: no module of that name is found from here"
    assert refused("-m", "./train.py") == (
        "-m ./train.py: is not the name of a module; `rnn-tui watch ./train.py` runs a file"
    )
    assert refused("--epochs", "3", "train.py") == (
        "--epochs: no such option of rnn-tui watch; those of the script come after its name"
    )
    assert refused("--paused", "--read-only", "train.py") == "--paused: --read-only never holds the script"
    assert refused("--fps", "x", "train.py") == "--fps x: must be a number from 0.1 to 120"
    assert refused("--fps") == "--fps: needs a value"
    assert refused("train.py", "\udcff") == "�: is not UTF-8"
    monkeypatch.setattr("os.access", lambda *_: False)
    assert refused("train.py") == "train.py: cannot be read: permission denied"


@pytest.mark.usefixtures("calls")
def test_modules_are_looked_for_without_running_any(calls: Calls) -> None:
    assert run("-m", "package.train").exit_code == 0
    assert calls.script == ["-m", "package.train"]
    assert run("-m", "json.tool").exit_code == 0
    assert run("-m", "this").exit_code == 0
    assert "package" not in sys.modules
    assert os.getcwd() not in sys.path


def test_a_vocabulary_is_checked_before_anything_begins(calls: Calls) -> None:
    Path("words.txt").write_text("the\nof\n")
    Path("bad.json").write_text("{")
    assert run("--vocabulary", "words.txt", "train.py").exit_code == 0
    assert f"--vocabulary={os.path.abspath('words.txt')}" in calls.options
    assert refused("--vocabulary", "bad.json", "train.py").startswith("--vocabulary bad.json: is not JSON: ")
    assert refused("--vocabulary", "nothing", "train.py") == (
        "--vocabulary nothing: cannot be read: No such file or directory"
    )


def test_without_a_terminal_what_works_is_said(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnn_tui.cli.terminal import need_terminal

    monkeypatch.setattr("rnn_tui.cli.watch.need_terminal", need_terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert refused("train.py", "--epochs", "3") == (
        "the view needs a terminal; `python train.py --epochs 3` works without one"
    )
    monkeypatch.setenv("TERM", "dumb")
    assert "use `python -m app x`" in refused("-m", "app", "x")
    assert calls.script == []


def test_no_engine_can_be_started(calls: Calls) -> None:
    calls.error = EnginesError("/tmp/x: cannot be made")
    assert refused("train.py") == "/tmp/x: cannot be made"


@pytest.mark.parametrize(
    ("ended", "ends", "view", "code"),
    [
        (True, 0, 0, 0),
        (True, 3, 0, 3),
        (True, 120, 0, 120),
        (True, -2, 0, 130),
        (False, -9, 0, 137),  # it has gone without a word
        (False, 7, 1, 7),
        (False, None, 0, 0),  # left running
        (False, None, 129, 129),  # the terminal has been closed
        (False, -15, 143, 143),  # SIGTERM to the view has ended both
        (True, None, 0, 0),  # another view still looks at its end
    ],
)
def test_the_exit_code_is_passed_on(calls: Calls, ended: bool, ends: int | None, view: int, code: int) -> None:
    calls.link.has_ended, calls.link.ends, calls.code = ended, ends, view
    result = run("train.py")
    assert result.exit_code == code
    assert result.stdout == "Output: /log/a.out\n"


def test_a_pipe_is_the_scripts_and_the_keyboard_is_the_views(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptor 0 is put back afterwards: it is the test's own."""
    read, write = os.pipe()
    before, stdin = os.dup(0), sys.stdin
    leader, follower = os.openpty()
    real = os.open
    monkeypatch.setattr("os.isatty", lambda _: False)
    monkeypatch.setattr("os.open", lambda path, *rest: os.dup(follower) if path == "/dev/tty" else real(path, *rest))
    shown = []
    monkeypatch.setattr("rnn_tui.cli.watch.need_terminal", lambda _: shown.append(os.fstat(0)))
    try:
        os.dup2(read, 0)
        assert run("train.py").exit_code == 0
        assert os.path.samestat(calls.stdin, os.fstat(read))
        assert os.path.samestat(shown[0], os.fstat(follower))
    finally:
        os.dup2(before, 0)
        sys.stdin = stdin
        for each in (before, read, write, leader, follower):
            os.close(each)


def test_help_and_completion() -> None:
    text = run("--help").stdout
    assert "rnn-tui watch [OPTIONS] SCRIPT [ARGS]... | -m MODULE [ARGS]..." in " ".join(text.split())
    for word in ("--vocabulary FILE", "--read-only", "-m MODULE", "--paused", "--history SIZE", "--on-hangup WORD"):
        assert word in text, word
    assert "rnn-tui watch SCRIPT [ARGS]" in CliRunner().invoke(main, ["--help"]).stdout

    def offered(*words: str) -> list[tuple[str, str]]:
        shell = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
        return [(each.type, each.value) for each in shell.get_completions(list(words[:-1]), words[-1])]

    assert ("plain", "--read-only") in offered("watch", "--re")
    assert ("file", "tr") in offered("watch", "tr")
    assert ("file", "tr") in offered("watch", "--fps", "5", "tr")
    assert offered("watch", "train.py", "--re") == [("file", "--re")]
    assert offered("watch", "train.py", "--data", "x") == [("file", "x")]
    assert ("file", "wo") in offered("watch", "--vocabulary", "wo")
    assert ("plain", "pause") in offered("watch", "--on-hangup", "pa")
    assert ("plain", "watch") in offered("wat")
