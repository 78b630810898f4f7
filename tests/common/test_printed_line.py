"""A line as it stands on a terminal once it has been printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.common.printed_line import last_state, shown_part


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"\r 10%|#  |\r 20%|## |", " 20%|## |"),
        (b"\r 10%|#  |\r", " 10%|#  |"),
        (b"done\r\r", "done"),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b[2K", "red x"),
        (b"\x1b]8;;http://a\x1b\\link", "link"),
        (b"a\tb", "a       b"),
        (b"bell\x07 back\x08 escape\x1b", "bell␇ back␈ escape␛"),
        ("für 中文 \u202eX".encode(), "für 中文 �X"),
        (b"\xff\xfe", "��"),
        (b"", ""),
    ],
)
def test_a_line_as_it_is_shown(line: bytes, shown: str) -> None:
    assert last_state(line) == shown


@given(st.binary(max_size=200))
def test_no_line_acts_on_a_terminal(line: bytes) -> None:
    assert last_state(line).isprintable()


@given(st.lists(st.text("ab\r", max_size=5), max_size=6), st.lists(st.text("ab\r", max_size=5), max_size=6))
def test_what_is_left_out_of_a_line_that_goes_on_changes_nothing(begun: list[str], more: list[str]) -> None:
    line, rest = "".join(begun).encode(), "".join(more).encode()
    assert last_state(shown_part(line) + rest) == last_state(line + rest)
