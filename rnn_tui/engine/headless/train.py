"""Training without a view: a line for each update, as a notebook prints it, and one on what was learnt."""

import time
from collections.abc import Callable, Iterator
from signal import Signals
from typing import TYPE_CHECKING, TextIO

from rnn_tui.common.glyphs import printable, safe
from rnn_tui.common.wording import counted
from rnn_tui.engine.headless.diagnostics_report import diagnostics_told
from rnn_tui.engine.headless.length_report import lengths_json, lengths_table
from rnn_tui.engine.headless.progress_lines import Interrupts, Lines
from rnn_tui.engine.headless.rows_report import rows_json, rows_line, rows_update
from rnn_tui.engine.headless.series_report import series_line, series_update
from rnn_tui.engine.headless.summary import summary
from rnn_tui.engine.headless.text_report import lines_every, text_json, text_line, text_update
from rnn_tui.engine.network.cell_error import CellError, blamed
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.session.processes import ALONE, Processes, RankLost
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.accuracy_by_length import accuracy_by_length
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.memory import shortage_told
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.commands import SaveOptions

if TYPE_CHECKING:
    from rnn_tui.engine.store.checkpointer import Checkpointer

__all__ = ["train"]


def train(
    experiment: Experiment,
    *,
    json: bool,
    every: int | None,
    out: TextIO,
    err: TextIO,
    until: tuple[str, ...] = (),
    changes: tuple[Change, ...] = (),
    keep: SaveOptions | None = None,
    caution: str = "",
    by_length: bool = False,
    processes: Processes = ALONE,
) -> int:
    """Run an experiment to its end, to a breakpoint of `until`, or to Ctrl+C, which completes the pass under way.

    Returns the exit code: 1 for a loss that is no number, 2 where the run could not be kept, 128 and its number after
    a signal: 130 after Ctrl+C, 143 after SIGTERM.

    Breakpoints of the experiment are for the view. `every` is in epochs, or in updates of a text or pairs; None: 1, or
    100. `caution` is printed first, once the run can begin. `by_length`: the accuracy at each length of the pairs is
    printed last. Raises ExperimentError for a device that is not there or
    runs out of memory, and for a file that cannot be learnt, and CheckpointError for a run that cannot be kept.
    """
    choose_threads(experiment)

    def report(problem: str) -> None:
        Lines.tell(f"rnn-tui: {safe(problem)}", err)

    try:
        session, checkpointer = _begin(experiment, changes, keep, report, processes, json=json)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ExperimentError("run.device", shortage_told(experiment)) from None
    began, total = time.perf_counter(), _passes_left(session)
    for each in (*([caution] if caution else ()), *_cautions(session, total)):
        Lines.tell(f"rnn-tui: {each}", err)
    try:
        session.watch(until)
        with (
            Interrupts(lambda: processes.end_asked.signal if processes.end_asked else 0) as interrupts,
            Lines(out, err, total=total, unit=_unit(experiment)) as lines,
        ):
            every = every or (lines_every(session) if experiment.data.per_character else 1)
            for _ in _updates(session, every, interrupts, lines, checkpointer, measures=json):
                lines.write(_line(session, json=json))
    except (RuntimeError, MemoryError, CellError) as error:
        own = blamed(error, session.experiment)
        if own is None and not out_of_memory(error):
            raise
        if checkpointer is not None:
            checkpointer.abandon()  # a pass is half computed; the checkpoint on the disk is whole
        raise own or ExperimentError("run.device", shortage_told(session.experiment)) from None
    except RankLost:
        if checkpointer is not None:
            checkpointer.abandon()  # what the lost rank had is not known; the checkpoint on the disk is whole
        raise
    finally:
        if checkpointer is not None:
            checkpointer.close()
    if processes.end_asked is not None:
        report(f"rank {processes.end_asked.rank} was asked to end ({Signals(processes.end_asked.signal).name})")
    _write(err if json else out, summary(session, time.perf_counter() - began, checkpointer))
    if session.hold.lost:
        _write(err, f"rnn-tui: {session.hold.notice}")
        return 1
    if by_length:
        found = accuracy_by_length(session.trainer)
        for line in [lengths_json(found)] if json else lengths_table(found).split("\n"):
            _write(out, line)
    if checkpointer is not None and checkpointer.problem:
        return 2
    return 128 + interrupts.seen if interrupts.seen and not session.done and not session.hold.hits else 0


def _write(stream: TextIO, line: str) -> None:
    stream.write(f"{printable(line)}\n")
    stream.flush()


