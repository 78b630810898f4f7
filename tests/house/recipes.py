"""Follow a recipe of CONTRIBUTING.md in a copy of the tree, by its own words and blocks.

A step is a paragraph in one of these forms, and the block after it:

    New file `FILE`:
    In `FILE`, at the end of `NAME`:                           in its brackets; of a union, after its last part
    In `FILE`, before the line that begins with `TEXT`:        or after it
    In `FILE`, the line that begins with `TEXT` becomes:
    Run:                                                       commands that write files
    Check:                                                     commands that must pass
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.manual import ROOT

__all__ = ["RECIPES", "Step", "apply", "copy_tree", "run"]

_CODE = r"(?P<tick>`{1,2}) ?(?P<code>.+?) ?(?P=tick)"
_BLOCK = re.compile(r"^(?P<words>[^\n]+:)\n\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)
_FILE = re.compile(rf"(?:New file|In) {_CODE}")
_WHERE = re.compile(rf"(?P<place>at the end of|(?:before |after )?the line that begins with) {_CODE}")
_COPIED = ("rnn_tui", "tests", "screenshots", ".github", ".ci", "README.md", "LICENSE", "pyproject.toml")


@dataclass(frozen=True)
class Step:
    """One step: what is done, to which file, where, and with which text."""

    kind: str  # "new", "end", "before", "after", "becomes", "run" or "check"
    file: str
    where: str
    text: str


def _recipes() -> dict[str, list[Step]]:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    found = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        steps = [_step(match["words"], match["text"]) for match in _BLOCK.finditer(body)]
        if title.startswith("Add a "):
            found[title.removeprefix("Add a ").strip()] = [step for step in steps if step is not None]
    return found


def _step(words: str, text: str) -> Step | None:
    if words in ("Run:", "Check:"):
        return Step(words[:-1].lower(), "", "", text)
    file = _FILE.match(words)
    if file is None:
        return None
    if words.startswith("New file"):
        return Step("new", file["code"], "", text)
    where = _WHERE.search(words)
    assert where is not None, words
    kind = "becomes" if words.endswith("becomes:") else where["place"].split()[0].replace("at", "end")
    return Step(kind, file["code"], where["code"], text)


def copy_tree(to: Path) -> None:
    """Copy all that the checks of a recipe need."""
    unwanted = shutil.ignore_patterns("__pycache__", "__snapshots__", "kept")
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, to / name)


def apply(step: Step, root: Path) -> None:
    """Write a step into a copy, or run its commands there."""
    if step.kind == "run":
        done = run(step, root)
        assert done.returncode == 0, done.stdout
    if not step.file:
        return
    file = root / step.file
    if step.kind == "new":
        assert not file.exists(), file
        file.write_text(step.text, "utf-8")
        return
    lines = file.read_text("utf-8").split("\n")
    if step.kind == "end":
        file.write_text(_ended("\n".join(lines), step), "utf-8")
    else:
        found = [at for at, line in enumerate(lines) if line.strip().startswith(step.where)]
        assert len(found) == 1, f"{step.file}: {step.where!r} begins {len(found)} lines"
        at = found[0]
        start, stop = {"before": (at, at), "after": (at + 1, at + 1), "becomes": (at, at + 1)}[step.kind]
        lines[start:stop] = step.text.rstrip("\n").split("\n")
        file.write_text("\n".join(lines), "utf-8")
    if file.suffix == ".py":
        _tool("ruff", "check", "-q", "--select", "I", "--fix", str(file))
        _tool("ruff", "format", "-q", str(file))


def _ended(text: str, step: Step) -> str:
    """Put the text in the brackets of a name's value, or after a union's last part; `NAME["KEY"]`: of a value in it."""
    wanted, _, key = step.where.removesuffix("]").replace('"', "'").partition("[")
    values = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == wanted
    ]
    assert len(values) == 1, f"{step.file}: {step.where}"
    value = values[0]
    if key and isinstance(value, ast.Dict):
        (value,) = (
            each for name, each in zip(value.keys, value.values, strict=True) if name and ast.unparse(name) == key
        )
    if isinstance(value, ast.DictComp | ast.ListComp):
        value = value.generators[0].iter
    assert value.end_lineno is not None
    assert value.end_col_offset is not None
    lines = text.split("\n")
    line = lines[value.end_lineno - 1].encode()
    before = "\n".join([*lines[: value.end_lineno - 1], line[: value.end_col_offset].decode()])
    after = "\n".join([line[value.end_col_offset :].decode(), *lines[value.end_lineno :]])
    if isinstance(value, ast.BinOp):
        return f"{before} {step.text.strip()}{after}"
    inside, bracket = before[:-1].rstrip(), before[-1]
    comma = "" if inside[-1] in ",([{" else ","
    return f"{inside}{comma}\n{step.text}{bracket}{after}"


def run(step: Step, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of a step in a copy, until one fails; return the last."""
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.CompletedProcess([], 0, "", "")
    for line in step.text.strip().split("\n"):
        name, *arguments = shlex.split(line, comments=True)
        command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider"] if name == "pytest" else [name]
        done = subprocess.run(
            [*command, *arguments],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            break
    return done


def _tool(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True)


RECIPES = _recipes()
