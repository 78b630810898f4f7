"""What is printed of a run over a few rows: the loss and the prediction, or the outputs where nothing is learnt."""

import json
import math
from collections.abc import Iterator, Mapping

import msgspec
import torch

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import step_name
from rnn_tui.engine.answers.shapes import checks
from rnn_tui.engine.headless.text_report import LOST
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.prediction import predicted_text, right_everywhere, scored_rows
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["RowsUpdate", "rows_json", "rows_line", "rows_summary", "rows_update"]

_FEATURES = 8  # numbers of an output that fit a line
_LONGEST = 60  # characters of a text in the last line


class RowsUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The newest pass over the data. Where nothing is learnt, only the first two are known."""

    epoch: int
    tick: int
    loss: float | None = None
    prediction: str | None = None
    target: str | None = None
    right_rows: int | None = None  # rows in which all that is scored is right


def rows_update(session: Session) -> RowsUpdate:
    """Return where the run is, at the end of a pass or in the middle of one."""
    session.recording.drain()
    progress, targets = session.progress, session.experiment.data.targets
    if not targets:
        return RowsUpdate(epoch=progress.pass_number, tick=progress.tick)
    losses = session.losses if progress.at_end_of_pass else session.branch.character_losses  # one of these may be NaN
    return RowsUpdate(
        epoch=progress.pass_number,
        tick=progress.tick,
        loss=losses.last(),
        prediction=predicted_text(session.trainer) or None,
        target=" ".join(targets),
        right_rows=_right_rows(session.trainer),
    )


def rows_json(update: RowsUpdate, more: Mapping[str, object] | None = None) -> str:
    """Return one JSON object in a line, with what is to be told besides."""
    values = msgspec.structs.asdict(update) | {**(more or {})}
    if update.loss is not None and not math.isfinite(update.loss):
        values["loss"] = None  # JSON knows no NaN
    return json.dumps(values).replace("\x7f", "\\u007f")  # the only control character that it would leave as it is


def rows_line(update: RowsUpdate, session: Session) -> str:
    """Return `epoch   12  loss  0.4563  prediction ihello`; the outputs in several lines where nothing is learnt."""
    if not session.experiment.training.learn:
        return "\n".join(_outputs(session.trainer))
    width = max(4, len(str(session.experiment.training.epochs)))
    rows, count = scored_rows(session.trainer), session.dataset.all_rows
    right = f"  {update.right_rows} of {count} rows right" if count > 1 else ""  # one row shows it itself
    prediction = safe(" ".join(predicted for predicted, _ in rows))
    return f"epoch {update.epoch:{width}}  loss {_number(update.loss):>7}{right}  prediction {prediction}"


def rows_summary(session: Session) -> list[str]:
    """Return what was learnt, to which loss."""
    if not session.experiment.training.learn:
        return [_checked(session.trainer)]
    loss, parts = session.losses.last(), [_learnt(session)]
    if loss is not None:
        parts.append(f"loss {_number(loss)}{_marks(session)}")
    return parts


def _right_rows(trainer: Trainer) -> int | None:
    return right_everywhere(trainer) if trainer.at_end_of_pass and trainer.logits else None


def _number(loss: float | None) -> str:
    if loss is None:
        return "none"
    return f"{loss:.4f}" if not abs(loss) >= 1e6 else f"{loss:.4e}"


def _outputs(trainer: Trainer) -> Iterator[str]:
    """Yield the output of every time step of a forward pass, row by row, and which checks hold."""
    yield f"pass {trainer.epoch}"
    outputs = torch.cat(trainer.logits)  # (T, N, features)
    dataset = trainer.dataset
    for number in range(dataset.rows):
        read = dataset.inputs[:, number]
        if isinstance(dataset, SeriesDataset):
            row = [f"{dataset.value_text(value):<10} " for value in dataset.inputs_in_units(read).tolist()]
        else:
            row = [dataset.vocabulary[index] for index in read.tolist()]
        if outputs.shape[1] > 1:
            yield f"  row {number + 1}  {safe(''.join(row))}"
        for step, character in enumerate(row):
            features = outputs[step, number]
            numbers = " ".join(f"{value:+.4f}" for value in features[:_FEATURES].tolist())
            more = f" … {len(features):,} in all" if len(features) > _FEATURES else ""
            yield f"  {step_name(step):<5}  {safe(character)}  {numbers}{more}"
    for check in checks(trainer):
        yield f"  {'✓' if check.holds else '✗'} {check.claim} (largest difference {check.difference:.1g})"


def _checked(trainer: Trainer) -> str:
    found = checks(trainer)
    hold = f": {sum(check.holds for check in found)} of {len(found)} checks hold" if found else ""
    return f"forward only{hold}"


def _marks(session: Session) -> str:
    """Return what the loss is to be compared with: the floor, and the loss of guessing while rows are wrong."""
    floor, guess = session.experiment.floor, guessing(session.trainer)
    marks = f", floor {floor:.4f}" if floor is not None else ""
    if (
        guess is not None
        and session.progress.at_end_of_pass
        and right_everywhere(session.trainer) < session.dataset.all_rows
    ):
        marks += f", guessing {guess:.4f}" + (" not smoothed" if session.experiment.training.label_smoothing else "")
    return marks


def _learnt(session: Session) -> str:
    progress = session.progress
    if session.hold.lost:
        return LOST
    if not progress.at_end_of_pass:
        return f"in the middle of epoch {progress.pass_number:,}, {progress.fed} of {progress.length} characters fed"
    rows = scored_rows(session.trainer)
    wrong = [(row, target) for row, target in rows if row != target]
    every_prediction_known = session.device.type == "cpu"  # on a GPU not every prediction is looked at
    first = session.branch.predictions.learnt if every_prediction_known else None
    since = f"first right in epoch {first:,}" if first else ""
    right_now, count = right_everywhere(session.trainer), session.dataset.all_rows
    if right_now == count:
        return f"learnt {_short(' '.join(target for _, target in rows))}" + (f": {since}" if since else "")
    if not wrong:
        return f"not learnt: {right_now} of {count} rows are right, those of process 0 among them"
    right = f"{right_now} of {count} rows are right; " if count > 1 else ""
    row, target = wrong[0]
    lost = f", {since} and lost again" if since else ""
    return f"not learnt: {right}predicts {_short(row)} for {_short(target)}{lost}"


def _short(text: str) -> str:
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