def _begin(
    experiment: Experiment,
    changes: tuple[Change, ...],
    keep: SaveOptions | None,
    report: Callable[[str], object],
    processes: Processes,
    *,
    json: bool,
) -> tuple[Session, "Checkpointer | None"]:
    """Return the session, and what saves it. Without that it needs no past: nobody goes back or draws a curve."""
    if keep is None:
        session = Session(experiment, history=0, changes=changes, processes=processes)
        session.branch.losses, session.branch.character_losses = _Newest(), _Newest()
        diagnostics = session.branch.diagnostics
        diagnostics.seconds, diagnostics.rates, diagnostics.norms = _Newest(), _Newest(), _Newest()
        if not json:
            session.recording.measuring.turn_off()
        return session, None
    from rnn_tui.engine.store.resume import begin_saving, resume  # only where a run is kept: they take time to load

    if keep.resume:
        return resume(keep, experiment, report, history=0, changes=changes, processes=processes)
    session = Session(experiment, history=0, changes=changes, processes=processes)
    return session, begin_saving(session, keep, report)


class _Newest(LossSeries):
    """A series that keeps the newest number only, because a run may be long."""

    def append(self, value: float) -> None:
        """Replace the number before."""
        del self._values[:]
        self._values.append(value)


def _unit(experiment: Experiment) -> str:
    """Return what a progress bar counts."""
    if not experiment.data.per_character:
        return "epochs"
    return "passes" if experiment.training.accumulate > 1 else "updates"


def _passes_left(session: Session) -> int | None:
    """Return the passes until the epochs are over; None: they never are."""
    epochs, progress = session.branch.epochs, session.progress
    return epochs * progress.batches - progress.whole_passes if epochs else None


def _cautions(session: Session, left: int | None) -> Iterator[str]:
    """Say what would surprise about a run that has `left` passes to come; None: it never ends."""
    accumulate, epochs, dataset = session.experiment.training.accumulate, session.branch.epochs, session.dataset
    if isinstance(dataset, SeriesDataset):
        yield from (f"--series {safe(dataset.series.name)}: {safe(each)}" for each in dataset.series.cautions)
    if session.done:
        yield f"this run is done ({counted(epochs, 'epoch')}): --epochs {2 * epochs}, say, goes on with it"
    elif left is not None and session.progress.collected + left < accumulate:
        yield f"--accumulate {accumulate}: there are {counted(left, 'pass')} to come: not one update will be made"


def _updates(
    session: Session,
    every: int,
    interrupts: Interrupts,
    lines: Lines,
    checkpointer: "Checkpointer | None",
    *,
    measures: bool,
) -> Iterator[None]:
    """Train; yield after the first update, every Nth and the last one, each of which is printed.

    `measures`: what is printed has the diagnostics of its own update.
    """
    progress = session.progress
    while not session.hold.lost and (not session.done or session.heads_for_a_tick):
        if measures and _is_printed(progress.pass_number + progress.at_end_of_pass, every):
            session.recording.measuring.demand()
        going = session.tick()
        if checkpointer is not None:
            checkpointer.ticked()
        if interrupts.seen:
            if checkpointer is not None:
                checkpointer.close()  # what follows is only printed: in one go, its last digits may be others
            session.hurry()
        if going and not progress.at_end_of_pass:
            continue
        if session.hold.hits and not session.hold.lost and not progress.at_end_of_pass:
            return  # there is no whole pass to tell of
        lines.count()
        wanted = _is_printed(progress.pass_number, every)
        if wanted:
            session.recording.drain()  # may find that the loss is no number
        over = bool(session.hold.notice) or interrupts.seen
        if over and not interrupts.seen:
            session.recording.evaluate()  # all held-out data, where the run is at its end
        if wanted or over:
            yield
        if over:
            return


def _is_printed(number: int, every: int) -> bool:
    return number == 1 or number % every == 0


def _line(session: Session, *, json: bool) -> str:
    """Return what is printed of the newest update."""
    data, learns = session.experiment.data, session.experiment.training.learn
    if not (data.per_character and learns):
        rows = rows_update(session)
        return rows_json(rows, diagnostics_told(session)) if json else rows_line(rows, session)
    if session.experiment.is_numbers:
        numbers = series_update(session)
        return text_json(numbers, diagnostics_told(session)) if json else series_line(numbers)
    text = text_update(session)
    return text_json(text, diagnostics_told(session)) if json else text_line(text, data.answer_unit)
