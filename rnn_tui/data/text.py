"""A text file of any size as indices into its vocabulary; no torch, no terminal.

Where every byte is a character (ASCII, Latin-1 and the like) the bytes themselves are kept, with a table of what each
stands for: nothing is in memory twice. Other files are decoded piece by piece, into the smallest integers that hold
their indices. Line ends stay as they are.
"""

import codecs
import contextlib
import importlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.data.builtin import built_in_text
from rnn_tui.experiment.spec import Data, ExperimentError, Tokens
from rnn_tui.experiment.tokenizers import tokenizer_of

__all__ = ["Corpus", "corpus_of", "file_version", "read_corpus", "read_raw", "text_of"]

Indices = NDArray[np.int64]

_PIECE = 1 << 20  # bytes that are looked at or decoded at once
_MAPPED = 1 << 30  # bytes from which a file stays on the disk: it must not change then while it is learnt
_CODE_POINTS = 0x110000
_WITH_NULLS = ("utf-16", "utf-32")  # in which every ASCII character has null bytes
_UNDEFINED = "\ufffe"  # what Python's tables of single bytes have where there is no character


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A text: `codes[i]` stands for the token `table[codes[i]]` of the vocabulary."""

    vocabulary: str  # as `Data.vocabulary` has it: characters, or words; empty: of bytes
    codes: NDArray[Any]  # (n,) unsigned integers, as small as can be
    table: Indices  # (m,) the index that each code stands for
    is_sorted: bool = True  # the vocabulary is the text's own: of characters all, sorted, and no others
    tokens: Tokens = "char"

    def __len__(self) -> int:
        """Count the tokens."""
        return len(self.codes)

    def indices(self, places: Any) -> Indices:
        """Return the tokens at those places, a slice or an array of them, as indices into the vocabulary."""
        found: Indices = self.table[self.codes[places]]
        return found

    def text(self, start: int = 0, stop: int | None = None) -> str:
        """Return a part of it as text."""
        return tokenizer_of(self.tokens, self.vocabulary).decode(self.indices(slice(start, stop)).tolist())


def corpus_of(text: str, vocabulary: str = "") -> Corpus:
    """Make a corpus of a text in memory. Raises ExperimentError where `vocabulary` lacks one of its characters."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    present, codes = np.unique(points, return_inverse=True)
    letters = {code: chr(point) for code, point in enumerate(present.tolist())}
    return _corpus(codes.astype(np.min_scalar_type(max(0, len(letters) - 1))), letters, vocabulary)


def read_corpus(data: Data, seed: int = 0) -> Corpus:
    """Read the file `data.text`, or what stands for it, in the order of `data.vocabulary` or else sorted.

    Raises ExperimentError for a file that cannot be read, is empty, binary or not in that encoding, and for a
    vocabulary that lacks one of its characters.
    """
    built_in = built_in_text(data.text, seed)
    if built_in is not None:
        return corpus_of(built_in, data.vocabulary)
    codec = _codec(data.encoding)
    raw = read_raw(data.text)
    size = len(raw)
    counts = _counts(raw)
    if not codec.startswith(_WITH_NULLS):
        _refuse_null(raw, int(counts[0]))
    letters = _single_bytes(codec, ascii_only=not counts[128:].any())
    if letters is None:
        del raw  # what it is decoded to takes its place
        return _decoded(data, codec, size)
    present = np.flatnonzero(counts).tolist()
    strange = [_first(raw, byte) for byte in present if letters[byte] == _UNDEFINED]
    if strange:
        raise _undecodable(data.encoding, min(strange), int(raw[min(strange)]))
    return _corpus(raw, {byte: letters[byte] for byte in present}, data.vocabulary)


def read_raw(path: str) -> NDArray[np.uint8]:
    """Return the bytes of a text file; a large one stays on the disk. Raises ExperimentError."""
    with _system_told():
        size = _size(path)
        return np.memmap(path, np.uint8, "r") if size >= _MAPPED else np.fromfile(path, np.uint8)


def text_of(data: Data, kind: Literal["text", "pairs", "series"]) -> str:
    """Read the whole file `data.text`, `data.pairs` or `data.series`, without a byte-order mark.

    Raises ExperimentError, as `read_corpus`.
    """
    try:
        file = Data(inputs=(), text=getattr(data, kind), encoding=data.encoding)
        codec = _codec(file.encoding)
        with _system_told():
            _size(file.text)
            raw: NDArray[np.uint8] = np.fromfile(file.text, np.uint8)
        if not codec.startswith(_WITH_NULLS):
            _refuse_null(raw, 0 if raw.all() else 1)
        text = "".join(_pieces(file, codec))
    except ExperimentError as error:
        raise ExperimentError(error.path.replace("data.text", f"data.{kind}"), str(error)) from None
    if "\0" in text:
        raise ExperimentError(f"data.{kind}", f"is not text: character {text.index(chr(0)):,} is a null character")
    return text.removeprefix("\ufeff")  # which utf-16-le, say, keeps


