"""Checkpoints: a snapshot of a run as safetensors, and a JSON manifest that names it. Data only: nothing is executed.

The tensors are written first, under a name of their own; the manifest takes the place of the one before in a single
step; then the tensors that it no longer names are removed. Whenever this is cut short, the manifest on the disk names
tensors that are whole.
"""

import contextlib
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from rnn_tui.common.atomic_files import Folder
from rnn_tui.engine.network.model import Model, State
from rnn_tui.engine.training.lr_schedule import Plateau
from rnn_tui.engine.training.snapshot import Slot, Snapshot
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.runs.manifest import MANIFEST, CheckpointError, Manifest, Progress, Sealed
from rnn_tui.runs.read_checkpoint import read_tensors, read_weights

__all__ = [
    "load_tensors",
    "load_weights",
    "progress_of",
    "put_weights",
    "tidy",
    "to_snapshot",
    "to_tensors",
    "weights",
    "write",
]

_MODEL, _OPTIMIZER, _STATE, _RANDOM = "model.", "optimizer.", "state.", "random.cpu"
_SUFFIX = ".safetensors"

_Kind = TypeVar("_Kind", bound=Sealed)


def write(folder: Folder, manifest: _Kind, tensors: dict[str, Tensor], name: str = MANIFEST) -> _Kind:
    """Replace the checkpoint of that name, and return the manifest as it was written.

    Raises OSError: then that one is still there.
    """
    data = save(tensors)
    digest = hashlib.sha256(data).hexdigest()
    manifest = msgspec.structs.replace(
        manifest,
        tensors=f"{_prefix(name)}{manifest.tick}-{digest[:12]}{_SUFFIX}",
        tensors_bytes=len(data),
        tensors_sha256=digest,
    )
    folder.write(manifest.tensors, data)
    folder.write(name, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    tidy(folder, manifest.tensors, name)
    return manifest


def tidy(folder: Folder, kept: str, name: str) -> None:
    """Remove the tensors of earlier checkpoints, and files cut short. What cannot be removed now may stay."""
    prefix = _prefix(name)
    with contextlib.suppress(OSError):
        for each in folder.names():
            old = each.startswith(prefix) and each.endswith(_SUFFIX) and each != kept
            if old or (each.startswith(prefix) and each.endswith(f"{_SUFFIX}.part")):
                folder.remove(each)


def _prefix(name: str) -> str:
    """Return how the names of tensors begin: `checkpoint-` for `checkpoint.json`."""
    return f"{name.removesuffix('.json')}-"


def to_tensors(trainer: Trainer, snapshot: Snapshot) -> dict[str, Tensor]:
    """Return a snapshot as named tensors on the CPU: `model.NAME`, `optimizer.NAME.KEY`, and `random.cpu` (uint8).

    A gradient that waits for those of other passes is `optimizer.NAME.grad`; a state that the next pass goes on from is
    `state.h`, and in an LSTM `state.c`.
    """
    names = [name for name, _ in trainer.model.named_parameters()]
    shapes = [parameter.shape for parameter in trainer.model.parameters()] + [slot.shape for slot in snapshot.slots]
    keys = [f"{_MODEL}{_plain(name)}" for name in names]
    keys += [f"{_OPTIMIZER}{_plain(names[slot.parameter])}.{slot.key}" for slot in snapshot.slots]
    parts = torch.split(snapshot.values.cpu(), [shape.numel() for shape in shapes])
    tensors = {key: part.reshape(shape) for key, part, shape in zip(keys, parts, shapes, strict=True)}
    if snapshot.random is not None:
        tensors[_RANDOM] = snapshot.random
    if snapshot.state is not None:
        parts = snapshot.state if isinstance(snapshot.state, tuple) else (snapshot.state,)
        tensors |= {f"{_STATE}{name}": part.detach().cpu() for name, part in zip("hc", parts, strict=False)}
    return {key: tensor.contiguous() for key, tensor in tensors.items()}


def weights(trainer: Trainer, values: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return values of all parameters, in the model's order, as named tensors on the CPU: `model.NAME`."""
    names = [name for name, _ in trainer.model.named_parameters()]
    return {f"{_MODEL}{_plain(name)}": value.cpu() for name, value in zip(names, values, strict=True)}


def put_weights(model: Model, tensors: dict[str, Tensor]) -> None:
    """Copy weights into a model; they are known to be of its sizes."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"{_MODEL}{_plain(name)}"])


def progress_of(snapshot: Snapshot) -> Progress:
    """Return what a manifest says of a snapshot besides its tick and epoch."""
    plateau = snapshot.plateau
    return Progress(
        updates=snapshot.updates,
        collected=snapshot.collected,
        plateau=(plateau.best, plateau.bad, plateau.cuts),
        earlier=snapshot.earlier,
        scaling=snapshot.scaling,
    )


def load_tensors(folder: Path, manifest: Sealed, experiment: Experiment) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint. Raises CheckpointError unless they are whole and of this experiment."""
    return _loaded(folder, manifest, read_tensors(folder, manifest, experiment))


def load_weights(folder: Path, manifest: Sealed, experiment: Experiment, read: Experiment) -> dict[str, Tensor]:
    """Return the same without the text that was learnt; `read` is the experiment with its vocabulary."""
    return _loaded(folder, manifest, read_weights(folder, manifest, experiment, read))


def _loaded(folder: Path, manifest: Sealed, data: bytes) -> dict[str, Tensor]:
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(folder / manifest.tensors, f"is no safetensors file: {error!s:.200}") from None


def to_snapshot(trainer: Trainer, manifest: Manifest, tensors: dict[str, Tensor], file: Path) -> Snapshot:
    """Return tensors as a snapshot, for a trainer of the same experiment. Raises CheckpointError."""
    places = {_plain(name): number for number, (name, _) in enumerate(trainer.model.named_parameters())}
    parameters = list(trainer.model.parameters())
    values = [tensors[f"{_MODEL}{name}"] for name in places]
    slots = []
    for key in sorted(each for each in tensors if each.startswith(_OPTIMIZER)):
        name, _, word = key.removeprefix(_OPTIMIZER).rpartition(".")
        tensor = tensors[key]
        if name not in places or tensor.shape not in (parameters[places[name]].shape, torch.Size()):
            raise CheckpointError(file, f"is of other sizes: {key[:80]} does not fit the network")
        slots.append(Slot(parameter=places[name], key=word, shape=tensor.shape, device=_device(trainer, word)))
        values.append(tensor)
    if any(value.dtype != torch.float32 for value in values):
        raise CheckpointError(file, "is altered: its numbers are not float32")
    if any(not 1 <= tensors[key].item() <= manifest.progress.updates for key in tensors if key.endswith(".step")):
        raise CheckpointError(file, "is altered: its optimiser counts more updates than were made")
    if "random.cpu" in tensors:
        _check_random(tensors["random.cpu"], file)
    progress = manifest.progress
    best, bad, cuts = progress.plateau
    return Snapshot(
        ticks=manifest.state_tick,
        epoch=manifest.state_epoch,
        updates=progress.updates,
        collected=progress.collected,
        plateau=Plateau(best=math.inf if best is None else best, bad=bad, cuts=cuts),
        earlier=math.nan if progress.earlier is None else progress.earlier,
        scaling=None if progress.scaling is None else dict(progress.scaling),
        values=torch.cat([value.reshape(-1) for value in values]),
        slots=tuple(slots),
        random=tensors.get(_RANDOM),
        state=_carried(trainer, manifest, tensors, file),
    )


def _check_random(state: Tensor, file: Path) -> None:
    """Raise CheckpointError for bytes that are no state of torch's generator."""
    try:
        torch.Generator().set_state(state)
    except (RuntimeError, TypeError, ValueError):
        raise CheckpointError(file, "is altered: random.cpu is no state of torch's random numbers") from None


def _carried(trainer: Trainer, manifest: Manifest, tensors: dict[str, Tensor], file: Path) -> State | None:
    """Return the state with which the next pass begins, if it carries one over. Raises CheckpointError."""
    found = [tensors[f"{_STATE}{name}"].to(trainer.device) for name in "hc" if f"{_STATE}{name}" in tensors]
    if bool(found) != trainer.dataset.carries_into(manifest.state_epoch + 1):
        raise CheckpointError(file, "is altered: it has a state where none goes on, or none where one does")
    if not found:
        return None
    h_0 = trainer.h_0
    wanted = h_0 if isinstance(h_0, tuple) else (h_0,)
    if [each.shape for each in found] != [each.shape for each in wanted]:
        raise CheckpointError(file, "is of other sizes: the state in it does not fit the network")
    return (found[0], found[1]) if isinstance(h_0, tuple) else found[0]


def _device(trainer: Trainer, key: str) -> torch.device:
    """Return where an optimiser keeps such a tensor: a count of steps on the CPU, unless its kernels are fused."""
    fused = trainer.updater.optimizer is not None and trainer.updater.optimizer.param_groups[0].get("fused")
    return trainer.device if key != "step" or fused else torch.device("cpu")


def _plain(name: str) -> str:
    return name.removeprefix("recurrent.")
