"""Characters of any script, and none that a terminal would obey."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from rnn_tui.common.glyphs import glyph, safe

CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
anything = st.characters(exclude_categories=())


def test_every_code_point_has_a_glyph_of_one_or_two_cells_and_no_control() -> None:
    for number in range(sys.maxunicode + 1):
        found = glyph(chr(number))
        assert 1 <= cell_len(found) <= 2, hex(number)
        assert not any(unicodedata.category(each) in CONTROLS for each in found), hex(number)
        assert found.isprintable(), hex(number)
        assert found.strip(), hex(number)  # never blank


def test_terminals_agree_on_the_cells() -> None:
    """Terminals count by wcwidth's tables and Textual by its own; where they differ, a border would be pushed away."""
    for number in range(sys.maxunicode + 1):
        found = glyph(chr(number))
        assert sum(map(wcwidth, found)) == cell_len(found), hex(number)


def test_no_glyph_has_a_character_about_whose_cells_terminals_disagree() -> None:
    """Marks are those of Unicode 3.2, which old terminals know too; there are no spacing signs and no new symbols."""
    for number in range(sys.maxunicode + 1):
        for each in glyph(chr(number)):
            category = unicodedata.category(each)
            assert category not in ("Mc", "Me"), hex(number)
            assert category != "Mn" or unicodedata.ucd_3_2_0.category(each) == "Mn", hex(number)
            assert not "\ud7b0" <= each <= "\ud7ff", hex(number)
            assert not any(a <= ord(each) <= b for a, b in ((0x2630, 0x2637), (0x4DC0, 0x4DFF), (0x3248, 0x324F)))


def test_signs_of_one_script_are_told_apart() -> None:
    signs = [chr(number) for number in range(0x900, 0x980) if unicodedata.category(chr(number)) == "Mc"]
    vowels = [each for each in signs if "VOWEL SIGN" in unicodedata.name(each)]
    assert len(vowels) >= 9
    assert len({glyph(each) for each in vowels} - {"◌"}) >= 8
    assert not {glyph(each) for each in signs} & {chr(number) for number in range(0x900, 0x980)}


def test_a_mark_never_stands_alone() -> None:
    """It would join what is drawn before it, a border perhaps."""
    for number in range(sys.maxunicode + 1):
        first = glyph(chr(number))[0]
        assert unicodedata.category(first) not in ("Mn", "Me", "Mc"), hex(number)
        assert cell_len(first) >= 1, hex(number)


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", "a"),
        ("é", "é"),
        ("字", "字"),
        ("👩", "👩"),
        (" ", "␣"),
        ("\n", "⏎"),
        ("\t", "⇥"),
        ("\x1b", "␛"),
        ("\0", "␀"),
        ("\x7f", "␡"),
        ("\x9b", "�"),
        ("\u202e", "�"),
        ("\u200b", "�"),
        ("\u200d", "�"),
        ("\ud800", "�"),
        ("\ue000", "�"),
        ("\u2028", "�"),
        ("\u3000", "␣"),
        ("\u0301", "◌\u0301"),
        ("ा", "◌आ"),  # a spacing vowel sign, which takes none, one or two cells
        ("ः", "◌:"),
        ("ி", "◌இ"),
        ("ु", "◌ु"),
        ("\u1b42", "◌"),
        ("\u0616", "◌"),  # a mark that came later than some terminals
        ("\u2632", "�"),
        ("\u324a", "�"),
        ("\ud7b0", "◌"),
        ("\ufe0f", "◌"),
        ("\u20e3", "◌"),
        ("\U0001f3fd", "◌"),
        ("🇩", "Ⓓ"),
        ("🇿", "Ⓩ"),
        ("\u1160", "�"),
        ("\u3164", "�"),
        ("\u1161", "◌\u1161"),
        ("\U000e0041", "�"),
    ],
)
def test_some_of_them(character: str, expected: str) -> None:
    assert glyph(character) == expected


@given(st.text(anything, max_size=30))
def test_safe_text_has_the_glyph_of_every_character(text: str) -> None:
    found = safe(text)
    assert found == "".join(" " if each == " " else glyph(each) for each in text)
    cells = [cell_len(glyph(each)) for each in text]
    assert len(text) <= sum(cells) == cell_len(found)  # none joins its neighbour
    assert not any(unicodedata.category(each) in CONTROLS for each in found)


@given(st.text(anything, max_size=30))
def test_safe_text_stays_on_one_line(text: str) -> None:
    assert len(safe(text).splitlines()) <= 1
    assert safe(safe(text)).count("\n") == 0


def test_safe_leaves_ordinary_text_alone() -> None:
    assert safe("ihello, hihell → 字 👩 ± ½") == "ihello, hihell → 字 👩 ± ½"
    assert safe("\x1b[31mred\x07\r\n") == "␛[31mred␇␍⏎"
