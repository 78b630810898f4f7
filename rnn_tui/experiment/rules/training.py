"""The rules of the training, and of the breakpoints that it is paused at."""

import msgspec

from rnn_tui.experiment.breakpoints import needs_learning, parse_all
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["check_training", "with_breakpoints"]


def check_training(experiment: Experiment) -> None:
    """Raise ExperimentError where the training breaks a rule."""
    training = experiment.training
    endless = training.schedule in ("step", "cosine") and not training.schedule_every and not training.epochs
    if training.learn and endless:
        raise ExperimentError(
            "training.schedule_every",
            f"0 does not fit {training.schedule} where the epochs have no end: it must be a number of updates",
        )
    device = experiment.run.device.partition(":")[0]
    fits = {"cpu": ("float32", "bfloat16"), "mps": ("float32",)}.get(device, (training.precision,))
    if training.precision not in fits:
        raise ExperimentError(
            "training.precision",
            f"{training.precision!r} does not fit the device {experiment.run.device}: it must be {' or '.join(fits)}, "
            "or the device cuda",
        )
    if experiment.run.processes > 1:
        _check_processes(experiment, experiment.run.processes)


def _check_processes(experiment: Experiment, count: int) -> None:
    """Raise ExperimentError where so many processes cannot share the batches."""
    if not experiment.training.learn:
        raise ExperimentError("run.processes", f"{count} have nothing to share where nothing is learnt: it must be 1")
    if experiment.training.tick == "character":
        raise ExperimentError(
            "training.tick",
            f"'character' does not fit {count} processes, which feed whole sequences: sequence",
        )
    rows = experiment.rows
    if (experiment.data.batch or not experiment.data.file) and rows < count:
        raise ExperimentError(
            "run.processes", f"{count} is too many: each needs a row of the batch, which has {rows:,}: at most {rows:,}"
        )


def with_breakpoints(experiment: Experiment) -> Experiment:
    """Return the experiment with its breakpoints in their canonical form, each once. Raises ExperimentError."""
    until = tuple(map(str, parse_all(experiment.run.until)))
    idle = list(filter(needs_learning, until))
    if idle and not experiment.training.learn:
        problem = f"{idle[0]!r} never comes without learning: it must be epoch=N or tick=N"
        raise ExperimentError("run.until", problem, value=idle[0])
    if until == experiment.run.until:
        return experiment
    return msgspec.structs.replace(experiment, run=msgspec.structs.replace(experiment.run, until=until))
