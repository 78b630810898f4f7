"""The network of a run on the disk, to use it without training and without its data."""

from dataclasses import dataclass
from pathlib import Path

import torch
from msgspec.structs import replace
from torch import Tensor

from rnn_tui.data.data_card import DataCard, data_card_of, with_vocabulary
from rnn_tui.data.load import load
from rnn_tui.engine.network.model import Model
from rnn_tui.engine.store.checkpoint import load_weights, put_weights
from rnn_tui.engine.training.devices import choose_device
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import check_text, read_best, read_experiment, read_manifest

__all__ = ["SavedNetwork", "load_network"]


@dataclass(frozen=True, kw_only=True)
class SavedNetwork:
    """A network, and what is needed to use it."""

    experiment: Experiment  # with its vocabulary
    data_card: DataCard
    tensors: dict[str, Tensor]  # `model.NAME`, and what else a checkpoint holds

    def model(self) -> Model:
        """Return the model on the experiment's device, whatever precision it was trained in: it is used in float32.

        Raises ExperimentError where there is no such device.
        """
        training = replace(self.experiment.training, precision="float32")
        model = Model(self.experiment).to(choose_device(replace(self.experiment, training=training)))
        put_weights(model, self.tensors)
        return model.eval()


def load_network(folder: Path, *, best: bool = False) -> SavedNetwork:
    """Return the network of the newest checkpoint of the run in a folder, or of the best one. Write nothing.

    The file that was learnt is read only where the checkpoint does not include what is needed of it, as those of the
    first versions. Raises CheckpointError, also for weights that are NaN or infinite; ExperimentError for that file.
    """
    given = read_experiment(folder)
    manifest = read_best(folder) if best else read_manifest(folder)
    data_card = manifest.data_card
    if data_card is None:
        check_text(manifest, given)
        loaded = load(given)
        data_card = data_card_of(loaded.experiment, loaded.source)
    experiment = with_vocabulary(given, data_card)
    tensors = load_weights(folder, manifest, given, experiment)
    problem = _not_finite(tensors)
    if problem:
        raise CheckpointError(folder / manifest.tensors, f"{problem}; {_way_out(folder, best=best)}")
    return SavedNetwork(experiment=experiment, data_card=data_card, tensors=tensors)


def _not_finite(tensors: dict[str, Tensor]) -> str:
    """Say how many of the weights are NaN or infinite, and where the first of them is; "" where all are finite."""
    weights = {name.removeprefix("model."): each for name, each in tensors.items() if name.startswith("model.")}
    found = {name: int((~torch.isfinite(each)).sum()) for name, each in weights.items()}
    total = sum(found.values())
    if not total:
        return ""
    of = sum(each.numel() for each in weights.values())
    first = next(name for name, count in found.items() if count)
    return f"{total:,} of {of:,} weights {'is' if total == 1 else 'are'} NaN or infinite, the first of them in {first}"


def _way_out(folder: Path, *, best: bool) -> str:
    """Say what can be used in their place."""
    if best:
        return "it has learnt nothing that could be used"
    try:
        other = read_best(folder)
        load_network(folder, best=True)
    except ExperimentError:
        return "there are no weights of a best loss that could be used in their place"
    return f"--best uses those of the best loss, {other.loss:.4g} at epoch {other.epoch:,}"
