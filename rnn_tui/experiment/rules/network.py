"""The rules of the network, and of the device that it runs on."""

from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["check_device", "check_network"]


def check_network(experiment: Experiment) -> None:
    """Raise ExperimentError where the network does not fit its data, or the way it is trained."""
    network, training = experiment.network, experiment.training
    is_known = bool(experiment.vocabulary)  # a file's vocabulary is known once it has been read
    direct = training.learn and network.head == "direct" and is_known and not experiment.is_numbers
    if direct and experiment.output_size != len(experiment.vocabulary):
        classes, both = len(experiment.vocabulary), " in both directions together" if network.bidirectional else ""
        raise ExperimentError(
            "network.hidden_size",
            f"{network.hidden_size} does not fit a direct head: it needs "
            f"{classes} units{both}, one for each character of the vocabulary, or a linear head",
        )
    if not network.kind.module and network.implementation != "written-out":
        raise ExperimentError(
            "network.implementation",
            f"{network.implementation} does not fit: torch has no {network.kind.label}, so it must be written-out",
        )
    if network.implementation == "cell" and network.bidirectional:
        raise ExperimentError(
            "network.bidirectional",
            "true does not fit single cells, which read in one direction "
            "only: it must be false, or the implementation fused or written-out",
        )
    if network.bidirectional and training.tick == "character":
        raise ExperimentError(
            "training.tick",
            "character does not fit: it must be sequence here, since a "
            "bidirectional network reads the whole sequence before it outputs anything",
        )


def check_device(device: str) -> None:
    """Raise ExperimentError for a text that names no device."""
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise ExperimentError("run.device", f"{device!r} is not a device: it must be auto, cpu, cuda, cuda:N or mps")
