"""Comparing without a view: a line for each network as it ends, then a table by group, and what it shows."""

import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from rnn_tui.common.atomic_files import write_atomic
from rnn_tui.common.glyphs import printable, safe
from rnn_tui.common.wording import counted
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.field_folder import FieldFolder, begin_keeping, go_on_with
from rnn_tui.engine.field.outcomes import outcomes_of, rows_of
from rnn_tui.engine.headless.compare_report import Report
from rnn_tui.engine.headless.progress_lines import Interrupts, Lines
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.training.threads import choose_threads
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.memory import shortage_told
from rnn_tui.experiment.outcomes import Outcome
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.field import DONE

__all__ = ["compare"]

_WIDTH = 80  # cells of a line of text


def compare(
    comparison: Comparison,
    *,
    json: bool,
    out: TextIO,
    err: TextIO,
    csv: str | None = None,
    stops_when_learnt: bool = False,
    jobs: int = 1,
    caution: str = "",
    keep: str | None = None,
    resume: bool = False,
) -> int:
    """Train all networks of a comparison to their ends, or to Ctrl+C, and print how they fared.

    Returns the exit code: 2 where it could not be kept, 128 and its number after a signal, such as 130 after Ctrl+C.
    So many `jobs` large networks learn at once, each in a process of its own. `csv` names a file that is replaced by
    one with a row for each network, `keep` a folder where the comparison is kept; `resume`: it is there already, and
    goes on as it was left. Raises ExperimentError for data that are not there and for want of memory, CheckpointError
    for a folder that cannot be used, and OSError where the file cannot be written.
    """
    choose_threads(comparison.base)
    began = time.perf_counter()
    try:
        folder = None
        if keep is not None and resume:
            field, folder = go_on_with(Path(keep), jobs=jobs)
        else:
            field = Field(comparison, stops_when_learnt=stops_when_learnt, jobs=jobs)
            if keep is not None:
                folder = begin_keeping(Path(keep), field, stops_when_learnt=stops_when_learnt)
        report = _report(field)
        if caution:
            Lines.tell(f"rnn-tui: {caution}", err)
        if not json:
            _write(out, [report.heading()])
        try:
            interrupted = _train(field, report, folder, json=json, out=out, err=err)
        finally:
            field.close()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ExperimentError("run.device", shortage_told(comparison.base)) from None
    if folder is not None:
        folder.close()
    outcomes = outcomes_of(field)
    seconds = time.perf_counter() - began
    if json:
        _write(out, [*map(report.json_line, (each for each in outcomes if _is_stopped(each)))])
        _write(out, [report.json_summary(outcomes)])
        _write(err, [_took(field, seconds, folder)])
    else:
        found = [wrapped for each in report.sentences(outcomes) for wrapped in _wrapped(each)]
        _write(out, ["", *report.tables(outcomes), *([""] if found else []), *found, _took(field, seconds, folder)])
    if csv is not None:
        write_atomic(Path(csv), report.csv(outcomes).encode())
    if folder is not None and folder.problem:
        Lines.tell(f"rnn-tui: {safe(folder.problem)}", err)
        return 2
    return 128 + interrupted if interrupted else 0


def _report(field: Field) -> Report:
    return Report(**vars(rows_of(field)))


def _train(field: Field, report: Report, folder: FieldFolder | None, *, json: bool, out: TextIO, err: TextIO) -> int:
    """Train to the end, and print each network as it ends; return the signal that has interrupted it, or 0."""
    states, line = field.results.states, report.json_line if json else report.line
    told = states >= DONE
    with Interrupts() as interrupts, Lines(out, err, total=_steps(field), unit="updates") as lines:
        going = not field.is_over
        while going and not interrupts.seen:
            going = field.step()
            lines.count()
            if folder is not None:
                folder.stepped()
            ended = (states >= DONE) & ~told
            if ended.any():
                told |= ended
                for each in outcomes_of(field, np.flatnonzero(ended).tolist()):
                    lines.write(line(each))
    return interrupts.seen if going else 0


def _steps(field: Field) -> int | None:
    """Return the most steps that training takes; None: it is not known."""
    most = 0
    for member, experiment in enumerate(field.experiments):
        stack = next((each for each in field.stacks if each.holds(member)), None)
        if stack is None or not experiment.training.epochs:
            return None
        most = max(most, experiment.training.epochs * stack.batches)
    return most


def _is_stopped(outcome: Outcome) -> bool:
    return not (outcome.done or outcome.diverged)


def _took(field: Field, seconds: float, folder: FieldFolder | None) -> str:
    """Return `64 networks · 6,400 passes in 1.23 s · kept in DIR`."""
    took = f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
    passes = int(field.results.passes.sum())
    ended = int((field.results.states >= DONE).sum())
    of = counted(field.comparison.members, "network")
    networks = of if ended == field.comparison.members else f"{ended:,} of {of} to the end"
    where = "" if folder is None else f" · kept in {safe(str(folder.folder))}"
    return f"{networks} · {counted(passes, 'pass')} in {took}{where}"


def _wrapped(sentence: str) -> Sequence[str]:
    return textwrap.wrap(sentence, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _write(stream: TextIO, lines: Sequence[str]) -> None:
    stream.write("".join(f"{printable(line)}\n" for line in lines))
    stream.flush()
