"""How the members of a field have fared, as values: for a table, for lines, for what is found."""

from collections.abc import Iterable

import numpy as np

from rnn_tui.engine.field.field import Field
from rnn_tui.experiment.network_rows import NetworkRows
from rnn_tui.experiment.outcomes import Outcome
from rnn_tui.protocol.field import DIVERGED, DONE, FieldSummary

__all__ = ["outcomes_of", "rows_of", "summary_of"]


def summary_of(field: Field) -> FieldSummary:
    """Count how many members have come how far."""
    results = field.results
    return FieldSummary(
        comparison=field.comparison,
        learnt=int((results.learnt > 0).sum()) if rows_of(field).has_right else None,
        ended=int((results.states >= DONE).sum()),
        diverged=int((results.states == DIVERGED).sum()),
    )


def rows_of(field: Field) -> NetworkRows:
    """Find out what is counted, and what can be known of these networks."""
    data = field.comparison.base.data
    has_right = not (data.text or data.series or data.pairs) or field.has_right
    return NetworkRows(
        comparison=field.comparison, counts_epochs=has_right, has_right=has_right, has_held_out=bool(data.holdout)
    )


def outcomes_of(field: Field, members: Iterable[int] | None = None) -> list[Outcome]:
    """Return how these members have fared so far, or all of them."""
    results = field.results
    first = results.losses.values[0] if len(results.losses.values) else np.full(field.comparison.members, np.nan)
    return [
        Outcome(
            member=member,
            epoch=int(results.passes[member]),
            began=float(first[member]),
            loss=float(results.loss[member]),
            learnt=int(results.learnt[member]),
            right=bool(results.right[member]),
            held_out=float(results.held_out[member]),
            diverged=bool(results.states[member] == DIVERGED),
            done=bool(results.states[member] >= DONE),
        )
        for member in (range(field.comparison.members) if members is None else members)
    ]
