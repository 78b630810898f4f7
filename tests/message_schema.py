"""Describe every message of the seam as plain JSON, and hold `protocol.VERSION` to it.

    python -m tests.message_schema             write tests/schema/messages-VERSION.json anew
    python -m tests.message_schema --release   the same, and freeze it: this version is given to others

A view and an engine that say the same VERSION must mean the same by every message. So the messages of a version that
has been released never change: a change needs another VERSION. Until that one is released as well, its description
may be written anew as often as the messages change.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
from msgspec import inspect

from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.engine_messages import EngineMessage
from rnn_tui.protocol.version import VERSION

__all__ = ["FOLDER", "Schema", "description", "messages", "problem", "released", "write"]

FOLDER = Path(__file__).parent / "schema"
_RELEASED = "released.json"  # the SHA-256 of each released description, by its version
_LIMITS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern")
_COMMAND = "`python -m tests.message_schema`"
_FORMER_NAMES = {  # of types that were given another name: on the wire and in the descriptions they keep the first
    "FrameRequest": "Look",
    "SetBreakpoints": "Watch",
    "Fork": "Learn",
    "StepBack": "Back",
    "SaveOptions": "Keep",
    "Change": "Turn",
    "SeriesNumbers": "Numbers",
    "GateValues": "Gate",
}

Schema = dict[str, dict[str, str]]  # fields by type, each with its own type, limits and default


def description(*unions: Any) -> Schema:
    """Return all fields of the types in these unions, and of all types that they are made of, by name."""
    found: dict[type, dict[str, str]] = {}
    for each in inspect.multi_type_info([kind for union in unions for kind in get_args(union)]):
        _name(each, found)
    schema = {_name_of(each): fields for each, fields in found.items()}
    if len(schema) < len(found):
        raise ValueError("two types of the messages have one name")
    return dict(sorted(schema.items()))


def messages() -> Schema:
    """Return the description of everything that view and engine can say to each other now."""
    return description(Command, EngineMessage)


def problem(schema: Schema, version: int, folder: Path = FOLDER) -> str:
    """Say what is wrong with the version number, or with the files in `folder`; empty: nothing."""
    for number, digest in sorted(released(folder).items()):
        file = folder / f"messages-{number}.json"
        if not file.is_file() or _digest(file) != digest:
            return f"{file.name} describes a released version: it must stay as it was."
    newest = max(released(folder))
    if version < newest:
        return f"VERSION is {version}, but {newest} has been released: it can only grow."
    if version > newest + 1:
        return f"VERSION is {version}, but {newest} was released last: it must be {newest} or {newest + 1}."
    file = folder / f"messages-{version}.json"
    there = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if there == schema:
        return ""
    if version == newest:
        return (
            f"The messages are no longer those of protocol {version}, which has been released: "
            f"{_change(there, schema)}. Make VERSION in rnn_tui/protocol/version.py {version + 1}, "
            f"then run {_COMMAND}."
        )
    return (
        f"The messages have changed: {_change(there, schema)}. Protocol {version} has not been released, so VERSION "
        f"stays as it is: run {_COMMAND} and look at the difference."
    )


def released(folder: Path = FOLDER) -> dict[int, str]:
    """Return the SHA-256 of the description of each version that others may have, by its number."""
    digests: dict[str, str] = json.loads((folder / _RELEASED).read_text("utf-8"))
    return {int(number): digest for number, digest in digests.items()}


def write(schema: Schema, version: int, folder: Path = FOLDER, *, release: bool = False) -> None:
    """Write the description of a version. Raises ValueError where that version has been released with another."""
    file = folder / f"messages-{version}.json"
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    digests = released(folder)
    if version in digests and file.read_text("utf-8") != text:
        raise ValueError(problem(schema, version, folder))
    file.write_text(text, "utf-8")
    if release:
        digests[version] = _digest(file)
        (folder / _RELEASED).write_text(json.dumps(digests, indent=1) + "\n", "utf-8")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _change(before: Schema, after: Schema) -> str:
    """Name the first difference."""
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            return f"{name} is {'new' if one is None else 'gone'}"
        for field in {**one, **other}:
            if one.get(field) != other.get(field):
                return f"{name}.{field} was {one.get(field, 'not there')}, and is {other.get(field, 'not there')}"
    return "their order"


def _name(kind: inspect.Type, found: dict[type, dict[str, str]]) -> str:
    """Return a type in words; the types that it is made of go into `found`."""
    match kind:
        case inspect.StructType(cls=cls):
            if cls not in found:
                found[cls] = {}  # before its fields: they may hold it
                found[cls] = _fields(kind, found)
            return _name_of(cls)
        case inspect.UnionType(types=types):
            return " | ".join(sorted(_name(each, found) for each in types))
        case inspect.LiteralType(values=values):
            return " | ".join(map(repr, values))
        case inspect.VarTupleType(item_type=item):
            return f"[{_name(item, found)}, …]"
        case inspect.ListType(item_type=item):
            return f"[{_name(item, found)}, …]"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(_name(each, found) for each in items)}]"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{{{_name(key, found)}: {_name(value, found)}}}"
        case inspect.Metadata(type=inner):
            return _name(inner, found)
        case inspect.CustomType():
            return "array"
    limits = [f"{name} {getattr(kind, name)}" for name in _LIMITS if getattr(kind, name, None) is not None]
    return " ".join([type(kind).__name__.removesuffix("Type").lower(), *limits])


def _name_of(cls: type) -> str:
    """Return the first name that a type had."""
    return _FORMER_NAMES.get(cls.__name__, cls.__name__)


def _fields(kind: inspect.StructType, found: dict[type, dict[str, str]]) -> dict[str, str]:
    config, hints = kind.cls.__struct_config__, get_type_hints(kind.cls)
    fields = {"(tag)": f"{config.tag_field} = {config.tag!r}"} if config.tag is not None else {}
    if config.forbid_unknown_fields:
        fields["(others)"] = "refused"
    for field in kind.fields:
        name = _name(field.type, found).replace("array", f"array of {_dtype(hints[field.name])}")
        fields[field.encode_name] = name + _default(field)
    return fields


def _dtype(hint: Any) -> str:
    """Return the type of the numbers in an annotation with an array; msgspec's description of it leaves that out."""
    if get_origin(hint) is np.ndarray:
        return str(get_args(get_args(hint)[1])[0].__name__)
    return next(filter(None, map(_dtype, get_args(hint))), "")


def _default(field: inspect.Field) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct) and value == type(value)():
        return f" = {_name_of(type(value))}()"
    return f" = {json.dumps(msgspec.to_builtins(value), ensure_ascii=False)}"


def main() -> None:
    """Write the description of the version that the program speaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="store_true", help="freeze it: others are given this version")
    try:
        write(messages(), VERSION, release=parser.parse_args().release)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
