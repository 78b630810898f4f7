"""What is printed of a run over a text or pairs: losses per character, in nats and in bits.

Passes are counted, each over one batch. Nearly always each makes one update, and is called so; where updates wait for
several passes, both are told.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from rnn_tui.common.wording import counted, surprise
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.prediction import right_everywhere

__all__ = [
    "LOST",
    "TextUpdate",
    "how_many",
    "in_part",
    "lines_every",
    "name_of",
    "text_json",
    "text_line",
    "text_summary",
    "text_update",
    "work_done",
]

LOST = "not learnt: the loss is no longer a number"
_EVERY = 100  # updates from line to line, unless asked otherwise, and without held-out data


def lines_every(session: Session) -> int:
    """Return the updates from line to line: a line for each evaluation of the held-out data."""
    return session.recording.evaluation.every or _EVERY


class TextUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The newest update. Nothing of it depends on how many lines are printed."""

    epoch: float  # 1.5: half of the second
    update: int  # the pass: that is an update, unless --accumulate makes one of several
    updates: int  # made, with the one that its gradients are ready for
    tick: int
    loss: float | None = None  # per character, in nats: of that update, as losses.csv has it
    bits: float | None = None
    held_out_update: int | None = None  # after which the held-out data were evaluated last
    held_out_loss: float | None = None
    held_out_bits: float | None = None
    held_out_accuracy: float | None = None
    held_out_pairs: float | None = None  # the share of the pairs in which every character is right
    held_out_characters: int | None = None  # that were evaluated
    held_out_whole: bool | None = None  # whether those are all, rather than the part evaluated every time
    parted: int | None = None  # the update since which its loss rises while the training loss falls


def text_update(session: Session) -> TextUpdate:
    """Return where the run is, between two passes or in the middle of one."""
    session.recording.drain()
    progress, loss = session.progress, session.losses.last()
    return TextUpdate(
        epoch=progress.passes / progress.batches,
        update=progress.pass_number,
        updates=progress.updates,
        tick=progress.tick,
        loss=loss,
        bits=None if loss is None else loss / math.log(2),
        **_held_out(session),
    )


def _held_out(session: Session) -> dict[str, Any]:
    evaluated = session.branch.held_out.newest()
    if evaluated is None:
        return {}
    return {
        "held_out_update": evaluated.update,
        "held_out_loss": evaluated.loss,
        "held_out_bits": evaluated.loss / math.log(2),
        "held_out_accuracy": evaluated.accuracy,
        "held_out_pairs": evaluated.rows,
        "held_out_characters": evaluated.characters,
        "held_out_whole": evaluated.whole,
        "parted": session.branch.held_out.parted,
    }


def text_json(update: msgspec.Struct, more: Mapping[str, object] | None = None) -> str:
    """Return one JSON object in a line, with what is to be told besides; null stands for NaN."""
    values = msgspec.structs.asdict(update) | {**(more or {})}
    return json.dumps({name: _finite(value) for name, value in values.items()})


def text_line(update: TextUpdate, unit: str = "character") -> str:
    """Return `epoch 1.37  update 1,200  loss 1.5432 (2.226 bits)  held out 1.6123 (2.326 bits), 54.3 % right`."""
    name = name_of(update.update, update.updates)
    text = f"epoch {update.epoch:.2f}  {name} {update.update:,}  loss {_loss(update.loss, unit)}"
    if update.held_out_loss is not None and update.held_out_accuracy is not None:
        at = "" if update.held_out_update == update.update else f" at {name} {update.held_out_update:,}"
        text += f"  held out{in_part(update.held_out_whole)}{at} {_loss(update.held_out_loss, unit)}, {_right(update)}"
    if update.parted is not None:
        text += f"  parting since {name} {update.parted:,}"
    return text


def in_part(whole: bool | None) -> str:
    """Return what follows "held out" if only the part is meant that is evaluated every time."""
    return " (a part of it)" if whole is False else ""


def how_many(session: Session, evaluated: int, what: str, *, whole: bool | None) -> str:
    """Return `4,096 characters held out`, or `1,024 of 4,096 characters held out` if not all were evaluated."""
    if whole is not False:
        return f"{counted(evaluated, what)} held out"
    return f"{evaluated:,} of {counted(session.recording.evaluation.characters, what)} held out"


def name_of(passes: int, updates: int) -> str:
    """Return what a pass is called: an update, if each has made one."""
    return "update" if passes == updates else "pass"


def work_done(session: Session, updates: int, each: str) -> str:
    """Return `39 updates of 2,048 characters`, or `78 passes over 2,048 characters, 39 updates`."""
    passes = session.progress.whole_passes
    if passes == updates:
        return f"{counted(updates, 'update')} of {each}"
    made = counted(updates, "update") if updates else "not one update"
    return f"{counted(passes, 'pass')} over {each}, {made}"


def text_summary(session: Session) -> list[str]:
    """Say what was learnt from which text."""
    dataset, experiment = session.dataset, session.experiment
    name = experiment.data.file.rpartition("/")[2].removeprefix("builtin:") or experiment.name
    name += f" ({session.origin})" if session.origin else ""
    update, unit = text_update(session), experiment.data.answer_unit
    learnt = LOST if session.hold.lost else f"loss {_loss(update.loss, unit)} a {unit}"
    parts = [name, learnt]
    if update.held_out_loss is not None and update.held_out_accuracy is not None:
        which = how_many(
            session, update.held_out_characters or 0, experiment.data.answer_unit, whole=update.held_out_whole
        )
        if update.held_out_update != update.update:
            which += f", at {name_of(update.update, update.updates)} {update.held_out_update:,}"
        parts.append(f"{which}: {_loss(update.held_out_loss, unit)}, {_right(update)}")
    if experiment.data.text:
        return [
            *parts,
            work_done(session, update.updates, counted(dataset.all_rows * dataset.length, experiment.data.answer_unit)),
        ]
    if session.progress.at_end_of_pass:
        right = right_everywhere(session.trainer)
        parts.append(
            f"{right:,} of {dataset.all_rows:,} {'pairs' if dataset.batches == 1 else 'pairs of the last batch'} right"
        )
    return [*parts, work_done(session, update.updates, counted(dataset.all_rows, "pair"))]


def _right(update: TextUpdate) -> str:
    """Say how often the likeliest character is right, and how often all characters of a pair are."""
    pairs = "" if update.held_out_pairs is None else f", {update.held_out_pairs:.1%} of pairs"
    return f"{update.held_out_accuracy:.1%} right{pairs}"


def _loss(loss: float | None, unit: str) -> str:
    if loss is None:
        return "none"
    return f"{loss:.4f} ({surprise(loss, unit)})" if abs(loss) < 1e6 else f"{loss:.4e}"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
