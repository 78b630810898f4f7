"""`import rnn_tui` is cheap and says what there is; the page of the manual about it is true."""

import ast
import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rnn_tui

PACKAGE = Path(rnn_tui.__file__).parent
PAGE = PACKAGE / "manual" / "library.md"


def loaded(code: str) -> set[str]:
    """The modules that are loaded after some code, but for those of a bare interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; before = {{*sys.modules}}\n{code}\nprint(*{{*sys.modules}} - before)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_it_loads_nothing_but_itself() -> None:
    found = loaded("import rnn_tui")
    assert {each for each in found if each.startswith("rnn_tui")} == {"rnn_tui"}
    assert found.isdisjoint({"torch", "numpy", "textual", "msgspec", "click", "asyncio"})
    assert "torch" not in loaded("from rnn_tui import LESSONS, Experiment, ExperimentError")
    assert "torch" in loaded("from rnn_tui import Run")


def test_showing_loads_the_view_only_when_there_is_a_terminal() -> None:
    code = "from rnn_tui import show\ntry: show('hihello')\nexcept RuntimeError: print('refused')"
    found = loaded(code)
    assert "refused" in found
    assert "rnn_tui.api.show" in found
    assert "textual" not in found


def test_every_name_is_there_for_readers_type_checkers_and_programs() -> None:
    tree = ast.parse(Path(rnn_tui.__file__).read_text("utf-8"))
    typed = {
        name.name: str(each.module)
        for block in tree.body
        if isinstance(block, ast.If)
        for each in block.body
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    assert set(rnn_tui.__all__) == set(typed) == set(rnn_tui._HOMES)
    assert set(rnn_tui.__all__) <= set(dir(rnn_tui))
    for name, module in typed.items():
        assert module == f"rnn_tui.{rnn_tui._HOMES[name]}"
        assert getattr(rnn_tui, name) is getattr(sys.modules[module], name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rnn_tui.nothing  # noqa: B018
    assert (PACKAGE / "py.typed").is_file()


def test_every_public_name_is_in_the_manual() -> None:
    page = PAGE.read_text("utf-8")
    run = {name for name, value in vars(rnn_tui.Run).items() if not name.startswith("_")}
    fields = set(rnn_tui.Tick.__dataclass_fields__)
    missing = {each for each in {*rnn_tui.__all__, *run, *fields} if not re.search(rf"\b{each}\b", page)}
    assert not missing


def test_the_examples_of_the_manual_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```pycon\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for number, block in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(block, names, f"library.md, block {number + 1}", str(PAGE), 0)
        runner.run(test, clear_globs=False)
        names = test.globs
    assert runner.summarize(verbose=False).failed == 0
