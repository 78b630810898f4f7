"""The rules of the network, and of the device that it runs on."""

from msgspec.structs import replace

from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["check_device", "check_network", "with_fitting_cell"]


def with_fitting_cell(experiment: Experiment) -> Experiment:
    """Return the experiment with the only way to compute a cell that torch has not, and without facts of another one.

    What a file of one's own holds is known of the cell in that file alone.
    """
    network = experiment.network
    if network.own is not None and network.cell != OWN:
        network = replace(network, own=None)
    if not network.kind.module and network.implementation == "fused":
        network = replace(network, implementation="written-out")
    return experiment if network is experiment.network else replace(experiment, network=network)


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
    _check_tied(experiment)
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


def _check_tied(experiment: Experiment) -> None:
    """Raise ExperimentError where the head cannot have the matrix of the embedding."""
    network = experiment.network
    if not network.tied:
        return
    width = network.hidden_size * network.directions
    if experiment.is_numbers:
        raise ExperimentError("network.tied", "true does not fit numbers, which have no embedding: it must be false")
    if network.head != "linear":
        problem = "true does not fit a direct head, which has no matrix: it must be false, or the head linear"
        raise ExperimentError("network.tied", problem)
    if network.embedding != width:
        both = "both directions together" if network.bidirectional else "the layer below the head"
        raise ExperimentError(
            "network.embedding",
            f"{network.embedding} does not fit a head that is tied to it: it must be {width:,}, as many as {both} has "
            "units, or tied must be false",
        )


def check_device(device: str) -> None:
    """Raise ExperimentError for a text that names no device."""
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise ExperimentError("run.device", f"{device!r} is not a device: it must be auto, cpu, cuda, cuda:N or mps")
