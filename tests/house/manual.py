"""What the README and the manual claim: the options and keys that they define, their links, their examples."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from rnn_tui.cli.main import main
from rnn_tui.manual import TOPICS, read_page

__all__ = ["PAGES", "README", "ROOT", "Example", "defined_options", "examples", "links", "options_of_program"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {topic: read_page(topic) for topic in TOPICS}

_TOGETHER = (
    "open",
    "tour",
    "watch",
    "train",
    "show",
    "resume",
    "attach",
    "compare",
)  # commands whose options mean the same in each
_DEFINITION = re.compile(r"- `((?:-h, )?--[^`]+|-m MODULE)`:")
_COMMAND = re.compile(r"rnn-tui (\w+)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_IN_LINE = re.compile(r"(?:^|(?<=[ (]))rnn-tui(?=$|[ )]).*")


@dataclass(frozen=True)
class Example:
    """A command line of a fenced block, without the program's name, and what is said to come out of it."""

    page: str
    arguments: tuple[str, ...]
    output: str  # empty: it is not shown


def options_of_program() -> list[tuple[str, str]]:
    """Return (command, option as `--help` writes it), one for each; the command is "" for those that share theirs."""
    found = [("", "--version"), ("", "-h, --help")]
    for name in main.list_commands(click.Context(main)):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        shared = name in _TOGETHER
        for option in command.params:
            if isinstance(option, click.Option):
                found.append(("" if shared else name, _written(option)))
    return list(dict.fromkeys(found))


def _written(option: click.Option) -> str:
    if option.secondary_opts:
        return f"--[no-]{option.opts[0][2:]}"
    return f"{', '.join(option.opts)} {option.metavar or ''}".rstrip()


def defined_options() -> list[tuple[str, str]]:
    """Return (command, option), one for each line of the manual that defines an option, in all pages."""
    found = []
    for page in PAGES.values():
        command = ""
        for line in page.split("\n"):
            if line.startswith("#"):
                named = _COMMAND.search(line)
                command = named[1] if named else ""
            if definition := _DEFINITION.match(line):
                found.append((command, definition[1]))
    return found


def links(text: str) -> list[str]:
    """Return the relative links of a Markdown text."""
    return [each for each in _LINK.findall(text) if not each.startswith(("http:", "https:", "#"))]


def examples(page: str, text: str) -> Iterator[Example]:
    """Yield every command line of the program in the blocks of a Markdown text."""
    for block in re.findall(r"^ *```console\n(.*?)^ *```$", text, re.M | re.S):
        lines = [line.strip() for line in block.split("\n")]
        for number, line in enumerate(lines):
            shell = line.removeprefix("$ ")
            if not (found := _IN_LINE.search(shell)):
                continue
            output: list[str] = []
            if line.startswith("$ "):
                for each in lines[number + 1 :]:
                    if each.startswith("$ "):
                        break
                    output.append(each)
            yield Example(page, tuple(_arguments(found[0])), "\n".join(output).strip())


def _arguments(line: str) -> Iterator[str]:
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    next(words)
    for word in words:
        if set(word) <= set("|<>;&()"):
            return
        yield word
