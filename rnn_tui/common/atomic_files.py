"""Files that are there whole or not at all, that only their owner can read, and that are what they seem to be.

A run folder may come from somebody else. So whatever is read there, or opened for writing, is a regular file: a link is
not followed, and neither a pipe nor a device is waited for. What is written goes into files of our own.
"""

import contextlib
import errno
import fcntl
import os
import stat
from io import BufferedReader, BufferedWriter
from pathlib import Path

__all__ = [
    "FILE_MODE",
    "FOLDER_MODE",
    "CutShort",
    "Folder",
    "NotTheSame",
    "exists",
    "lock",
    "make_folder",
    "open_regular",
    "read_regular",
    "write_atomic",
]

FOLDER_MODE = 0o700
FILE_MODE = 0o600

_SAFELY = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC  # a pipe is opened at once, and then found to be one
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotTheSame(OSError):
    """A file that was appended to is no longer the one that it was: missing, shorter, a link, somebody else's."""


class CutShort(OSError):
    """An append that stopped after the first `kept` bytes: as many whole lines as fitted."""

    def __init__(self, error: OSError, kept: int) -> None:
        super().__init__(error.errno, error.strerror)
        self.kept = kept


def make_folder(folder: Path) -> None:
    """Make the folder and what leads to it, where it is not there yet. Raises OSError."""
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    if not folder.is_dir():
        os.mkdir(folder, FOLDER_MODE)


def exists(path: Path) -> bool:
    """Tell whether something has that name, be it a link that leads nowhere. False where the folder is closed to us."""
    return os.path.lexists(path)


def lock(descriptor: int) -> bool:
    """Keep other processes from locking what is open. False where one has; true also on a file system without locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def open_regular(path: str | os.PathLike[str], *, follow: bool = False) -> BufferedReader:
    """Open a regular file for reading; with `follow` through links, as for a file that the user has named.

    Raises OSError, whose `strerror` says what else it is, and ValueError for a name with a null character.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        raise _told(error, os.fspath(path), follow=follow) from None
    try:
        _check_regular(os.fstat(descriptor))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str], most: int, *, follow: bool = False) -> bytes:
    """Read a regular file; one byte more than `most`, where it holds more. Raises as `open_regular`."""
    with open_regular(path, follow=follow) as stream:
        return stream.read(most + 1)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file of our own in a folder that is there, as `Folder.write`. Raises OSError."""
    with Folder(path.parent) as folder:
        folder.write(path.name, data)


class Folder:
    """A folder held open: what is written goes there, wherever its path leads by then.

    Raises OSError where it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self._descriptor is not None

    def close(self) -> None:
        """Let it go, and with it its lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def lock(self) -> bool:
        """Keep other processes from locking it, until it is closed. False where one has; true also without locks."""
        return lock(self._number)

    def exists(self, name: str) -> bool:
        """Tell whether something has that name there, be it a link that leads nowhere."""
        try:
            os.stat(name, dir_fd=self._number, follow_symlinks=False)
        except OSError:
            return False
        return True

    def names(self) -> list[str]:
        """List what is there. Raises OSError."""
        return os.listdir(self._number)

    def remove(self, name: str) -> None:
        """Remove a file, or a link itself. Raises OSError."""
        os.unlink(name, dir_fd=self._number)

    def write(self, name: str, data: bytes) -> None:
        """Write a file with exactly these bytes, on the disk when this returns. Raises OSError: then it is as before.

        They are written under another name, and the name is changed when they are all there. Whatever had either name
        gives way, unless it is a folder; a link does so itself, and not the file that it leads to.
        """
        part = f"{name}.part"
        with contextlib.suppress(FileNotFoundError):
            self.remove(part)
        try:
            descriptor = self._open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                _write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(part, name, src_dir_fd=self._number, dst_dir_fd=self._number)
        except OSError:
            with contextlib.suppress(OSError):
                self.remove(part)  # on a full disk its bytes are needed
            raise
        with contextlib.suppress(OSError):  # a file system that cannot
            os.fsync(self._number)

    def create(self, name: str) -> BufferedWriter:
        """Open a new file of our own for writing. Raises FileExistsError where something has that name, and OSError."""
        return open(self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")

    def append(self, name: str, data: bytes, *, at: int) -> None:
        """Append lines after the first `at` bytes of a file of ours, and cut it off there.

        Raises NotTheSame where it is not what it was, and nothing is changed; CutShort where not all of the lines fit;
        another OSError where it cannot be opened. A file that has another name as well (a hard link, as of a backup)
        is left to that one, and a copy of ours takes its place.
        """
        try:
            descriptor = self._open(name, os.O_RDWR)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EISDIR):
                raise NotTheSame(error.errno, error.strerror) from None
            raise
        try:
            found = os.fstat(descriptor)
            self._check_ours(found, at)
            if found.st_nlink > 1:
                self.write(name, os.pread(descriptor, at, 0) + data)
                return
            os.ftruncate(descriptor, at)
            os.lseek(descriptor, at, os.SEEK_SET)
            try:
                _write_all(descriptor, data)
            except OSError as error:
                raise CutShort(error, _cut_to_lines(descriptor, data, at)) from None
        finally:
            os.close(descriptor)

    def _check_ours(self, found: os.stat_result, at: int) -> None:
        """Raise NotTheSame for a file that is not ours.

        Where user ids are mapped (NFS, containers), what we make belongs to the folder's owner.
        """
        owners = (os.geteuid(), os.fstat(self._number).st_uid)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in owners or found.st_size < at:
            raise NotTheSame(errno.EINVAL, "it is not the file that was written before")

    def _open(self, name: str, flags: int) -> int:
        try:
            return os.open(name, flags | os.O_NOFOLLOW | _SAFELY, FILE_MODE, dir_fd=self._number)
        except OSError as error:
            raise _told(error, name) from None

    @property
    def _number(self) -> int:
        if self._descriptor is None:
            raise OSError(errno.EBADF, "it has been closed")
        return self._descriptor


def _check_regular(found: os.stat_result) -> None:
    """Raise OSError for anything but a regular file."""
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        number = errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL
        raise OSError(number, _no_file(_KINDS.get(kind, "something else")))


def _told(error: OSError, path: str, *, follow: bool = False) -> OSError:
    """Return the error in words that say what is there instead."""
    if error.errno == errno.ELOOP and not follow:
        return OSError(error.errno, _no_file("a link"), path)
    if error.errno == errno.ENXIO:  # what a socket answers, and a pipe that nobody reads from
        return OSError(error.errno, _no_file("a socket or a pipe"), path)
    return error


def _no_file(kind: str) -> str:
    return f"it is {kind}, not a regular file"


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _cut_to_lines(descriptor: int, data: bytes, at: int) -> int:
    """Cut a file after the last whole line that could be appended; return how many bytes of those lines are there."""
    with contextlib.suppress(OSError):
        there = os.fstat(descriptor).st_size - at
        kept = data.rfind(b"\n", 0, max(0, there)) + 1
        os.ftruncate(descriptor, at + kept)
        return kept
    return 0
