"""TOML files that anybody may have written: read within limits, and refused with the line of what is wrong."""

import re
import tomllib
from typing import Any

from rnn_tui.common.atomic_files import read_regular
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.toml_limits import huge_number, too_much

__all__ = ["LARGEST", "FileError", "parse_toml", "read_toml_text"]

LARGEST = 2**20  # bytes
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class FileError(ExperimentError):
    """A file without what it should hold; the text begins with the file and, where there is one, the line."""

    def __init__(self, file: str, line: int | None, path: str, problem: str) -> None:
        where = f"{file}, line {line}" if line else file or "''"
        super().__init__(path, f"{where}: {path} {problem}" if path else f"{where}: {problem}")
        self.file = file
        self.line = line


def read_toml_text(file: str, what: str, *, follow: bool = True) -> str:
    """Return the text of a TOML file that should hold `what`; `follow`: also of a link. Raises FileError."""
    try:
        data = read_regular(file, LARGEST, follow=follow)
    except FileNotFoundError:
        raise FileError(file, None, "", "there is no such file") from None
    except IsADirectoryError:
        raise FileError(file, None, "", "is a folder; it must be a TOML file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or error
        raise FileError(file, None, "", f"cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise FileError(file, None, "", f"is larger than 1 MiB; it must be a TOML file with {what}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(file, line, "", "is not UTF-8; a TOML file must be") from None


def parse_toml(file: str, text: str, what: str) -> dict[str, Any]:
    """Return the values of a TOML text that should hold `what`. Raises FileError."""
    problem = too_much(text, what)
    if problem:
        raise FileError(file, None, "", problem)
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise FileError(file, None, "", f"is nested too deeply for {what}") from None
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        place = _PLACE.search(problem)
        line = int(place[1] or len(text.splitlines())) if place else None
        raise FileError(file, line, "", f"is not TOML: {_PLACE.sub('', problem)}") from None
    except ValueError:
        raise FileError(file, None, "", "holds a number of thousands of digits") from None
    if huge_number(values):
        raise FileError(file, None, "", "holds a number of thousands of digits")
    return values
