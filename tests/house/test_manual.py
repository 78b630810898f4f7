"""README and manual speak of what there is: every option and key once, no link that leads nowhere, no dead example."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest

from rnn_tui.cli.experiment_args import changes_of, experiment_of
from rnn_tui.cli.main import main
from rnn_tui.engine.headless.diagnostics_report import TOLD
from rnn_tui.engine.headless.rows_report import RowsUpdate
from rnn_tui.engine.headless.series_report import SeriesUpdate
from rnn_tui.engine.headless.text_report import TextUpdate
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.built_in import BUILT_INS
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.named_cell import VARIABLE, name_cell, read_name
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.toml_file import write
from rnn_tui.experiment.validate import from_dict
from rnn_tui.manual import TOPICS
from rnn_tui.tours import TOPICS as TOURS
from rnn_tui.tours.read import read_tour
from rnn_tui.tours.tour import Step
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.tour_guide import PRESSABLE
from tests.house.manual import PAGES, README, ROOT, Example, defined_options, examples, links, options_of_program

MANUAL = ROOT / "rnn_tui" / "manual"
FOREIGN = {"--index-url", "--extra-index-url", "--pip-args", "--torch-backend", "--python"}  # of pip, pipx and uv
FOREIGN |= {"--nnodes", "--nproc-per-node", "--rdzv-backend", "--rdzv-endpoint"}  # of torchrun
FOREIGN |= {"--rdzv-id", "--max-restarts", "--run-path", "--standalone"}
EXAMPLES = [each for page, text in {"README": README, **PAGES}.items() for each in examples(page, text)]


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 1800


def test_every_option_is_defined_exactly_once() -> None:
    assert Counter(defined_options()) == Counter(options_of_program())


def test_every_key_is_in_exactly_one_row() -> None:
    rows = [
        key
        for page in PAGES.values()
        for table in re.findall(r"^\| key \|.*\n((?:\|.*\n)+)", page, re.M)
        for key in re.findall(r"^\| `([^`]+)` \|", table, re.M)
    ]
    assert Counter(rows) == Counter([*(key.shown for key in KEYS), "ctrl+p"])  # the palette's key is Textual's own


def test_every_lesson_is_in_exactly_one_row() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", PAGES["lessons"], re.M)
    assert Counter(rows) == Counter(list(LESSONS))


def test_all_data_that_need_no_file_are_in_exactly_one_row() -> None:
    rows = re.findall(r"^\| `--(\w+) builtin:([a-z-]+)(?::(\d+))?` \| (.*) \|$", PAGES["lessons"], re.M)
    told = {name: (kind, size, about) for kind, name, size, about in rows}
    assert len(rows) == len(told)
    assert told == {
        each.name: (each.kind, str(each.size or ""), each.about.replace("SIZE", str(each.size)))
        for each in BUILT_INS.values()
    }


def test_every_tour_is_in_exactly_one_row() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", PAGES["tours"], re.M)
    assert Counter(rows) == Counter(list(TOURS))


def test_the_tour_of_the_manual_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", PAGES["tours"], re.M | re.S)
    (tmp_path / "mine.toml").write_text(block)
    steps = read_tour(tmp_path / "mine.toml", PRESSABLE).steps
    assert [step.experiment.network.cell for step in steps] == ["rnn", "rnn", "lstm", "lstm"]
    keys = {key for row in re.findall(r"^\| ([a-z, ]+) \|", PAGES["tours"], re.M) for key in row.split(", ")}
    assert keys >= {*Step.__struct_fields__, "lesson", "gap", "seeds", "vary", "data", "network"} - {
        "experiment",
        "begins",
        "comparison",
    }


@pytest.mark.parametrize("path", ["network.implementation", "data.task"])
def test_every_word_of_a_choice_has_a_row(path: str) -> None:
    rows = {row for page in PAGES.values() for row in re.findall(r"^\| `([a-z-]+)` \|", page, re.M)}
    assert set(setting(path).choices) <= rows


def test_every_field_of_a_line_of_json_has_its_place() -> None:
    _, _, rest = PAGES["files"].partition("## Lines of JSON\n")
    section, _, _ = rest.partition("\n## ")
    named = set(re.findall(r"`(\w+)`", section.partition("`rnn-tui runs --json`")[0]))
    fields = {name for kind in (RowsUpdate, TextUpdate, SeriesUpdate) for name in kind.__struct_fields__}
    fields |= {*TOLD}
    assert fields <= named
    assert named - fields <= {"train", "null"}


def test_the_messages_that_troubleshooting_names_are_those_of_the_program() -> None:
    messages = re.findall(r'^## "(.+)"$', PAGES["troubleshooting"], re.M)
    source = "\n".join(file.read_text("utf-8") for file in (ROOT / "rnn_tui").rglob("*.py"))
    assert len(messages) >= 2
    assert [each for each in messages if each not in source] == []


def test_no_option_is_made_up() -> None:
    known = {each for _, option in options_of_program() for each in re.findall(r"--[a-z][a-z-]*", option)}
    known |= {"--no-" + option[len("--[no-]") :] for _, option in options_of_program() if option.startswith("--[no-]")}
    known |= {"--" + option[len("--[no-]") :] for _, option in options_of_program() if option.startswith("--[no-]")}
    for page, text in {"README": README, **PAGES}.items():
        words = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
        assert words - known - FOREIGN == set(), page


def test_the_topics_are_the_files() -> None:
    assert {each.stem for each in MANUAL.glob("*.md")} == set(TOPICS)
    for topic, page in PAGES.items():
        assert page.startswith("# "), topic
        assert f"{topic}.md" in README


def test_every_relative_link_leads_somewhere() -> None:
    texts = {ROOT / "README.md": README} | {MANUAL / f"{topic}.md": page for topic, page in PAGES.items()}
    for file in ROOT.glob(".github/*.md"):
        texts[file] = file.read_text("utf-8")
    for file, text in texts.items():
        for link in links(text):
            assert (file.parent / link.partition("#")[0]).is_file(), f"{file.name}: {link}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that examples name."""
    (tmp_path / "novel.txt").write_text("It was a dark and stormy night. " * 400)
    (tmp_path / "capitals.tsv").write_text("France\tParis\nPeru\tLima\n")
    rows = "\n".join(f"{day},{day % 7},{day * 1.5}" for day in range(100))
    (tmp_path / "air.csv").write_text(f"day,so2,co2\n{rows}\n")
    (tmp_path / "mine.toml").write_text(write(LESSONS["ohlol"]))
    (cell,) = re.findall(r"^```python\n(.*?class MyGRU.*?)^```$", PAGES["network"], re.M | re.S)
    (tmp_path / "mine.py").write_text(cell)
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_cell_of_the_manual_learns() -> None:
    named = read_name("mine.py:MyGRU")
    name_cell(named)
    session = Session(from_dict({"network": {"cell": "own"}, "training": {"tick": "sequence", "reduction": "mean"}}))
    for _ in range(100):
        session.tick()
    assert session.learnt is not None
    assert session.experiment.network.kind.gate_names == ("r", "z", "n")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.page}: {' '.join(each.arguments)}")
