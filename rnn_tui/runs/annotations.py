"""What a person has written about a run: a note and tags, in a file of their own beside it.

Training neither reads nor writes that file, so it may change at any time. A run without one has no note: older versions
know none. Each change reads the file, holds a lock on it, and writes it anew, so two changes at once both count.
"""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rnn_tui import __version__
from rnn_tui.common.atomic_files import FILE_MODE, Folder, lock, read_regular
from rnn_tui.common.wording import shown
from rnn_tui.runs.manifest import CheckpointError

__all__ = ["ANNOTATIONS", "Annotations", "annotate", "note_problem", "read_annotations", "tag_problem"]

ANNOTATIONS = "note.json"

_LONGEST_NOTE = 2_000  # characters
_LONGEST_TAG = 40  # characters
_MOST_TAGS = 32
_LARGEST = 64 * 2**10  # bytes of the file
_PATIENCE = 5.0  # seconds to wait for another process that is writing it


class Annotations(msgspec.Struct, frozen=True, kw_only=True):
    """A note and tags. Both are data from outside: they are printed as safe glyphs."""

    note: str = ""
    tags: tuple[str, ...] = ()  # in the order in which they were given


def tag_problem(tag: str) -> str:
    """Say what is wrong with a tag, in words that follow it; empty: nothing."""
    if not tag or any(each.isspace() or each == "," for each in tag):
        return "must be one word, without a comma"
    if len(tag) > _LONGEST_TAG:
        return f"is too long: it must have at most {_LONGEST_TAG} characters"
    return _encoding_problem(tag)


def note_problem(note: str) -> str:
    """Say what is wrong with a note, in words that follow it; empty: nothing."""
    if len(note) > _LONGEST_NOTE:
        return f"is too long: {len(note):,} characters, and a note has at most {_LONGEST_NOTE:,}"
    return _encoding_problem(note)


def _encoding_problem(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must be UTF-8"
    return ""


def read_annotations(folder: Path) -> Annotations:
    """Read the note and the tags of the run in a folder. Raises CheckpointError."""
    return _annotations(folder / ANNOTATIONS, _values(folder / ANNOTATIONS))


def annotate(
    folder: Path, *, note: str | None = None, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> Annotations:
    """Set the note, add tags and remove others; None leaves the note as it is. Return what is there then.

    Raises CheckpointError, with nothing changed, for a tag to remove that the run does not have, for too many tags,
    and for a file that cannot be read or written.
    """
    file = folder / ANNOTATIONS

    def changed(values: dict[str, Any]) -> Annotations:
        before = _annotations(file, values)
        for tag in remove:
            if tag not in before.tags:
                there = f"its tags are {', '.join(map(shown, before.tags))}" if before.tags else "it has none"
                raise CheckpointError(folder, f"has no tag {shown(tag)}: {there}")
        tags = [each for each in dict.fromkeys((*before.tags, *add)) if each not in remove]
        if len(tags) > _MOST_TAGS:
            raise CheckpointError(folder, f"has too many tags: {len(tags)}, and {_MOST_TAGS} are the most")
        return Annotations(note=before.note if note is None else note, tags=tuple(tags))

    try:
        with Folder(folder) as opened:
            return _rewrite(opened, changed)
    except OSError as error:
        raise CheckpointError(file, f"cannot be written: {error.strerror or error}") from None


def _rewrite(folder: Folder, change: Callable[[dict[str, Any]], Annotations]) -> Annotations:
    """Change what is in the file while nobody else does. Keys of a newer version stay."""
    file = folder.path / ANNOTATIONS
    with _locked(file):
        values = _values(file)
        found = change(values)
        values |= {"rnn_tui": __version__, "note": found.note, "tags": found.tags}
        folder.write(ANNOTATIONS, msgspec.json.format(msgspec.json.encode(values), indent=1) + b"\n")
    return found


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock on the file that has this name now; make an empty one where there is none.

    A file that was replaced while its lock was waited for is no longer the one: the next is waited for.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(0, "it is not a regular file")
            if lock(descriptor) and _is_at(file, descriptor):
                yield
                return
        finally:
            os.close(descriptor)
        if time.monotonic() > end:
            raise OSError(0, "another process is writing it")
        time.sleep(0.005)


def _is_at(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(file), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _values(file: Path) -> dict[str, Any]:
    """Read the object in the file; an empty one where there is no file, or an empty one. Raises CheckpointError."""
    try:
        data = read_regular(file, _LARGEST)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CheckpointError(file, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > _LARGEST:
        raise CheckpointError(file, f"is altered: it is larger than {_LARGEST >> 10} KiB")
    try:
        return msgspec.json.decode(data, type=dict[str, Any]) if data else {}
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise CheckpointError(file, f"is cut or altered: {error!s:.200}") from None


def _annotations(file: Path, values: dict[str, Any]) -> Annotations:
    """Return what an object of the file means. Raises CheckpointError."""
    try:
        found = msgspec.convert(values, Annotations)
    except msgspec.ValidationError as error:
        raise CheckpointError(file, f"is altered: {error!s:.200}") from None
    problem = note_problem(found.note) or next(filter(None, map(tag_problem, found.tags)), "")
    if problem or len(found.tags) > 2 * _MOST_TAGS:
        raise CheckpointError(file, f"is altered: {problem or 'it has too many tags'}")
    return found
