"""A series of one column, as most tests read it."""

from dataclasses import dataclass
from typing import Any

from rnn_tui.data.series import Doubles
from rnn_tui.data.series_columns import read_series
from rnn_tui.experiment.spec import Data


@dataclass(frozen=True, kw_only=True)
class OneColumn:
    """The column, and how its file was understood."""

    name: str
    values: Doubles
    cautions: tuple[str, ...]


def one_column(file: str, **data: Any) -> OneColumn:
    """Read it."""
    found = read_series(Data(inputs=(), series=file, **data))
    (series,) = found.columns
    return OneColumn(name=series.name, values=series.values, cautions=found.cautions)
