"""The network of a run that is kept on the disk, for those who only want to use it: no training, and no data."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from rnn_tui.engine.checkpoint import load_weights, put_weights
from rnn_tui.engine.devices import choose_device
from rnn_tui.engine.model import Model
from rnn_tui.essence import Essence, essence_of, with_essence
from rnn_tui.experiment import Experiment
from rnn_tui.manifest import check_text, read_best, read_experiment, read_manifest
from rnn_tui.reading import read

__all__ = ["KeptNetwork", "load_network"]


@dataclass(frozen=True, kw_only=True)
class KeptNetwork:
    """What there is to know of it."""

    experiment: Experiment  # with its vocabulary
    essence: Essence
    tensors: dict[str, Tensor]  # `model.NAME`, and what else a checkpoint holds

    def model(self) -> Model:
        """On the experiment's device. Raises ExperimentError where that is not there."""
        model = Model(self.experiment).to(choose_device(self.experiment))
        put_weights(model, self.tensors)
        return model.eval()


def load_network(folder: Path, *, best: bool = False) -> KeptNetwork:
    """That of the newest checkpoint of the run in a folder, or of the best one. Nothing is written.

    The file that was learnt is read only where the checkpoint does not say what is needed of it: those of the first
    versions do not. Raises CheckpointError, and then ExperimentError for such a file.
    """
    given = read_experiment(folder)
    manifest = read_best(folder) if best else read_manifest(folder)
    essence = manifest.essence
    if essence is None:
        check_text(manifest, given)
        reading = read(given)
        essence = essence_of(reading.experiment, reading.source)
    experiment = with_essence(given, essence)
    tensors = load_weights(folder, manifest, given, experiment)
    return KeptNetwork(experiment=experiment, essence=essence, tensors=tensors)
