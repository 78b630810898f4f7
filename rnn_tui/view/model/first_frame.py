"""The frame that is shown before the engine has said anything: the untrained network, at tick 0."""

import numpy as np

from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.task_layout import laid_out
from rnn_tui.protocol.arrays import Integers
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldFacts
from rnn_tui.protocol.frame import Status, Steps
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.subject import Subject

__all__ = ["NO_RUN", "before_first_frame"]

NO_RUN = -1


def before_first_frame(
    experiment: Experiment,
    wanted: Wanted,
    notice: str = "",
    *,
    subject: Subject | None = None,
    comparison: Comparison | None = None,
) -> tuple[Frame, Opened]:
    """Return a frame in which nothing has been fed, and the run's description, from the experiment alone.

    Of a script that is watched nothing is known yet but what `subject` has; `comparison`: many networks will learn.
    """
    steps = None if subject is not None else _untrained(experiment, wanted)
    status = Status(
        tick=0,
        newest=0,
        branch="main",
        branches=1,
        epochs=experiment.training.epochs,
        epoch=0,
        fed=0,
        loss=None,
        running_loss=None,
        state="loading",
        speed=experiment.run.speed,
        ticks_per_second=0.0,
        lr=experiment.training.lr,
        notice=notice or _reading(experiment, subject),
    )
    opened = Opened(
        run=NO_RUN,
        experiment=experiment,
        began=experiment,
        changes=(),
        weights=experiment.weights,
        device="no device yet",
        torch="…",
        subject=subject,
        field=None if comparison is None else FieldFacts(comparison=comparison, has_right=not experiment.is_numbers),
    )
    return Frame(request=-1, revision=-1, status=status, steps=steps), opened


def _reading(experiment: Experiment, subject: Subject | None) -> str:
    """Return a line that says which file is being read, if there is one."""
    return f"{safe(experiment.data.file)} is being read." if experiment.data.file and subject is None else ""


def _untrained(experiment: Experiment, wanted: Wanted) -> Steps:
    """Return the window of time steps, of which none has been fed."""
    index = {character: number for number, character in enumerate(experiment.vocabulary)}
    count = min(wanted.count, experiment.length)
    first = max(0, min(wanted.first or 0, experiment.length - count))
    window = slice(first, first + count)

    def indices(rows: tuple[str, ...]) -> Integers:
        if experiment.data.file:  # it has not been read yet
            return np.zeros(count, np.int32)
        return np.array(
            [index[character] for character in rows[min(wanted.row, len(rows) - 1)][window]] if rows else [], np.int32
        )

    inputs, targets = experiment.data.inputs, experiment.data.targets
    read, target = indices(inputs), indices(targets) if experiment.training.learn else np.zeros(0, np.int32)
    if experiment.data.padded and not experiment.data.file:
        row = min(wanted.row, len(inputs) - 1)
        characters, begin, answer = laid_out(experiment.data.task, inputs[row], targets[row])
        both = np.full((2, experiment.length), -1, np.int32)
        both[0, : len(characters)] = [index[character] for character in characters]
        both[1, begin : begin + len(answer)] = [index[character] for character in answer]
        read, target = both[:, window]
    none = np.zeros(0, np.float32)
    nothing = np.zeros((0, 0), np.float32)
    return Steps(
        first=first,
        inputs=read,
        targets=target,
        top=np.zeros((0, 0), np.int32),
        top_p=nothing,
        target_p=none,
        losses=none,
        outputs=None if experiment.training.learn else nothing,
    )
