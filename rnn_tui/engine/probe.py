"""The model as the numbers of a frame: only what somebody is looking at, and only as much as fits."""

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.layers import layer_modules, layer_states
from rnn_tui.engine.trainer import Trainer
from rnn_tui.protocol import Floats, Integers, States, Steps, Wanted

__all__ = ["Probe"]


class Probe:
    """Looks into a trainer between two ticks, and changes nothing there."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._modules = layer_modules(trainer.model, trainer.experiment.network)

    def window(self, wanted: Wanted) -> tuple[int, int]:
        """The time steps that are shown, as start and stop: those asked for, or those around the step being fed."""
        length = self._trainer.length
        count = min(max(wanted.count, 0), length)
        first = max(self._trainer.fed - 1, 0) - count // 2 if wanted.first is None else wanted.first
        first = min(max(first, 0), length - count)
        return first, first + count

    @torch.no_grad()
    def steps(self, wanted: Wanted) -> Steps:
        """Input, target and prediction in the window, for the row that is looked at."""
        trainer = self._trainer
        row = min(max(wanted.row, 0), trainer.task.rows - 1)
        first, stop = self.window(wanted)
        fed = min(stop, trainer.fed)
        inputs = trainer.task.inputs[first:stop, row]
        targets = trainer.task.targets
        none = np.zeros(0, np.float32)
        if targets is None:
            return Steps(
                first=first,
                inputs=_integers(inputs),
                targets=_integers(inputs[:0]),
                top=np.zeros((0, 0), np.int32),
                top_p=np.zeros((0, 0), np.float32),
                target_p=none,
                losses=none,
                outputs=self._outputs(first, fed, row),
            )
        classes = len(trainer.task.vocabulary)
        whole = torch.cat(trainer.logits)[:, row] if trainer.logits else torch.zeros(0, classes)  # (fed, C)
        right = int((whole.argmax(-1).cpu() == targets[: trainer.fed, row]).sum())
        logits = whole[first:fed].float().cpu()
        log_p = logits.log_softmax(-1)
        answers = targets[first : first + len(log_p), row]
        losses = -log_p.gather(1, answers[:, None])[:, 0]
        best = logits.argmax(-1, keepdim=True)  # of equals the first: as the prediction has it, which topk does not
        top = logits.scatter(1, best, torch.inf).topk(min(max(wanted.top, 0), classes), dim=-1).indices
        return Steps(
            first=first,
            inputs=_integers(inputs),
            targets=_integers(targets[first:stop, row]),
            top=_integers(top),
            top_p=_floats(log_p.exp().gather(1, top)),
            target_p=_floats((-losses).exp()),
            losses=_floats(losses),
            right=right,
        )

    @torch.no_grad()
    def states(self, wanted: Wanted) -> tuple[States, ...]:
        """h_t, and c_t of an LSTM, of the layers that are shown: for each direction as many units as fit."""
        trainer = self._trainer
        network = trainer.experiment.network
        row = min(max(wanted.row, 0), trainer.task.rows - 1)
        first, stop = self.window(wanted)
        fed = min(stop, trainer.fed)
        units = _spread(network.hidden_size, wanted.units)
        start, count = wanted.layers
        shown = range(max(start, 0), min(start + count, network.layers))
        if not len(shown):
            return ()
        if fed <= first:
            empty: Floats = np.zeros((len(units), 0), np.float32)
            cell = empty if network.cell == "lstm" else None
            return tuple(
                States(layer=layer, direction=direction, units=units, h=empty, c=cell)
                for layer in shown
                for direction in range(network.directions)
            )
        states = layer_states(self._modules[: shown.stop], self._embedded(), trainer.h_0)
        chosen = torch.from_numpy(units.astype(np.int64)).to(trainer.device)

        def cut(tensor: Tensor, direction: int) -> Floats:
            mine = tensor[first:fed, row, direction * network.hidden_size :]
            return _floats(mine.index_select(1, chosen).T)

        return tuple(
            States(
                layer=layer,
                direction=direction,
                units=units,
                h=cut(h, direction),
                c=None if c is None else cut(c, direction),
            )
            for layer in shown
            for h, c in (states[layer],)
            for direction in range(network.directions)
        )

    def _outputs(self, first: int, fed: int, row: int) -> Floats:
        if not self._trainer.logits:
            return np.zeros((0, 0), np.float32)
        return _floats(torch.cat(self._trainer.logits)[first:fed, row])

    def _embedded(self) -> Tensor:
        """What the first recurrent layer has read so far, (fed, N, E)."""
        trainer = self._trainer
        x = trainer.task.x(0, trainer.fed)
        if trainer.task.batch_first:
            x = x.transpose(0, 1)
        return x if trainer.model.embedding is None else trainer.model.embedding(x)


def _spread(size: int, room: int) -> Integers:
    """All of `size` units, or as many as there is room for, evenly spread."""
    return (
        np.unique(np.linspace(0, size - 1, min(size, room)).round().astype(np.int32))
        if room > 0
        else np.zeros(0, np.int32)
    )


def _floats(tensor: Tensor) -> Floats:
    return tensor.detach().float().cpu().numpy()


def _integers(tensor: Tensor) -> Integers:
    return tensor.cpu().numpy().astype(np.int32)
