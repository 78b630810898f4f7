"""Where the pictures of weights stand: columns of tiles, as large as they fit, from one matrix on."""

from collections.abc import Sequence

from rnn_tui.common.value import Value

__all__ = ["BINS", "MatrixBox", "lay_out_weights"]

BINS = 24  # cells of a histogram
_GUTTER = 5  # cells of a gate's name and a row's number
_SMALL = 40  # cells below which a gutter is narrower
_HISTOGRAM = 3  # its rows
_COLUMN = 46  # cells below which tiles do not stand side by side
_FEWEST = 8  # rows of a picture, unless the matrix has fewer
_MOST = 40
_TALLEST = 3  # rows of a value
_WIDEST = 9  # cells of a value with its number
_PLAIN = 3  # and without


class MatrixBox(Value, frozen=True, kw_only=True):
    """The place of one tensor: a title, its picture, and its histogram."""

    matrix: int
    x: int
    y: int
    width: int
    gutter: int  # cells before the picture
    rows: int  # lines of the picture
    tall: int  # lines of a value; 0: two rows share a line
    cell: int  # cells of a value
    beside: bool  # the histogram stands beside the picture
    height: int

    @property
    def fits(self) -> int:
        """Rows of a matrix that the picture has room for."""
        return self.rows // self.tall if self.tall else 2 * self.rows


def lay_out_weights(
    width: int, height: int, shapes: Sequence[tuple[int, ...]], first: int
) -> tuple[list[MatrixBox], int]:
    """Return the tiles, and the rows left at the bottom for the table of the other tensors.

    As many matrices as possible, then as large as they fit. One that does not fit at all gets what room there is.
    """
    first = max(0, min(first, len(shapes) - 1))
    best: list[MatrixBox] = []
    for count in range(len(shapes) - first, 0, -1):
        others = len(shapes) - count
        table = min(others + (others > 0), max(0, height // 3))
        chosen = range(first, first + count)
        room = height - 1 - table - (table > 0)
        for lines in range(_MOST, _FEWEST - 1, -1):
            best = _place(width, shapes, chosen, lines)
            if all(tile.y + tile.height <= room for tile in best):
                return best, table
    room = max(0, height - 1 - (min(len(shapes), height // 3) if len(shapes) > 1 else 0))
    return _place(width, shapes, range(first, min(len(shapes), first + 1)), max(1, room - 2 - _HISTOGRAM)), 0


def _place(width: int, shapes: Sequence[tuple[int, ...]], chosen: range, lines: int) -> list[MatrixBox]:
    """Place each tile below the shortest column."""
    columns = max(1, min(width // _COLUMN, len(chosen)))
    each = (width - 1) // columns
    below = [0] * columns
    tiles = []
    for matrix in chosen:
        column = below.index(min(below))
        tile = _tile(matrix, 1 + column * each, below[column], each - 1, shapes[matrix], lines)
        below[column] += tile.height + 1
        tiles.append(tile)
    return tiles


def _tile(matrix: int, x: int, y: int, width: int, shape: tuple[int, ...], lines: int) -> MatrixBox:
    rows, columns = (shape[0], shape[1]) if len(shape) > 1 else (1, shape[0] if shape else 1)
    gutter = 3 if width < _SMALL else _GUTTER
    room = max(1, width - gutter)
    cell = min(_WIDEST, room // max(1, columns))
    if cell < 5:
        cell = max(1, min(_PLAIN, cell))
    tall = min(_TALLEST, lines // max(1, rows)) if len(shape) > 1 else 1
    used = tall * rows if tall else min(lines, -(-rows // 2))
    if tall == 0:  # without numbers: as wide as a histogram beside it allows
        cell = min(cell, max(2, (room - 2 - BINS) // max(1, columns)))
    beside = gutter + cell * columns + 2 + BINS <= width
    height = 2 if len(shape) < 2 else 1 + (max(used, _HISTOGRAM) if beside else used + _HISTOGRAM)
    return MatrixBox(
        matrix=matrix, x=x, y=y, width=width, gutter=gutter, rows=used, tall=tall, cell=cell, beside=beside,
        height=height,
    )  # fmt: skip
