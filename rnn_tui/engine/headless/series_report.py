"""What is printed of a run over a series: squared errors, and their root in the units of the series."""

import math

import msgspec

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted, unit_text
from rnn_tui.engine.headless.text_report import LOST, how_many, in_part, name_of, text_update, work_done
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.series_errors import held_out_squared_errors, squared_errors
from rnn_tui.engine.training.series_on_device import SeriesDataset

__all__ = ["SeriesUpdate", "series_line", "series_summary", "series_update"]


class SeriesUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The newest update. Losses are of standardised values."""

    epoch: float  # 1.5: half of the second
    update: int  # the pass: that is an update, unless --accumulate makes one of several
    updates: int  # made, with the one that its gradients are ready for
    tick: int
    loss: float | None = None  # of that update, as losses.csv has it
    rmse: float | None = None  # its root, in the units of the series; None: several columns are predicted
    column_rmse: dict[str, float] | None = (
        None  # of each column in its units, of the last pass, where several are predicted
    )
    held_out_update: int | None = None  # after which the held-out data were evaluated last
    held_out_loss: float | None = None
    held_out_rmse: float | None = None
    held_out_values: int | None = None  # that were evaluated
    held_out_whole: bool | None = None  # whether those are all, rather than the part evaluated every time
    parted: int | None = None  # the update since which its loss rises while the training loss falls


def series_update(session: Session) -> SeriesUpdate:
    """Return where the run is, between two passes or in the middle of one."""
    told = text_update(session)
    return SeriesUpdate(
        epoch=told.epoch,
        update=told.update,
        updates=told.updates,
        tick=told.tick,
        loss=told.loss,
        rmse=_rmse(session, told.loss),
        column_rmse=_rmse_of_columns(session, squared_errors(session.trainer)) or None,
        held_out_update=told.held_out_update,
        held_out_loss=told.held_out_loss,
        held_out_rmse=_rmse(session, told.held_out_loss),
        held_out_values=told.held_out_characters,
        held_out_whole=told.held_out_whole,
        parted=told.parted,
    )


def series_line(update: SeriesUpdate) -> str:
    """Return `epoch 12.00  update 120  loss 0.0123 (rmse 1.311)  held out 0.0141 (rmse 1.403)`."""
    name = name_of(update.update, update.updates)
    text = f"epoch {update.epoch:.2f}  {name} {update.update:,}  loss {_loss(update.loss, update.rmse)}"
    if update.held_out_loss is not None:
        at = "" if update.held_out_update == update.update else f" at {name} {update.held_out_update:,}"
        text += f"  held out{in_part(update.held_out_whole)}{at} {_loss(update.held_out_loss, update.held_out_rmse)}"
    if update.parted is not None:
        text += f"  parting since {name} {update.parted:,}"
    return text


def series_summary(session: Session) -> list[str]:
    """Say what was learnt of which series."""
    dataset = session.dataset
    assert isinstance(dataset, SeriesDataset)
    update = series_update(session)
    learnt = LOST if session.hold.lost else f"loss {_loss(update.loss, update.rmse)}"
    parts = [safe(dataset.series.name), learnt]
    if update.column_rmse:
        parts.append(_in_words(update.column_rmse))
    if update.held_out_loss is not None:
        evaluated = _loss(update.held_out_loss, update.held_out_rmse)
        which = how_many(session, update.held_out_values or 0, "value", whole=update.held_out_whole)
        if update.held_out_update != update.update:
            which += f", at {name_of(update.update, update.updates)} {update.held_out_update:,}"
        parts.append(f"{which}: {evaluated}")
        if update.column_rmse:
            parts.append(_in_words(_rmse_of_columns(session, held_out_squared_errors(session.trainer))))
    if len(dataset.series.says) == 1 and dataset.series.standardise:
        scale = dataset.scales[dataset.series.says[0]]
        parts.append(f"mean {unit_text(scale.mean, scale.deviation, 4)}, deviation {scale.deviation:.4g}")
    return [*parts, work_done(session, update.updates, counted(dataset.all_rows * dataset.length, "value"))]


def _rmse(session: Session, loss: float | None) -> float | None:
    dataset = session.dataset
    assert isinstance(dataset, SeriesDataset)
    several = len(dataset.series.says) > 1
    return None if loss is None or several else math.sqrt(loss) * dataset.scales[dataset.series.says[0]].deviation


def _rmse_of_columns(session: Session, errors: list[float]) -> dict[str, float]:
    """Return the root of the error of each column that is predicted, in its units; empty where there is but one."""
    dataset = session.dataset
    assert isinstance(dataset, SeriesDataset)
    if len(errors) < 2:
        return {}
    return {
        dataset.series.columns[at].name: math.sqrt(error) * dataset.scales[at].deviation
        for at, error in zip(dataset.series.says, errors, strict=True)
    }


def _in_words(rmse: dict[str, float]) -> str:
    return f"rmse {', '.join(f'{safe(name)} {value:.4g}' for name, value in rmse.items())}"


def _loss(loss: float | None, rmse: float | None) -> str:
    if loss is None:
        return "none"
    root = "" if rmse is None else f" (rmse {rmse:.4g})"
    return f"{loss:.4f}{root}" if abs(loss) < 1e6 else f"{loss:.4e}{root}"