@pytest.mark.usefixtures("folder")
def test_every_example_is_understood(example: Example) -> None:
    if example.output:
        return  # it is run below
    arguments = ["novel.txt" if each == "-" else each for each in example.arguments]
    try:
        with main.make_context("rnn-tui", arguments) as context:
            name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
            assert command is not None
            with command.make_context(name, rest, parent=context) as inner:
                parameters = dict(inner.params)
    except click.exceptions.Exit:  # --help and --version
        return
    if name in ("open", "train", "show") and parameters.get("resume") is None:
        changes_of(experiment_of(parameters), parameters.get("forks") or ())
    if name == "help":
        assert set(parameters["words"]) <= {*TOPICS, *main.list_commands(click.Context(main)), "TOPIC"}


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.output], ids=lambda each: " ".join(each.arguments)
)
@pytest.mark.sampled(2)
def test_an_example_with_its_output_is_true(example: Example, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rnn_tui", *example.arguments],
        cwd=tmp_path,
        env=os.environ | {"XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    expected = re.escape(example.output).replace("…", ".*")
    assert re.fullmatch(expected, done.stdout.strip(), re.S), done.stdout


def test_there_are_examples_of_every_kind() -> None:
    commands = {each.arguments[0] for each in EXAMPLES if each.arguments}
    assert {"train", "show", "runs", "attach", "stop", "resume", "sample", "export", "rm"} <= commands
    assert sum(bool(each.output) for each in EXAMPLES) >= 3
