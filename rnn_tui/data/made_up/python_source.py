"""The source of Python's standard library, as it lies on this machine."""

import contextlib
import hashlib
import importlib.util
import platform
from pathlib import Path

from rnn_tui.experiment.spec import ExperimentError

__all__ = ["origin", "python_source"]

_MODULES = """
    argparse ast bisect calendar cmd configparser contextlib copy dataclasses fractions functools getopt glob heapq
    inspect pprint queue random shlex shutil socket tempfile textwrap threading tokenize traceback typing warnings
"""  # of Python's standard library, a file each, in the order in which they are read


def python_source(seed: int = 0) -> str:
    """Return the source of some modules of Python's standard library, about 1 MB; missing ones are left out.

    Raises ExperimentError where none is.
    """
    del seed  # it is the same with all
    found = []
    for name in _MODULES.split():
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin and spec.has_location:
            with contextlib.suppress(OSError, ValueError):  # a Python without its source
                found.append(Path(spec.origin).read_text(encoding="utf-8"))
    if not found:
        raise ExperimentError("data.text", "finds no source of Python's standard library on this machine")
    return "\n".join(found)


def origin(text: str) -> str:
    """Identify a text that differs between versions of Python: `Python 3.12.3, SHA-256 0123456789ab`."""
    return f"Python {platform.python_version()}, SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:12]}"
