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
    if training.precision != "float32" and experiment.run.device.partition(":")[0] in ("cpu", "mps"):
        raise ExperimentError(
            "training.precision",
            f"{training.precision!r} does not fit the device {experiment.run.device}: it must be float32, "
            "or the device cuda",
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
