"""Experiments as TOML files, written with comments, and read with the line of what is wrong."""

import difflib
import json
import os
import re
from typing import Any

import tomlkit
from tomlkit.items import Item, Table

from rnn_tui import __version__
from rnn_tui.common.versions import WRITTEN_BY, is_newer, no_setting, written_by
from rnn_tui.common.wording import shown, without_value
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SECTIONS, SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.toml_text import LARGEST, FileError, parse_toml, read_toml_text
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["FileError", "experiment_in", "line_of", "read", "write"]

_WRITER = re.compile(rf"# *{WRITTEN_BY} ([\w.+-]{{1,40}})[ \t\r]*(?:\n|$)")


def read(path: str | os.PathLike[str], *, follow: bool = True) -> Experiment:
    """Read the experiment in a TOML file; `follow`: also where its path is a link. Raises FileError."""
    file = os.fspath(path)
    text = read_toml_text(file, "an experiment", follow=follow)
    values = parse_toml(file, text, "an experiment")
    if "vary" in values:
        problem = "describes a comparison: open it with `rnn-tui compare --experiment`"
        raise FileError(file, line_of(text, "", "vary"), "vary", problem)
    return experiment_in(file, text, values)


def experiment_in(file: str, text: str, values: dict[str, Any]) -> Experiment:
    """Return the experiment that the values of a TOML text describe. Raises FileError."""
    writer = _writer(text)
    unknown = _unknown(values)
    if unknown and is_newer(writer):
        section, name = unknown[0]
        keys = [".".join(filter(None, each)) for each in unknown]
        raise FileError(file, line_of(text, section, name), "", no_setting(writer, keys))
    for section, name in unknown:
        known = to_dict(Experiment())
        like = difflib.get_close_matches(name, known[section] if section else known, n=1)
        where = f"[{section}]" if section else "the file"
        raise FileError(
            file,
            line_of(text, section, name),
            f"{section}.{name}".lstrip("."),
            f"is not a key of {where}" + (f"; nearest: {like[0]}" if like else ""),
        )
    for each in SETTINGS:
        table = values.get(each.section)
        if each.words and isinstance(table, dict) and table.get(each.name) in [*each.words]:
            table[each.name] = each.words[table[each.name]]
    try:
        return from_dict(values)
    except ExperimentError as error:
        section, _, name = error.path.rpartition(".")
        newer = f" (the file was {written_by(writer)})" if is_newer(writer) else ""
        raise FileError(file, line_of(text, section, name), error.path, _said(error, values) + newer) from None


def write(experiment: Experiment) -> str:
    """Write an experiment as TOML with a comment on each key.

    Raises ExperimentError for one that would be too large to be read again.
    """
    values = to_dict(experiment)
    document = tomlkit.document()
    document.add(tomlkit.comment(f"{WRITTEN_BY} {__version__}"))
    document["name"] = _item(experiment.name)
    document["about"] = _item(experiment.about)
    for section in SECTIONS:
        document.add(tomlkit.nl())
        document[section] = _table([each for each in SETTINGS if each.section == section], values[section])
    if values["network"]["own"] is not None:
        found = tomlkit.value(_inline(values["network"]["own"]))
        document["network"]["own"] = found.comment("what the file of the cell held when it was loaded")
    text = tomlkit.dumps(document)
    size = len(text.encode())
    if size > LARGEST:
        problem = f"is too long to be written down: the experiment would be a file of {size:,} bytes, and at most "
        raise ExperimentError(
            "data.inputs", f"{problem}{LARGEST:,} are read; long texts can be files, --text or --pairs"
        )
    return text


def _table(settings: list[Setting], values: dict[str, Any]) -> Table:
    table = tomlkit.table()
    for each in settings:
        value = values[each.name]
        word = each.format(value) if each.words else ""
        table.add(each.name, _item(word if word in each.words else value).comment(_described(each)))
    return table


def _described(each: Setting) -> str:
    """Say what a setting is about, and which words it takes."""
    told = all(word in each.about for word in each.choices)
    return each.about if told else f"{each.about} ({', '.join(each.choices)})"


def _item(value: Any) -> Item:
    """Make a TOML value. Texts keep what is printable and escape the rest: a terminal may show the file."""
    if isinstance(value, str):
        value = tomlkit.value(_quoted(value))
    elif isinstance(value, (list, tuple)):
        value = tomlkit.value(f"[{', '.join(map(_quoted, value))}]")
    item: Item = tomlkit.item(value)
    return item


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)  # its escapes are TOML's too
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)


def _inline(value: Any) -> str:
    """Return nested plain values as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_inline(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _writer(text: str) -> str:
    """Return the version that wrote the file, from its first line; empty: a person did, or 0.1.0."""
    found = _WRITER.match(text)
    return found[1] if found else ""


def _unknown(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Find the keys that no experiment has, each with its table."""
    known = to_dict(Experiment())
    found = [("", name) for name in values if name not in known]
    for section, keys in known.items():
        there = values.get(section)
        if isinstance(keys, dict) and isinstance(there, dict):
            found += [(section, name) for name in there if name not in keys]
    return found


def _said(error: ExperimentError, values: Any) -> str:
    """Say what is wrong, after the value, which may be long."""
    problem, value = str(error), values
    for name in error.path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return f"{shown(repr(value))} {without_value(problem)}"
    return f"{shown(value)} {without_value(problem)}" if type(value) in (int, float) else problem


def line_of(text: str, section: str, name: str) -> int | None:
    """Find the line of a key: in its table, as section.name, in section = {...}, or else the line of the table."""
    keys = [
        re.compile(rf"""\s*{each}\s*[=.]""")
        for each in (_bare(name), rf"{_bare(section)}\s*\.\s*{_bare(name)}", _bare(section or name))
    ]
    header = re.compile(r"""\s*\[+\s*["']?([^\]"'.]*)["']?\s*[\].]""")
    found: list[int | None] = [None] * 4  # best first
    current = ""
    for number, line in enumerate(text.split("\n"), 1):
        if opened := header.match(line):
            current = opened[1].strip()
            if current == (section or name):
                found[3] = found[3] or number
        for place, key in enumerate(keys):
            if current == ("" if place else section) and key.match(line):
                found[place] = found[place] or number
    return next((line for line in found if line), None)


def _bare(name: str) -> str:
    return rf"""["']?{re.escape(name)}["']?"""
