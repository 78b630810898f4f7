"""Tables of numbers in random dialects are read back exactly or refused, never otherwise."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.data.csv.columns import pick_column
from rnn_tui.data.csv.numbers import NumberProblem, parse_numbers
from rnn_tui.data.csv.table import TableError, read_table

MARKS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": " "}
WORDS = ("north", "south, far", "a;b", "two words", 'say "x"', "Ö", "#1", "a|b")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    separator: str
    decimal: str  # the mark itself
    group: str  # between thousands; empty: nothing
    quote_all: bool
    named: bool
    comment: bool
    end: str

    def number(self, whole: int, digits: int) -> str:
        """`whole` / 10 ** `digits`, with so many digits after its mark."""
        text = f"{abs(whole):0{digits + 1}d}"
        before, after = (text[:-digits], text[-digits:]) if digits else (text, "")
        grouped = f"{int(before):,}".replace(",", self.group)
        return ("-" if whole < 0 else "") + grouped + (self.decimal + after if after else "")


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    separator = draw(st.sampled_from(list(MARKS)))
    decimal = draw(st.sampled_from(".,"))
    groups = ["", " ", "'", "\u00a0", "\u202f"]
    if decimal == "." or separator in ("semicolon", "tab"):  # elsewhere a single point is a decimal one: see there
        groups.append("," if decimal == "." else ".")
    return Dialect(
        separator=separator,
        decimal=decimal,
        group=draw(st.sampled_from(groups)),
        quote_all=draw(st.booleans()),
        named=draw(st.booleans()),
        comment=draw(st.booleans()),
        end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )


@st.composite
def columns(draw: st.DrawFn, rows: int) -> list[tuple[int, int]]:
    """Numbers as whole numbers and how many of their digits stand after the mark."""
    most = draw(st.sampled_from([9, 999, 9_999_999]))
    fixed = draw(st.none() | st.integers(0, 4))
    shown = [draw(st.integers(0, 4)) if fixed is None else fixed for _ in range(rows)]
    return [(draw(st.integers(-most * 10**n, most * 10**n)), n) for n in shown]


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, Dialect, list[list[float]], list[int]]:
    """A file's text, how it is written, the values of its columns of numbers, and where those are."""
    dialect, rows = draw(dialects()), draw(st.integers(2, 8))
    kinds = draw(st.lists(st.sampled_from(["number", "number", "word", "date"]), min_size=1, max_size=4))
    if "number" not in kinds:
        kinds.append("number")
    cells: list[list[str]] = []
    values: list[list[float]] = []
    for kind in kinds:
        if kind == "number":
            numbers = draw(columns(rows))
            values.append([whole / 10**n for whole, n in numbers])
            cells.append([dialect.number(*number) for number in numbers])
        elif kind == "word":
            cells.append(draw(st.lists(st.sampled_from(WORDS), min_size=rows, max_size=rows)))
        else:
            cells.append([f"2021-01-{day:02}" for day in range(1, rows + 1)])
    file = io.StringIO()
    writer = csv.writer(
        file,
        delimiter=MARKS[dialect.separator],
        lineterminator=dialect.end,
        quoting=csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL,
    )
    if dialect.comment:
        file.write(f"# made by a test, in its {len(kinds)} columns; |{dialect.end}")
    if dialect.named:
        writer.writerow([f"{kind} {at}" for at, kind in enumerate(kinds)])
    writer.writerows(zip(*cells, strict=True))
    return file.getvalue(), dialect, values, [at for at, kind in enumerate(kinds) if kind == "number"]


def column_of(text: str, name: str, **options: Any) -> tuple[list[float], list[str]]:
    """The numbers of a column, and what was cautioned about."""
    table = read_table(text, options.get("separator", "auto"), decimal=options.get("decimal", "auto"))
    column = pick_column(table, name, options.get("header", "auto"))
    cells = [row[column.at] for row in table.rows[1 if column.named else 0 :]]
    numbers = parse_numbers(cells, options.get("decimal", "auto"), separator=table.separator)
    assert not numbers.gaps.any()
    return numbers.values.tolist(), [numbers.caution] if numbers.caution else []


@given(tables(), st.data())
def test_without_an_option_a_table_is_read_exactly_or_refused(table: Any, data: st.DataObject) -> None:
    text, dialect, values, places = table
    chosen = data.draw(st.integers(0, len(places) - 1))
    name = f"number {places[chosen]}" if dialect.named else str(places[chosen] + 1)
    try:
        found, cautions = column_of(text, name)
    except (TableError, NumberProblem):
        return
    assert found == values[chosen] or cautions, (text, found)


@given(tables(), st.data())
def test_with_its_options_a_table_is_read_exactly(table: Any, data: st.DataObject) -> None:
    text, dialect, values, places = table
    chosen = data.draw(st.integers(0, len(places) - 1))
    options = {
        "separator": dialect.separator,
        "decimal": "point" if dialect.decimal == "." else "comma",
        "header": "yes" if dialect.named else "no",
    }
    name = f"number {places[chosen]}" if dialect.named else str(places[chosen] + 1)
    if not dialect.named and "#1" in text:
        return  # a first row that begins with this is a comment
    assert column_of(text, name, **options) == (values[chosen], [])
