"""What a run over a text or pairs says without a view: losses per character, in nats and in bits."""

import json
import math
from typing import Any

import msgspec

from rnn_tui.engine.history import Series
from rnn_tui.engine.session import Session

__all__ = ["MeanLoss", "TextUpdate", "lines_every", "text_json", "text_line", "text_summary", "text_update"]

_EVERY = 100  # updates from line to line, where nothing else is asked for, nor held out


def lines_every(session: Session) -> int:
    """Updates from line to line: one for each judgement of what is held out."""
    return session.judges_every or _EVERY


class MeanLoss(Series):
    """A series that knows the mean of the numbers since it was last asked for; `whole`: it keeps them all."""

    def __init__(self, *, whole: bool = False) -> None:
        super().__init__()
        self._whole = whole
        self._sum, self._count, self._mean = 0.0, 0, math.nan

    def append(self, value: float) -> None:
        """Replaces the one before, where they are not all kept."""
        if self._whole:
            super().append(value)
        else:
            self._values[0], self._size = value, 1
        self._sum += value
        self._count += 1

    def take_mean(self) -> float | None:
        """The mean since the last time; the same again where nothing has come."""
        if self._count:
            self._mean = self._sum / self._count
            self._sum, self._count = 0.0, 0
        return None if not self._size else self._mean


class TextUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What is told about the updates since the last line."""

    epoch: float  # 1.5: half of the second
    update: int
    tick: int
    loss: float | None = None  # per character, in nats: the mean over those updates
    bits: float | None = None
    held_out_update: int | None = None  # when what is held out was judged last
    held_out_loss: float | None = None
    held_out_bits: float | None = None
    held_out_accuracy: float | None = None
    held_out_pairs: float | None = None  # the share of the pairs in which every character is right
    held_out_characters: int | None = None
    parted: int | None = None  # the update since which its loss rises while that of what is learnt falls


def text_update(session: Session) -> TextUpdate:
    """Where the run is, between two passes or in the middle of one."""
    session.drain()
    trainer = session.trainer
    losses = session.losses
    loss = losses.take_mean() if isinstance(losses, MeanLoss) else losses.last()
    passes = trainer.epoch - 1 + trainer.fed / trainer.length if trainer.epoch else 0.0
    return TextUpdate(
        epoch=passes / trainer.task.batches,
        update=trainer.epoch,
        tick=trainer.ticks,
        loss=loss,
        bits=None if loss is None else loss / math.log(2),
        **_held_out(session),
    )


def _held_out(session: Session) -> dict[str, Any]:
    judged = session.branch.held_out.newest()
    if judged is None:
        return {}
    return {
        "held_out_update": judged.update,
        "held_out_loss": judged.loss,
        "held_out_bits": judged.loss / math.log(2),
        "held_out_accuracy": judged.accuracy,
        "held_out_pairs": judged.rows,
        "held_out_characters": judged.characters,
        "parted": session.branch.held_out.parted,
    }


def text_json(update: msgspec.Struct) -> str:
    """One JSON object, which knows no NaN."""
    values = msgspec.structs.asdict(update)
    return json.dumps({name: _finite(value) for name, value in values.items()})


def text_line(update: TextUpdate) -> str:
    """One line: `epoch 1.37  update 1,200  loss 1.5432 (2.226 bits)  held out 1.6123 (2.326 bits), 54.3 % right`."""
    text = f"epoch {update.epoch:.2f}  update {update.update:,}  loss {_loss(update.loss)}"
    if update.held_out_loss is not None and update.held_out_accuracy is not None:
        at = "" if update.held_out_update == update.update else f" at update {update.held_out_update:,}"
        text += f"  held out{at} {_loss(update.held_out_loss)}, {_right(update)}"
    if update.parted is not None:
        text += f"  parting since update {update.parted:,}"
    return text


def text_summary(session: Session) -> list[str]:
    """What has been learnt from which text, in words."""
    task, experiment = session.trainer.task, session.experiment
    name = experiment.data.file.rpartition("/")[2].removeprefix("builtin:") or experiment.name
    name += f" ({session.origin})" if session.origin else ""
    update = text_update(session)
    learnt = "not learnt: the loss is no longer a number" if session.lost else f"loss {_loss(update.loss)} a character"
    parts = [name, learnt]
    if update.held_out_loss is not None and update.held_out_accuracy is not None:
        which = f"{update.held_out_characters:,} characters held out"
        parts.append(f"{which}: {_loss(update.held_out_loss)}, {_right(update)}")
    if experiment.data.text:
        return [*parts, f"{update.update:,} updates of {task.rows * task.length:,} characters"]
    if session.trainer.at_end_of_pass:
        right = session.right_rows()
        parts.append(f"{right:,} of {task.rows:,} {'pairs' if task.batches == 1 else 'pairs of the last batch'} right")
    return [*parts, f"{update.update:,} updates of {task.rows:,} pairs"]


def _right(update: TextUpdate) -> str:
    """How often the likeliest character is the right one, and how often all of a pair are."""
    pairs = "" if update.held_out_pairs is None else f", {update.held_out_pairs:.1%} of pairs"
    return f"{update.held_out_accuracy:.1%} right{pairs}"


def _loss(loss: float | None) -> str:
    if loss is None:
        return "none"
    return f"{loss:.4f} ({loss / math.log(2):.3f} bits)" if abs(loss) < 1e6 else f"{loss:.4e}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
