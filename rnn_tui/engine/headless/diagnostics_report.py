"""What a line of JSON says of a run's training besides its loss, and the last line of what was clipped."""

import math

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.diagnostics import clipped_norm
from rnn_tui.engine.training.gradient_norm import gradient_norm

__all__ = ["TOLD", "clipped_in_words", "diagnostics_told"]

TOLD = ("seconds", "lr", "gradient_norm", "clipped_norm", "dead", "saturated", "ratios")


def diagnostics_told(session: Session) -> dict[str, object]:
    """Return the diagnostics of the newest pass; None: what was not taken at that very pass.

    The norm of its gradients is computed here where it has not been.
    """
    trainer, known = session.trainer, session.branch.diagnostics
    if not trainer.learns:
        return {}
    limit, taken = session.experiment.training.clip, known.samples.taken_at(session.progress.whole_passes)
    norm = _finite(_norm(session)) if trainer.has_update else None
    values = (
        round(known.elapsed, 6),
        trainer.lr,
        norm,
        clipped_norm(norm, limit) if limit and norm is not None else None,
        _finite(taken.get("dead")),
        _finite(taken.get("saturated")),
        {name: _finite(taken[name]) for name in known.matrices} if taken else None,
    )
    return dict(zip(TOLD, values, strict=True))


def clipped_in_words(session: Session) -> str:
    """Return how many updates were clipped; empty: there is no limit, or not all are known."""
    known = session.branch.diagnostics
    if not session.experiment.training.clip or len(known.norms) != len(session.branch.ends):
        return ""
    share = known.clipped(session.branch.clip_limits())
    return "" if share is None else f"{100 * share:.3g} % of the updates clipped"


def _norm(session: Session) -> float | None:
    norm = session.branch.diagnostics.norms.last()
    if norm is not None and not math.isnan(norm):
        return norm
    found = gradient_norm(session.trainer.gradients())
    return None if found is None else found.item()


def _finite(number: float | None) -> float | None:
    """Return None for what JSON has no word for."""
    return number if number is not None and math.isfinite(number) else None
