"""Fields by hand: comparisons whose losses and epochs are simple numbers, so that a test can say what must be shown."""

import numpy as np
from numpy.typing import NDArray

from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.field import (
    DIVERGED,
    DONE,
    LEARNING,
    Bundle,
    FieldFacts,
    FieldPicture,
    FieldWanted,
    LearntSteps,
    Measure,
)

__all__ = ["LAST", "epochs_of", "facts_of", "field_of", "losses_of", "picture_of"]

LAST = 100  # epochs after which all have ended
_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def field_of(kind: str = "seeds") -> Comparison:
    """A comparison: 64 seeds; 6 learning rates and 4 seeds; three cells besides; or 64 hidden sizes and 64 seeds."""
    varied = {
        "seeds": (Varied(path="training.seed", values=tuple(range(1, 65))),),
        "rates": (
            Varied(path="training.lr", values=_RATES, logarithmic=True),
            Varied(path="training.seed", values=(1, 2, 3, 4)),
        ),
        "cells": (
            Varied(path="network.cell", values=("rnn", "gru", "lstm")),
            Varied(path="training.lr", values=_RATES, logarithmic=True),
            Varied(path="training.seed", values=(1, 2, 3, 4)),
        ),
        "many": (
            Varied(path="network.hidden_size", values=tuple(range(2, 66))),
            Varied(path="training.seed", values=tuple(range(64))),
        ),
    }[kind]
    # a state is no logits where its size varies
    return Comparison(base=LESSONS["hihello-embedding" if kind == "many" else "hihello"], varied=varied)


def epochs_of(field: Comparison) -> list[float]:
    """When each member learns it: two in three do, between epochs 20 and 97; NaN: never."""
    return [20 + (7 * member) % 78 if member % 3 else float("nan") for member in range(field.members)]


def losses_of(field: Comparison, epochs: int) -> NDArray[np.float32]:
    """The losses of each member, (m, epochs): they fall to 0.2 where it learns it, and else to 1."""
    x = np.arange(1, epochs + 1)
    ends = np.array([0.2 if member % 3 else 1.0 for member in range(field.members)])
    speed = np.array([20 + member % 40 for member in range(field.members)])
    losses: NDArray[np.float32] = (ends[:, None] + 1.6 * np.exp(-x[None] / speed[:, None])).astype(np.float32)
    return losses


def facts_of(field: Comparison) -> FieldFacts:
    """The description of a field."""
    return FieldFacts(comparison=field, guessing=1.56, floors=np.full(field.members, 0.15, np.float32))


def picture_of(
    field: Comparison, epoch: int = 60, wanted: FieldWanted | None = None, selected: int = 0
) -> FieldPicture:
    """The state of all members after an epoch: every 17th has diverged at epoch 5."""
    wanted = wanted or FieldWanted(is_map=True, columns=100, lines=20)
    learnt = np.array(epochs_of(field))
    diverged = np.arange(field.members) % 17 == 16
    learnt[diverged | (learnt > epoch)] = np.nan
    states = np.where(diverged, DIVERGED, DONE if epoch >= LAST else LEARNING)
    groups = _groups(field, wanted.grouped_by)
    losses = losses_of(field, epoch)
    fine = [group for group in np.unique(groups) if (~diverged[groups == group]).any()]
    bundles = [_bundle(group, losses, (groups == group) & ~diverged, wanted.lines) for group in fine]
    steps = [_steps(group, learnt[groups == group], epoch) for group in np.unique(groups)]
    return FieldPicture(
        selected=selected,
        newest=epoch,
        going=int((states == LEARNING).sum()),
        done=int((states == DONE).sum()),
        learnt=int(np.isfinite(learnt).sum()),
        diverged=int(diverged.sum()),
        states=bytes(states.tolist()),
        measured=_measured(wanted.measure, learnt, losses, diverged) if wanted.is_map else None,
        bundles=tuple(bundles) if wanted.columns else (),
        learnt_steps=tuple(steps) if wanted.columns else (),
        updates_per_second=12_300.0,
    )


def _groups(field: Comparison, path: str) -> NDArray[np.intp]:
    paths = [each.path for each in field.varied]
    place = paths.index(path) if path in paths else None
    return np.array([0 if place is None else field.indices(member)[place] for member in range(field.members)])


def _bundle(group: int, losses: NDArray[np.float32], mine: NDArray[np.bool_], lines: int) -> Bundle:
    low, quarter, median, three, high = np.percentile(losses[mine], [0, 25, 50, 75, 100], axis=0).astype(np.float32)
    shown = np.flatnonzero(mine)[:lines]
    return Bundle(
        group=int(group), x=np.arange(1, losses.shape[1] + 1, dtype=np.float64), low=low, quarter=quarter,
        median=median, three_quarters=three, high=high, lines=losses[shown], members=shown.astype(np.int32),
    )  # fmt: skip


def _steps(group: int, learnt: NDArray[np.float64], epoch: int) -> LearntSteps:
    epochs, counts = np.unique(learnt[np.isfinite(learnt)].astype(np.int32), return_counts=True)
    return LearntSteps(
        group=int(group), epochs=epochs, counts=counts.cumsum().astype(np.int32), of=len(learnt), now=epoch
    )


def _measured(
    measure: Measure, learnt: NDArray[np.float64], losses: NDArray[np.float32], diverged: NDArray[np.bool_]
) -> NDArray[np.float32]:
    if measure == "learnt":
        return learnt.astype(np.float32)
    values = {"loss": losses[:, -1], "held_out": losses[:, -1] * 2, "norm": losses[:, 0]}[measure].copy()
    values[diverged] = np.nan
    return values
