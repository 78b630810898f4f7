"""A text file as indices: every character comes back, and what is no text is refused in one line."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui.data import text as module
from rnn_tui.data.text import Corpus, corpus_of, read_corpus
from rnn_tui.experiment.spec import Data, ExperimentError
from tests.examples import examples

few = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), min_size=1, max_size=200)


def read(path: Path, content: bytes, encoding: str = "utf-8", vocabulary: str = "") -> Corpus:
    path.write_bytes(content)
    return read_corpus(Data(inputs=(), text=str(path), encoding=encoding, vocabulary=vocabulary))


def refused(path: Path, content: bytes, encoding: str = "utf-8", vocabulary: str = "") -> tuple[str, str]:
    with pytest.raises(ExperimentError) as error:
        read(path, content, encoding, vocabulary)
    assert "\n" not in str(error.value)
    return error.value.path, str(error.value)


@few
@given(text=texts, encoding=st.sampled_from(["utf-8", "utf-16", "utf-32-le", "utf-8-sig"]), piece=st.integers(1, 9))
def test_every_text_comes_back(tmp_path: Path, text: str, encoding: str, piece: int) -> None:
    """Read in pieces of any size, which end in the middle of characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", piece)
        corpus = read(tmp_path / "t", text.encode(encoding), encoding)
    assert corpus.text() == text
    assert len(corpus) == len(text)
    assert corpus.vocabulary == "".join(sorted(set(text)))
    assert corpus.is_sorted
    assert corpus_of(text).text() == text


@few
@given(content=st.binary(min_size=1, max_size=100).filter(lambda content: 0 not in content))
@pytest.mark.parametrize("encoding", ["latin-1", "cp437", "koi8-r"])
def test_single_bytes_are_the_characters_of_their_encoding(tmp_path: Path, encoding: str, content: bytes) -> None:
    corpus = read(tmp_path / "t", content, encoding)
    assert corpus.text() == content.decode(encoding)
    assert corpus.codes.dtype == np.uint8


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "euc-kr", "utf-7"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "abc " + ("한국어" if encoding == "euc-kr" else "日本") * 50
    assert read(tmp_path / "t", text.encode(encoding), encoding).text() == text


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path / "t", b"a\r\nb\rc\n").text() == "a\r\nb\rc\n"


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    assert read(tmp_path / "t", "\ufeffé".encode()).text() == "é"


@pytest.mark.parametrize(("characters", "kind"), [(256, np.uint8), (257, np.uint16), (65536, np.uint16),
                                                  (65537, np.uint32)])  # fmt: skip
def test_indices_are_as_small_as_can_be(tmp_path: Path, characters: int, kind: type) -> None:
    text = "".join(chr(0x10000 + number) for number in range(characters)) * 2
    corpus = read(tmp_path / "t", text.encode())
    assert corpus.codes.dtype == kind
    assert corpus.text() == text


def test_large_files_stay_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAPPED", 3)
    assert isinstance(read(tmp_path / "t", b"abcabc").codes, np.memmap)
    assert read(tmp_path / "t", b"abcabc").text() == "abcabc"


def test_a_vocabulary_of_its_own(tmp_path: Path) -> None:
    """Its order counts, and it may hold more."""
    corpus = read(tmp_path / "t", b"hello", vocabulary="olehz")
    assert corpus.indices(slice(None)).tolist() == [3, 2, 1, 1, 0]
    assert not corpus.is_sorted
    assert refused(tmp_path / "t", b"hello", vocabulary="helo"[:3]) == (
        "data.vocabulary",
        "lacks 'o': it must hold every character of the text",
    )


def test_what_is_no_text(tmp_path: Path) -> None:
    """The field to blame, and what is wrong; the offset of the byte, if there is one."""
    path = tmp_path / "t"
    big = b"a" * (module._PIECE + 3)
    assert refused(path, b"") == ("data.text", "is empty: there is nothing to learn")
    assert refused(path, "\ufeff".encode()) == ("data.text", "is empty: there is nothing to learn")
    where, problem = refused(path, b"abc\0def")
    assert (where, "null byte at offset 3" in problem) == ("data.text", True)
    assert f"offset {len(big):,}." in refused(path, big + b"\0")[1]
    assert "character 2 is a null" in refused(path, "ab\0".encode("utf-16"), "utf-16")[1]
    assert refused(path, b"abcd", "utf-16") == (
        "data.text",
        "is not utf-16: the byte 0x61 at offset 0 begins no byte-order mark; utf-16-le and utf-16-be need none",
    )
    assert "byte 0x00 at offset 4 " in refused(path, b"\xff\xfea\0\0\xdc", "utf-16")[1]  # half a character
    assert refused(path, b"ab\xffc") == (
        "data.text",
        "is not utf-8: the byte 0xff at offset 2 stands for no character; --encoding names another",
    )
    assert f"byte 0xe4 at offset {len(big):,}" in refused(path, big + "ä".encode("latin-1") + b"b")[1]
    assert f"byte 0xc3 at offset {len(big):,}" in refused(path, big + b"\xc3")[1]  # cut in a character
    assert "byte 0x81 at offset 1 " in refused(path, b"a\x81\x81", "cp1252")[1]
    assert "byte 0x80 at offset 1 " in refused(path, b"a\x80b", "ascii")[1]
    for name in ("nonsense", "rot13", "base64", "a\0b", "é"):
        where, problem = refused(path, b"abc", name)
        assert (where, "not an encoding that Python knows" in problem) == ("data.encoding", True)


def test_a_byte_in_the_middle_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The offset is that in the file, wherever the pieces end."""
    content = ("é" * 7).encode() + b"\xc3("
    for piece in range(1, 20):
        monkeypatch.setattr(module, "_PIECE", piece)
        assert "byte 0xc3 at offset 14 " in refused(tmp_path / "t", content)[1]


def test_what_is_no_file(tmp_path: Path) -> None:
    def problem(path: Path | str) -> str:
        with pytest.raises(ExperimentError) as error:
            read_corpus(Data(inputs=(), text=str(path)))
        assert error.value.path == "data.text"
        return str(error.value)

    assert problem(tmp_path / "none") == "there is no such file"
    assert problem(tmp_path) == "is a folder; it must be a text file"
    assert problem("a\0b") == "cannot be read: embedded null byte"
    os.mkfifo(tmp_path / "pipe")
    assert problem(tmp_path / "pipe") == "is not a file that can be read again; - reads stdin"
    (tmp_path / "closed").write_text("abc")
    (tmp_path / "closed").chmod(0)
    if not os.access(tmp_path / "closed", os.R_OK):  # whoever is root may read it
        assert problem(tmp_path / "closed") == "cannot be read: Permission denied"
