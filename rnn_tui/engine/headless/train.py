"""Training without a view: a line for each update, as a notebook prints it, and one on what was learnt."""

import json as jsons
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

import msgspec
import torch

from rnn_tui.common.glyphs import printable, safe
from rnn_tui.common.wording import counted
from rnn_tui.engine.answers.shapes import checks
from rnn_tui.engine.headless.progress_lines import Interrupts, Lines
from rnn_tui.engine.headless.series_report import series_line, series_summary, series_update
from rnn_tui.engine.headless.text_report import lines_every, text_json, text_line, text_summary, text_update
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import SeriesTask
from rnn_tui.engine.training.breakpoint_watch import told
from rnn_tui.engine.training.gpu import out_of_memory
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.loss_history import Series
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.changes import Turn
from rnn_tui.experiment.memory import shortage_told
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.commands import Keep

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Keeper

__all__ = ["train"]

_FEATURES = 8  # numbers of an output that fit a line
_LONGEST = 60  # characters of a text in the last line


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What is told about a pass over the data. Where nothing is learnt, only the first two are known."""

    epoch: int
    tick: int
    loss: float | None = None
    prediction: str | None = None
    target: str | None = None
    right_rows: int | None = None  # rows in which all that is scored is right


def train(
    experiment: Experiment,
    *,
    json: bool,
    every: int | None,
    out: TextIO,
    err: TextIO,
    until: tuple[str, ...] = (),
    turns: tuple[Turn, ...] = (),
    keep: Keep | None = None,
    caution: str = "",
) -> int:
    """Run an experiment to its end. Returns the exit code: 1 for a loss that is no number, 2 where the run could not
    be kept, 128 and its number after a signal: 130 after Ctrl+C, 143 after SIGTERM.

    It ends at a breakpoint of `until`; those of the experiment are for the view. Ctrl+C ends it with the pass under
    way. `every` is in epochs, or updates of a text or pairs; None: 1, or 100. `caution` is said first, once the run
    can begin. Raises ExperimentError for a device that is not there or runs out of memory, and for a file that cannot
    be learnt, and CheckpointError for a run that cannot be kept.
    """
    text = experiment.data.per_character
    choose_threads(experiment)
    try:
        session, keeper = _begin(experiment, turns, keep, lambda problem: Lines.tell(f"rnn-tui: {safe(problem)}", err))
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ExperimentError("run.device", shortage_told(experiment)) from None
    began, total = time.perf_counter(), _updates_left(session)
    for each in (*([caution] if caution else ()), *_cautions(session, total)):
        Lines.tell(f"rnn-tui: {each}", err)
    try:
        session.watch(until)
        with (
            Interrupts() as interrupts,
            Lines(out, err, total=total, unit=_unit(experiment)) as lines,
        ):
            every = every or (lines_every(session) if text else 1)
            for _ in _updates(session, every, interrupts, lines, keeper):
                if text and session.trainer.learns:
                    lines.write(_source_line(session, json=json))
                else:
                    update = _update(session)
                    lines.write(_json(update) if json else _text(update, session))
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if keeper is not None:
            keeper.abandon()
        raise ExperimentError("run.device", shortage_told(session.experiment)) from None
    finally:
        if keeper is not None:
            keeper.close()
    summary = _summary(session, time.perf_counter() - began, keeper)
    print(printable(summary), file=err if json else out, flush=True)
    if session.lost:
        print(f"rnn-tui: {printable(session.notice)}", file=err, flush=True)
        return 1
    if keeper is not None and keeper.problem:
        return 2
    return 128 + interrupts.seen if interrupts.seen and not session.done and not session.stopped else 0


def _unit(experiment: Experiment) -> str:
    """What a progress bar counts."""
    if not experiment.data.per_character:
        return "epochs"
    return "passes" if experiment.training.accumulate > 1 else "updates"


def _cautions(session: Session, left: int | None) -> Iterator[str]:
    """What somebody would not expect of a run that has `left` passes to come; None: it never ends."""
    accumulate, epochs = session.experiment.training.accumulate, session.epochs
    task = session.trainer.task
    if isinstance(task, SeriesTask):
        yield from (f"--series {safe(task.series.name)}: {safe(each)}" for each in task.series.cautions)
    if session.done:
        yield f"this run is done ({counted(epochs, 'epoch')}): --epochs {2 * epochs}, say, goes on with it"
    elif left is not None and session.trainer.collected + left < accumulate:
        yield f"--accumulate {accumulate}: there are {counted(left, 'pass')} to come: not one update will be made"


def _updates_left(session: Session) -> int | None:
    """Until its epochs are over; None: they never are."""
    return session.epochs * session.trainer.task.batches - session.whole_passes if session.epochs else None


def _begin(
    experiment: Experiment, turns: tuple[Turn, ...], keep: Keep | None, told: Callable[[str], object]
) -> tuple[Session, "Keeper | None"]:
    """The session, and what keeps it. Nobody goes back here or draws a curve: without a keeper it needs no past."""
    if keep is None:
        session = Session(experiment, history=0, turns=turns)
        session.branch.losses, session.branch.character_losses = _Newest(), _Newest()
        return session, None
    from rnn_tui.engine.store.resume import begin_keeping, resume

    if keep.resume:
        return resume(keep, experiment, told, history=0, turns=turns)
    session = Session(experiment, history=0, turns=turns)
    return session, begin_keeping(session, keep, told)


def _source_line(session: Session, *, json: bool) -> str:
    """About the newest update over a text, a series or pairs."""
    if session.experiment.is_numbers:
        numbers = series_update(session)
        return text_json(numbers) if json else series_line(numbers)
    news = text_update(session)
    return text_json(news) if json else text_line(news)


def _updates(
    session: Session, every: int, interrupts: Interrupts, lines: Lines, keeper: "Keeper | None"
) -> Iterator[None]:
    """Trains; stops at the first update, every Nth, and the last one, for something to be said."""
    trainer = session.trainer
    while not session.lost and (not session.done or session.heads_for_a_tick):
        going = session.tick()
        if keeper is not None:
            keeper.ticked()
        if interrupts.seen:
            if keeper is not None:
                keeper.close()  # what follows is for the eye: hurried, its last digits may be others
            trainer.unit = "sequence"  # the rest of the pass in one go: what is said is about a whole one
        if going and not trainer.at_end_of_pass:
            continue
        if session.stopped and not session.lost and not trainer.at_end_of_pass:
            return  # there is no whole pass to tell of
        lines.count()
        wanted = trainer.epoch == 1 or trainer.epoch % every == 0
        if wanted:
            session.drain()  # may find that the loss is no number
        over = bool(session.notice) or interrupts.seen
        if over and not interrupts.seen:
            session.judge()  # all that is held out, where the run is at its end
        if wanted or over:
            yield
        if over:
            return


def _update(session: Session) -> Update:
    session.drain()
    trainer, targets = session.trainer, session.experiment.data.targets
    if not targets:
        return Update(epoch=trainer.epoch, tick=trainer.ticks)
    losses = session.losses if trainer.at_end_of_pass else session.character_losses  # one of these may be NaN
    return Update(
        epoch=trainer.epoch,
        tick=trainer.ticks,
        loss=losses.last(),
        prediction=session.prediction() or None,
        target=" ".join(targets),
        right_rows=session.right_rows() if trainer.at_end_of_pass and trainer.logits else None,
    )


class _Newest(Series):
    """A series that keeps the newest number only: nobody draws a curve here, and a run may be long."""

    def append(self, value: float) -> None:
        """Replaces the one before."""
        self._values[0], self._size = value, 1


def _json(update: Update) -> str:
    values = msgspec.structs.asdict(update)
    if update.loss is not None and not math.isfinite(update.loss):
        values["loss"] = None  # JSON knows no NaN
    return jsons.dumps(values).replace("\x7f", "\\u007f")  # the only control that it would leave as it is


def _text(update: Update, session: Session) -> str:
    if not session.trainer.learns:
        return "\n".join(_outputs(session))
    width = max(4, len(str(session.experiment.training.epochs)))
    rows = session.scored_rows()
    right = f"  {update.right_rows} of {len(rows)} rows right" if len(rows) > 1 else ""  # one tells it by itself
    prediction = safe(" ".join(predicted for predicted, _ in rows))
    return f"epoch {update.epoch:{width}}  loss {_number(update.loss):>7}{right}  prediction {prediction}"


def _number(loss: float | None) -> str:
    if loss is None:
        return "none"
    return f"{loss:.4f}" if not abs(loss) >= 1e6 else f"{loss:.4e}"


def _outputs(session: Session) -> Iterator[str]:
    """The output of every time step of a forward pass, row by row, and what was compared."""
    trainer = session.trainer
    yield f"pass {trainer.epoch}"
    outputs = torch.cat(trainer.logits)  # (T, N, features)
    task = trainer.task
    for number in range(task.rows):
        read = task.inputs[:, number]
        if isinstance(task, SeriesTask):
            row = [f"{task.value_text(value):<10} " for value in task.in_units(read).tolist()]
        else:
            row = [task.vocabulary[index] for index in read.tolist()]
        if outputs.shape[1] > 1:
            yield f"  row {number}  {safe(''.join(row))}"
        for step, character in enumerate(row):
            features = outputs[step, number]
            numbers = " ".join(f"{value:+.4f}" for value in features[:_FEATURES].tolist())
            more = f" … {len(features):,} in all" if len(features) > _FEATURES else ""
            yield f"  t={step:<3}  {safe(character)}  {numbers}{more}"
    for check in checks(trainer):
        yield f"  {'✓' if check.holds else '✗'} {check.claim} (largest difference {check.difference:.1g})"


def _summary(session: Session, seconds: float, keeper: "Keeper | None" = None) -> str:
    """What was learnt, to which loss, and how long it took."""
    loss, floor, epoch = session.losses.last(), session.experiment.floor, session.epoch
    text = session.trainer.learns and session.experiment.data.per_character
    summary = series_summary if session.experiment.is_numbers else text_summary
    parts = summary(session) if text else [_learnt(session) if session.trainer.learns else _checked(session)]
    if loss is not None and not text:
        marks = [f", floor {floor:.4f}"] if floor is not None else []
        guess = guessing(session.trainer)
        if guess is not None and session.trainer.at_end_of_pass and session.right_rows() < session.trainer.task.rows:
            marks.append(f", guessing {guess:.4f}")
        parts.append(f"loss {_number(loss)}" + "".join(marks))
    took = f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
    word = "epoch" if session.trainer.learns else "pass"
    words = {"epoch": "epochs", "pass": "passes"}
    parts.append(f"{epoch:,} {word if epoch == 1 else words[word]} in {took}")
    if keeper is not None:
        from rnn_tui.runs.catalog import short_name

        parts.append(f"{keeper.kept_in_words} {safe(short_name(keeper.folder))}")
    if session.stopped and not session.lost:
        parts.append(f"stopped at tick {session.trainer.ticks:,}: {told(session.stopped)}")
    if session.early:
        parts.append(f"stopped: {session.early}")
    return " · ".join(parts)


def _checked(session: Session) -> str:
    found = checks(session.trainer)
    hold = f": {sum(check.holds for check in found)} of {len(found)} checks hold" if found else ""
    return f"forward only{hold}"


def _learnt(session: Session) -> str:
    trainer = session.trainer
    if session.lost:
        return "not learnt: the loss is no longer a number"
    if not trainer.at_end_of_pass:
        return f"in the middle of epoch {trainer.epoch:,}, {trainer.fed} of {trainer.length} characters fed"
    rows = session.scored_rows()
    wrong = [(row, target) for row, target in rows if row != target]
    watched = session.device.type == "cpu"  # on a GPU not every prediction is looked at
    first = session.predictions.learnt if watched else None
    since = f"first right in epoch {first:,}" if first else ""
    if not wrong:
        return f"learnt {_short(' '.join(target for _, target in rows))}" + (f": {since}" if since else "")
    right = f"{len(rows) - len(wrong)} of {len(rows)} rows are right; " if len(rows) > 1 else ""
    row, target = wrong[0]
    lost = f", {since} and lost again" if since else ""
    return f"not learnt: {right}says {_short(row)} for {_short(target)}{lost}"


def _short(text: str) -> str:
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
