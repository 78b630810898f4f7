"""Free generation drawn: each character in the colour of its probability, the bars, the prime as it is typed."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.sample.layout import Prime, _tail, lay_out_sample, text_room
from rnn_tui.draw.sample.sample import draw_sample
from rnn_tui.protocol.inspect.sample import SampleFacts
from tests.draw.grids import GREY, Grid, is_picture
from tests.examples import examples

GLYPHS = ("a", "b", "c", "d", "␣", "⏎")
NEWLINE = 5
NUMBERS = st.one_of(st.floats(0, 1, width=32), st.sampled_from([math.nan, math.inf, -math.inf]))
SIZES = pytest.mark.parametrize(("width", "height"), [(46, 30), (78, 18), (44, 14), (118, 40)])


def facts_of(prime: Any = (0, 1), greedy: Any = (), sampled: Any = (), p: Any = None, **more: Any) -> SampleFacts:
    """p of the texts: 0.9 for a, 0.8 for b, and so on, if not given."""

    def shares(text: Any) -> Any:
        return np.array(p if p is not None else [0.9 - 0.1 * index for index in text], np.float32)

    fields: dict[str, Any] = {
        "prime": np.array(prime, np.int32),
        "prime_p": np.array([0.0, *[0.5] * len(prime)][: len(prime)], np.float32),
        "greedy": np.array(greedy, np.int32),
        "greedy_p": shares(greedy),
        "sampled": np.array(sampled, np.int32),
        "sampled_p": shares(sampled),
        "next": np.array([2, 0, 1], np.int32),
        "next_p": np.array([0.5, 0.3, 0.2], np.float32),
        "next_drawn": np.array([0.5, 0.3, 0.2], np.float32),
    }
    return SampleFacts(**(fields | more))


def prime_of(text: str = "ab", *, known: Any = None, typing: bool = False) -> Prime:
    return Prime(glyphs=tuple(text), known=tuple(known or [True] * len(text)), typing=typing)


def picture(facts: SampleFacts, prime: Prime, width: int, height: int, *, palette: Any = DARK, glyphs: Any = GLYPHS,
            newline: int = -1, how: str = "T=0.8 · seed 3") -> Grid:  # fmt: skip
    strips = draw_sample(facts, prime, how=how, width=width, height=height, palette=palette, glyphs=glyphs,
                         newline=newline)  # fmt: skip
    return is_picture(strips, width, height)


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


@settings(max_examples=examples(80), deadline=None)
@given(st.data())
def test_any_text_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 160)), data.draw(st.integers(1, 50))
    glyphs = data.draw(st.sampled_from([GLYPHS, ("日", "本", "◌́", "a", "␣", "⏎")]))
    index = st.integers(-1, 6)
    some = data.draw(st.lists(index, max_size=9))
    count = data.draw(st.integers(0, 300))
    text = np.resize(np.array(some or [0], np.int32), count)
    shares = np.resize(np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=5)), np.float32), count)
    fed = np.array(data.draw(st.lists(index, max_size=30)), np.int32)
    following = data.draw(st.integers(0, 6))
    facts = SampleFacts(
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
        skipped=data.draw(st.integers(0, 5)),
        prime=fed,
        prime_p=np.resize(shares, len(fed)) if count else np.zeros(len(fed), np.float32),
        greedy=text, greedy_p=shares, sampled=text[::-1].copy(), sampled_p=shares,
        next=np.arange(following, dtype=np.int32),
        next_p=np.resize(shares, following) if count else np.zeros(following, np.float32),
        next_drawn=np.zeros(following, np.float32),
    )  # fmt: skip
    typed = data.draw(st.lists(st.sampled_from([*glyphs, "é", "�"]), max_size=30))
    prime = Prime(glyphs=tuple(typed), known=tuple(each in glyphs for each in typed), typing=data.draw(st.booleans()))
    newline = data.draw(st.sampled_from([-1, NEWLINE]))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    picture(facts, prime, width, height, palette=palette, glyphs=glyphs, newline=newline)
    page = lay_out_sample(facts, prime, width=width, height=height, glyphs=glyphs, newline=newline)
    for y in range(height):
        for x in range(0, width, 3):
            page.spot(x, y)


@SIZES
@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_every_character_stands_behind_the_prime_in_the_colour_of_its_probability(
    width: int, height: int, palette: Any
) -> None:
    greedy, sampled = [2, 3, 0] * 9, [1, 1, 3, 2] * 7
    facts = facts_of(greedy=greedy, sampled=sampled)
    prime = prime_of()
    grid = picture(facts, prime, width, height, palette=palette)
    page = lay_out_sample(facts, prime, width=width, height=height, glyphs=GLYPHS)
    for part, text in (("greedy", greedy), ("sampled", sampled)):
        block = page.texts[part]  # type: ignore[index]
        assert len(block.tiles) == len(text)
        x, y, *_ = block.tiles[0]
        assert [grid[y][x - 2 + at] for at in (0, 1)] == [("a", palette.accent), ("b", palette.accent)]
        for at, (x, y, *_) in enumerate(block.tiles):
            p = 0.9 - 0.1 * text[at]
            assert grid[y][x] == (GLYPHS[text[at]], palette.share_cell(round(np.float32(p) * 20)))
            spot = page.spot(x, y)
            assert spot is not None
            assert (spot.part, spot.index) == (part, at)
    assert "T=0.8 · seed 3" in "\n".join(lines(grid))
    beside = page.texts["greedy"].head[1] == page.texts["sampled"].head[1]
    assert beside == (width >= 70)


def test_a_line_break_breaks_the_line_and_a_space_is_one() -> None:
    facts = facts_of(greedy=[0, 5, 4, 1, 5, 2], sampled=[0])
    prime = prime_of("a⏎b")
    grid = picture(facts, prime, 46, 30, newline=NEWLINE)
    top = lines(grid).index(next(line for line in lines(grid) if line.startswith(" greedy")))
    assert [line.rstrip() for line in lines(grid)[top + 1 : top + 5]] == [" a⏎", " ba⏎", "  b⏎", " c"]
    assert grid[top + 3][1] == (" ", DARK.share_cell(10))


def test_the_bars_are_the_probabilities_and_marks_what_they_are_drawn_with() -> None:
    same = picture(facts_of(), prime_of(), 46, 30)
    assert "│drawn" not in "\n".join(lines(same))
    facts = facts_of(next_drawn=np.array([0.75, 0.25, 0.0], np.float32))
    grid = picture(facts, prime_of(), 46, 30)
    bars = lay_out_sample(facts, prime_of(), width=46, height=30, glyphs=GLYPHS).bars
    found = [lines(grid)[y] for y in bars]
    assert [line.split()[0] for line in found] == ["c", "a", "b"]
    assert [line.split()[-2:] for line in found] == [[".500", ".750"], [".300", ".250"], [".200", ".000"]]
    room = 46 - 1 - 2 * 6 - 1 - 7 - 2
    for y, p, drawn in zip(bars, (0.5, 0.3, 0.2), (0.75, 0.25, 0.0), strict=True):
        assert grid[y][9 + round(drawn * room)] == ("│", DARK.accent)
        full = sum(character in "█│" for character, _ in grid[y][9 : 9 + round(p * room)])
        assert full >= int(p * room)
    wrong = picture(facts_of(next_p=np.array([np.nan] * 3, np.float32)), prime_of(), 46, 30)
    assert any("NaN" in line for line in lines(wrong))
    assert all("█" not in line for line in lines(wrong))


def test_under_the_prime_stands_how_likely_each_was() -> None:
    facts = facts_of(prime=[0, -1, 1, 2, 3], prime_p=np.array([0, 0, 1.0, 0.0, np.nan], np.float32))
    prime = prime_of("aébcd", known=[True, False, True, True, True])
    grid = picture(facts, prime, 46, 30)
    assert lines(grid)[0].startswith(" prime aébcd")
    assert lines(grid)[1].startswith(" p       █▁!")
    assert grid[0][7] == ("a", DARK.accent)
    assert grid[0][8][1].strike
    assert grid[1][9][1] == DARK.share(1.0)
    assert grid[1][11][1] == DARK.warning
    grid = picture(facts_of(prime=[0, -1, 1], greedy=[2]), prime_of("aéb", known=[True, False, True]), 46, 30)
    assert any(line.strip() == "abc" for line in lines(grid))  # what is left out has not been fed


def test_keys_that_are_not_answered_yet_are_shown_all_the_same() -> None:
    facts = facts_of(prime=[0], prime_p=np.zeros(1, np.float32))
    grid = picture(facts, prime_of("abc", typing=True), 46, 30)
    assert lines(grid)[0].startswith(" prime abc ")
    assert grid[0][10] == (" ", DARK.accent + type(DARK.accent)(reverse=True))
    assert lines(grid)[1].strip() == "p"


def test_the_end_of_a_long_prime_is_shown() -> None:
    text = "abcd" * 100
    facts = facts_of(prime=[0, 1, 2, 3] * 10, prime_p=np.full(40, 1.0, np.float32), skipped=360, greedy=[0])
    grid = picture(facts, prime_of(text, typing=True), 46, 30)
    shown = lines(grid)[0][7:].rstrip()
    assert shown[0] == "…"
    assert text.endswith(shown[1:])
    assert cell_len(shown) > 30
    assert lines(grid)[1][7:].rstrip() == " " + "█" * (cell_len(shown) - 1)
    block = lay_out_sample(facts, prime_of(text), width=46, height=30, glyphs=GLYPHS).texts["greedy"]
    assert block.prime[0][0] == -1
    assert block.prime[-1][0] == 399


def test_wide_characters_take_two_cells_and_are_wrapped_whole() -> None:
    glyphs = ("日", "本")
    facts = facts_of(greedy=[0, 1] * 40, sampled=[1])
    prime = Prime(glyphs=("日",), known=(True,))
    grid = picture(facts, prime, 45, 30, glyphs=glyphs)
    page = lay_out_sample(facts, prime, width=45, height=30, glyphs=glyphs)
    assert len(page.texts["greedy"].tiles) == 80
    for at, (x, y, size, _) in enumerate(page.texts["greedy"].tiles):
        assert (size, grid[y][x][0], grid[y][x + 1][0]) == (2, glyphs[at % 2], "")


def test_what_is_no_number_is_marked() -> None:
    facts = facts_of(greedy=[0, 1], sampled=[0, 1], p=[np.nan, np.inf])
    grid = picture(facts, prime_of(), 46, 30)
    for block in lay_out_sample(facts, prime_of(), width=46, height=30, glyphs=GLYPHS).texts.values():
        assert [grid[y][x][1] for x, y, *_ in block.tiles] == [DARK.warning] * 2


def test_without_colours_sure_and_unsure_look_different() -> None:
    facts = facts_of(greedy=[0, 0, 0], sampled=[0], p=[0.9, 0.3, 0.01])
    grid = picture(facts, prime_of(), 46, 30, palette=GREY)
    block = lay_out_sample(facts, prime_of(), width=46, height=30, glyphs=GLYPHS).texts["greedy"]
    assert [(grid[y][x][1].bold, grid[y][x][1].underline) for x, y, *_ in block.tiles] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_notes_alone_and_below() -> None:
    nothing = np.zeros(0, np.int32)
    none = np.zeros(0, np.float32)
    facts = SampleFacts(note="It cannot.", prime=nothing, prime_p=none, greedy=nothing, greedy_p=none, sampled=nothing,
                        sampled_p=none, next=nothing, next_p=none, next_drawn=none)  # fmt: skip
    alone = lines(picture(facts, Prime(glyphs=(), known=()), 46, 12))
    assert [line.strip() for line in alone] == ["It cannot.", *[""] * 11]
    typed = lines(picture(facts, prime_of("é", known=[False], typing=True), 46, 12))
    assert typed[0].startswith(" prime é")
    assert typed[2].strip() == "It cannot."
    below = lines(picture(facts_of(greedy=[0] * 999, sampled=[1] * 999, note="So many."), prime_of(), 46, 20))
    assert below[-1].strip() == "So many."


@SIZES
@pytest.mark.parametrize(
    ("says", "expects", "greedy", "sampled"),
    [
        ("text", "what it expects", "greedy: the likeliest", "sampled: T=0.8 · seed 3"),
        ("answer", "how its answer begins", "answer: the likeliest", "drawn: T=0.8 · seed 3"),
        ("one", "what it answers", "answer: the likeliest", "drawn: T=0.8 · seed 3"),
        ("each", "what it outputs for the last", "answer: the likeliest", "drawn: T=0.8 · seed 3"),
    ],
)
def test_an_answer_is_called_one_and_stands_without_its_prime(
    says: Any, expects: str, greedy: str, sampled: str, width: int, height: int
) -> None:
    facts = facts_of(greedy=[2, 3], sampled=[3, 0], says=says)
    grid = picture(facts, prime_of(), width, height)
    found, page = lines(grid), lay_out_sample(facts, prime_of(), width=width, height=height, glyphs=GLYPHS)
    assert f"next  {expects}" in found[page.bars.start - 1]
    for part, head, text in (("greedy", greedy, "cd"), ("sampled", sampled, "da")):
        x, y = page.texts[part].head  # type: ignore[index]
        assert found[y][x:].startswith(head)
        assert found[y + 1][x : x + 5].strip() == (f"ab{text}" if says == "text" else text)
    likelihoods = [line for line in found if line.startswith(" p ")]
    assert len(likelihoods) == (says == "text")  # of the prime, where it was asked how likely it was
    assert (page.spark is not None) == (says == "text")


@SIZES
def test_as_many_characters_are_asked_for_as_there_can_be_room_for(width: int, height: int) -> None:
    text = [0] * 4000
    facts = facts_of(greedy=text, sampled=text)
    page = lay_out_sample(facts, prime_of(), width=width, height=height, glyphs=GLYPHS)
    assert all(0 < len(block.tiles) <= text_room(width, height) for block in page.texts.values())


@given(st.lists(st.sampled_from(["a", "b", "字"]), max_size=8), st.integers(0, 12))
def test_of_what_is_typed_the_longest_end_is_shown_that_fits(glyphs: list[str], room: int) -> None:
    tiles = _tail(glyphs, room, 3, 1)
    widths = [cell_len(each) for each in glyphs]
    shown = [index for index, _ in tiles if index >= 0]
    fitting = [
        count
        for count in range(len(glyphs) + 1)
        if sum(widths[len(glyphs) - count :]) + (count < len(glyphs)) <= room or (not count and not room)
    ]
    assert len(shown) == max(fitting, default=0)
    assert shown == list(range(len(glyphs) - len(shown), len(glyphs)))
    assert [tile.x for _, tile in tiles] == [3 + sum(t.width for _, t in tiles[:n]) for n in range(len(tiles))]
    assert sum(tile.width for _, tile in tiles) <= room