def file_version(path: str) -> tuple[int, int]:
    """Return what changes with a file: its time and its size."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return 0, 0  # reading it will tell why
    return found.st_mtime_ns, found.st_size


def _corpus(codes: NDArray[Any], letters: Mapping[int, str], vocabulary: str) -> Corpus:
    """Make a corpus of codes that stand for letters, in the order of a vocabulary, or else sorted."""
    own = "".join(sorted(letters.values()))
    vocabulary = vocabulary or own
    index = {character: place for place, character in enumerate(vocabulary)}
    missing = sorted(set(letters.values()) - set(index))
    if missing:
        more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
        raise ExperimentError(
            "data.vocabulary",
            f"lacks {', '.join(map(repr, missing[:5]))}{more}: it must hold every character of the text",
        )
    table = np.zeros(max(letters) + 1, np.int64)
    for code, letter in letters.items():
        table[code] = index[letter]
    return Corpus(vocabulary=vocabulary, codes=codes, table=table, is_sorted=vocabulary == own)


def _decoded(data: Data, codec: str, size: int) -> Corpus:
    """Read a file whose characters take several bytes; they are numbered as they come."""
    number_of = np.full(_CODE_POINTS, -1, np.int32)  # of a code point
    known: list[int] = []
    codes: NDArray[Any] = np.empty(size, np.uint8)  # no encoding has more characters than bytes
    length = 0
    for piece in _pieces(data, codec):
        points = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.uint32)
        if not points.all():
            place = length + int(np.argmin(points))
            raise ExperimentError("data.text", f"is not text: character {place:,} is a null character")
        fresh = np.unique(points[number_of[points] < 0])
        number_of[fresh] = np.arange(len(known), len(known) + len(fresh), dtype=np.int32)
        known += fresh.tolist()
        smallest = np.min_scalar_type(max(0, len(known) - 1))
        if smallest.itemsize > codes.itemsize:
            wider = np.empty(size, smallest)
            wider[:length] = codes[:length]
            codes = wider
        codes[length : length + len(points)] = number_of[points]
        length += len(points)
    if not length:
        raise ExperimentError("data.text", "is empty: there is nothing to learn")
    return _corpus(codes[:length], {code: chr(point) for code, point in enumerate(known)}, data.vocabulary)


def _pieces(data: Data, codec: str) -> Iterator[str]:
    """Yield the text of a file piece by piece, without a byte-order mark."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if codec == "utf-8" else codec)()
    done = 0  # bytes
    with _system_told(), open(data.text, "rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:  # its object begins with what was left over from the previous piece
                place = done + len(piece) - len(error.object) + error.start
                raise _undecodable(data.encoding, place, error.object[error.start]) from None
            except UnicodeError:  # there is no byte-order mark, by which UTF-16 and UTF-32 tell their byte order
                raise ExperimentError(
                    "data.text",
                    f"is not {data.encoding}: the byte 0x{piece[0] if piece else 0:02x} at offset {done:,} begins no "
                    f"byte-order mark; {data.encoding}-le and {data.encoding}-be need none",
                ) from None
            yield text
            if not piece:
                return
            done += len(piece)


def _codec(name: str) -> str:
    """Return Python's own name of an encoding. Raises ExperimentError."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a null character
        codec = None
    if codec is None or not getattr(codec, "_is_text_encoding", True) or codec.incrementaldecoder is None:
        raise ExperimentError(
            "data.encoding",
            f"{name!r} is not an encoding that Python knows: there are utf-8, latin-1, utf-16 and others",
        )
    return codec.name


def _single_bytes(codec: str, *, ascii_only: bool) -> str | None:
    """Return the characters of the bytes 0 to 255; None where a character may take several."""
    if codec == "iso8859-1":
        return "".join(map(chr, range(256)))
    if codec == "ascii" or (codec == "utf-8" and ascii_only):
        return "".join(map(chr, range(128))) + _UNDEFINED * 128
    module = importlib.import_module(f"encodings.{codec.replace('-', '_')}")
    table = getattr(module, "decoding_table", None)
    return table if isinstance(table, str) and len(table) == 256 else None


def _size(path: str) -> int:
    """Return the size of a file in bytes. Raises ExperimentError for anything but a regular file."""
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        raise ExperimentError("data.text", "is a folder; it must be a text file")
    if not stat.S_ISREG(found.st_mode):
        raise ExperimentError("data.text", "is not a file that can be read again; - reads stdin")
    if not found.st_size:
        raise ExperimentError("data.text", "is empty: there is nothing to learn")
    return found.st_size


@contextlib.contextmanager
def _system_told() -> Iterator[None]:
    """Turn what the system refuses into an ExperimentError."""
    try:
        yield
    except ExperimentError:  # which is a ValueError too
        raise
    except FileNotFoundError:
        raise ExperimentError("data.text", "there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise ExperimentError("data.text", f"cannot be read: {reason}") from None


def _counts(raw: NDArray[np.uint8]) -> Indices:
    """Return (256,) how often each byte occurs."""
    counts = np.zeros(256, np.int64)
    for start in range(0, len(raw), _PIECE):
        counts += np.bincount(raw[start : start + _PIECE], minlength=256)
    return counts


def _refuse_null(raw: NDArray[np.uint8], count: int) -> None:
    """Raise ExperimentError for bytes among which are `count` null bytes, if any."""
    if count:
        raise ExperimentError(
            "data.text",
            f"is not text: it has a null byte at offset {_first(raw, 0):,}. UTF-16 has such bytes too (see --encoding)",
        )


def _first(raw: NDArray[np.uint8], byte: int) -> int:
    """Find the first offset of a byte that is there."""
    for start in range(0, len(raw), _PIECE):
        found = raw[start : start + _PIECE] == byte
        if found.any():
            return start + int(found.argmax())
    raise ValueError(byte)


def _undecodable(encoding: str, place: int, byte: int) -> ExperimentError:
    return ExperimentError(
        "data.text",
        f"is not {encoding}: the byte 0x{byte:02x} at offset {place:,} stands for no character; "
        "--encoding names another",
    )
