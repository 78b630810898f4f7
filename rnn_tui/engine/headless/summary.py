"""The last line of a run without a view: what was learnt, how long it took, where it is kept, and why it stopped."""

from typing import TYPE_CHECKING

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.headless.diagnostics_report import clipped_in_words
from rnn_tui.engine.headless.rows_report import rows_summary
from rnn_tui.engine.headless.series_report import series_summary
from rnn_tui.engine.headless.text_report import text_summary
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.breakpoint_watch import describe_hits

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Checkpointer

__all__ = ["summary"]


def summary(session: Session, seconds: float, checkpointer: "Checkpointer | None" = None) -> str:
    """Return the line, its parts separated by ` · `."""
    parts = _what_was_learnt(session)
    took = f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
    epoch, one, more = session.progress.epoch, *_UNITS[session.experiment.training.learn]
    parts.append(f"{epoch:,} {one if epoch == 1 else more} in {took}")
    if clipped := clipped_in_words(session):
        parts.append(clipped)
    if checkpointer is not None:
        from rnn_tui.runs.folders import short_name  # only where a run is kept: it takes time to load

        parts.append(f"{checkpointer.kept_in_words} {safe(short_name(checkpointer.folder))}")
    if session.hold.hits and not session.hold.lost:
        parts.append(f"stopped at tick {session.progress.tick:,}: {describe_hits(session.hold.hits)}")
    if session.hold.early:
        parts.append(f"stopped: {session.hold.early}")
    return " · ".join(parts)


_UNITS = {True: ("epoch", "epochs"), False: ("pass", "passes")}


def _what_was_learnt(session: Session) -> list[str]:
    if not (session.experiment.training.learn and session.experiment.data.per_character):
        return rows_summary(session)
    return series_summary(session) if session.experiment.is_numbers else text_summary(session)
