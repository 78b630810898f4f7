"""Files that are there whole or not at all, and that nobody but their owner can read."""

import contextlib
import os
from pathlib import Path

__all__ = ["FILE_MODE", "FOLDER_MODE", "append", "make_folder", "sync_folder", "write_whole"]

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(folder: Path) -> None:
    """The folder and what leads to it, where it is not there yet. Raises OSError."""
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    if not folder.is_dir():
        os.mkdir(folder, FOLDER_MODE)


def write_whole(path: Path, data: bytes) -> None:
    """The file with exactly these bytes, on the disk when this returns. Raises OSError: then it is as it was before.

    The bytes are written under another name in the same folder, and the name is changed when they are all there.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), FILE_MODE)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part)  # on a full disk its bytes are needed
        raise
    sync_folder(path.parent)


def append(path: Path, data: bytes, *, at: int) -> None:
    """The bytes behind the first `at` of the file, and nothing behind them. Raises OSError: then it ends at `at`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
    try:
        os.ftruncate(descriptor, at)
        os.lseek(descriptor, at, os.SEEK_SET)
        try:
            _write_all(descriptor, data)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, at)
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Names that have changed in the folder reach the disk. Where a file system cannot, nothing happens."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
