"""The model as the numbers of a frame: only what is looked at, and only as much as fits."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnn_tui.data.pairs import NONE
from rnn_tui.engine.answers.dispatch import answers
from rnn_tui.engine.answers.forecast import forecast
from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.phase_text import describe
from rnn_tui.engine.answers.shapes import checks, tensor_facts
from rnn_tui.engine.answers.unit_choice import choose_units
from rnn_tui.engine.inspect.focus import Focus, floats, sampled
from rnn_tui.engine.inspect.observed_pass import ObservedPass
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.inspect.slow_motion import PhasedTick
from rnn_tui.engine.network.single_layers import largest_finite
from rnn_tui.engine.training.losses import step_losses
from rnn_tui.engine.training.prediction import right_everywhere
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.arrays import Doubles, Floats, Integers
from rnn_tui.protocol.frame import Check, Forecast, SeriesNumbers, States, Steps, TensorFact
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.phase import Phase

__all__ = ["Probe"]


class Probe:
    """Looks into a pass between two ticks, or two phases of one, and changes nothing there."""

    def __init__(self, observed: ObservedPass) -> None:
        self._observed = observed
        self.motion: PhasedTick | None = None  # where a tick is held: what it has not computed yet is not shown
        self._memory: dict[str, Any] = {}  # what answers keep from frame to frame

    def window(self, wanted: Wanted) -> tuple[int, int]:
        """Return the time steps to show, as start and stop: those asked for, or those around the step being fed."""
        length = self._observed.length
        count = min(max(wanted.count, 0), length)
        at = max(self._observed.fed - 1, 0) if self.motion is None else self.motion.now.step
        first = at - count // 2 if wanted.first is None else wanted.first
        first = min(max(first, 0), length - count)
        return first, first + count

    @property
    def answered(self) -> int:
        """Time steps of the pass whose output is there."""
        return self._observed.fed if self.motion is None else self.motion.answered

    def phase(self, wanted: Wanted) -> Phase | None:
        """Return the phase that the run is held at inside a tick."""
        return None if self.motion is None else describe(self.motion, wanted.row, self.window(wanted), wanted.units)

    def inside(self, wanted: Wanted, guard: Guard | None = None) -> tuple[Answer, ...]:
        """Answer the panes that look inside; with a guard, those that fail are left out."""
        if not wanted.inside:
            self._observed.keeps_update = False
            return ()
        first, stop = self.window(wanted)
        row = min(max(wanted.row, 0), self._observed.dataset.rows - 1)
        fed = min(self.answered, self._observed.dataset.steps(row))
        focus = Focus(
            observed=self._observed, row=row, first=first, stop=stop, fed=fed, motion=self.motion, memory=self._memory
        )
        return answers(wanted.inside, focus, guard)

    def tensors(self, wanted: Wanted) -> tuple[TensorFact, ...]:
        """Return every tensor of the pass."""
        return tensor_facts(self._observed, wanted.row) if wanted.tensors else ()

    def checks(self, wanted: Wanted) -> tuple[Check, ...]:
        """Return the equalities that hold between the tensors of the pass."""
        return checks(self._observed) if wanted.tensors else ()

    def forecast(self, wanted: Wanted) -> Forecast | None:
        """Return the end of a series that is learnt, and the free run from there."""
        observed, dataset = self._observed, self._observed.dataset
        if wanted.forecast > 0 and isinstance(observed, Trainer) and isinstance(dataset, SeriesDataset):
            return forecast(observed, dataset, wanted.forecast, wanted.column) if observed.learns else None
        return None

    @torch.no_grad()
    def steps(self, wanted: Wanted) -> Steps:
        """Return input, target and prediction in the window, for the row that is looked at."""
        observed = self._observed
        row = min(max(wanted.row, 0), observed.dataset.rows - 1)
        first, stop = self.window(wanted)
        answered = min(self.answered, observed.dataset.steps(row))  # after it there is padding
        fed = max(first, min(stop, answered))
        inputs = observed.dataset.characters[first:stop, row]
        numbers = self._numbers(first, stop, row, wanted.column)
        targets = observed.dataset.targets
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
                numbers=numbers,
            )
        if isinstance(observed.dataset, SeriesDataset) and numbers is not None:
            return self._steps_of_series(numbers, first, stop, row)
        if numbers is not None:
            return self._steps_of_numbers(numbers, first, stop, row)
        classes = len(observed.dataset.vocabulary) + len(observed.experiment.data.labels)
        whole = torch.cat(observed.logits)[:answered, row] if observed.logits else torch.zeros(0, classes)  # (fed, C)
        scored = observed.dataset.only_scored(targets)[:, row]
        has_target = scored != NONE
        right = int((whole.argmax(-1).cpu() == scored[:answered]).sum())
        logits = whole[first:fed].float().cpu()
        log_p = logits.log_softmax(-1)
        answers = targets[first : first + len(log_p), row]
        losses = step_losses(logits, answers)
        best = logits.argmax(-1, keepdim=True)  # of equals the first: as the prediction has it, which topk does not
        ranked = logits.scatter(1, best, torch.inf)[:, observed.classes_from :]
        top = ranked.topk(min(max(wanted.top, 0), ranked.shape[-1]), dim=-1).indices + observed.classes_from
        return Steps(
            first=first,
            inputs=_integers(inputs),
            targets=_integers(targets[first:stop, row]),
            top=_integers(top),
            top_p=floats(log_p.exp().gather(1, top)),
            target_p=floats((-losses).exp().masked_fill(answers == NONE, 0)),
            losses=floats(losses),
            right=right,
            scored=int(has_target.sum()),
            scored_fed=int(has_target[:answered].sum()),
            right_rows=self._right_rows(),
        )

    def _right_rows(self) -> int | None:
        """Count the rows that are right; None for a text, whose rows mean nothing by themselves."""
        observed = self._observed
        whole = observed.at_end_of_pass and observed.logits and self.answered == observed.length
        if not whole or observed.experiment.data.text or not isinstance(observed, Trainer):
            return None
        return right_everywhere(observed)

    def _numbers(self, first: int, stop: int, row: int, column: int) -> SeriesNumbers | None:
        """Return inputs, targets and outputs in the window, in the units of a series, or as a script has them."""
        dataset, observed = self._observed.dataset, self._observed
        none = np.zeros(0)
        answered = min(stop, self.answered, dataset.steps(row))
        outputs = torch.cat(observed.logits)[first:answered, row] if observed.logits else None
        if not isinstance(dataset, SeriesDataset):
            if outputs is None or dataset.targets is None or not dataset.targets.is_floating_point():
                return None
            return SeriesNumbers(
                values=none if dataset.numbers is None else _doubles(dataset.numbers[first:stop, row]),
                truth=_doubles(dataset.targets[first:stop, row]),
                predicted=_doubles(outputs[:, 0]),
                of=observed.logits[0].shape[-1],
            )
        read, said = observed.experiment.places(column)
        return SeriesNumbers(
            values=dataset.inputs_in_units(dataset.inputs[first:stop, row], read),
            truth=none if dataset.targets is None else dataset.in_units(dataset.targets[first:stop, row], said),
            predicted=none if outputs is None or dataset.targets is None else dataset.in_units(outputs, said),
            of=len(dataset.series.says),
        )

    def _steps_of_numbers(self, numbers: SeriesNumbers, first: int, stop: int, row: int) -> Steps:
        """Return the steps of a script that predicts numbers; their losses are known to the script alone."""
        inputs = self._observed.dataset.characters[first:stop, row]
        none, right = np.zeros(0, np.float32), len(numbers.predicted)
        return Steps(
            first=first,
            inputs=_integers(inputs),
            targets=np.zeros(0, np.int32),
            top=np.zeros((right, 0), np.int32),
            top_p=np.zeros((right, 0), np.float32),
            target_p=none,
            losses=none,
            numbers=numbers,
        )

    def _steps_of_series(self, numbers: SeriesNumbers, first: int, stop: int, row: int) -> Steps:
        observed, none = self._observed, np.zeros(0, np.float32)
        targets = observed.dataset.targets
        assert targets is not None
        losses = none
        if len(numbers.predicted):
            outputs = torch.cat(observed.logits)[first : first + len(numbers.predicted), row].float().cpu()
            losses = floats(step_losses(outputs, targets[first : first + len(outputs), row]))
        nothing = np.zeros(stop - first, np.int32)
        return Steps(
            first=first,
            inputs=nothing,
            targets=nothing,
            top=np.zeros((len(losses), 0), np.int32),
            top_p=np.zeros((len(losses), 0), np.float32),
            target_p=none,
            losses=losses,
            numbers=numbers,
        )

    @torch.no_grad()
    def states(self, wanted: Wanted) -> tuple[States, ...]:
        """Return h_t, and c_t of an LSTM, of the layers that are shown: for each direction as many units as fit."""
        observed = self._observed
        network = observed.experiment.network
        row = min(max(wanted.row, 0), observed.dataset.rows - 1)
        first, stop = self.window(wanted)
        units = sampled(network.hidden_size, wanted.units)[: max(0, wanted.units)]
        start, count = wanted.layers
        shown = range(max(start, 0), min(start + count, network.layers))
        if not len(shown):
            return ()
        known = {
            (layer, direction): (0, observed.fed) if self.motion is None else self.motion.known(layer, direction)
            for layer in shown
            for direction in range(network.directions)
        }
        read = min(max(end for _, end in known.values()), observed.dataset.steps(row))
        if read <= first:
            empty: Floats = np.zeros((len(units), 0), np.float32)
            cell = empty if network.kind.has_c else None
            return tuple(
                States(layer=layer, direction=direction, units=units, h=empty, c=cell) for layer, direction in known
            )
        read = read if self.motion is None else self.motion.stop  # a network that reads from the right must read all
        read = min(read, observed.dataset.steps(row))  # of the row: its padding would come first
        layers = recompute(observed, read, [row], shown.stop)  # of a whole batch it would take as long as half a tick
        answers = []
        for (layer, direction), (begin, end) in known.items():
            each = layers[layer].directions[direction]
            fed = slice(begin, min(end, read))
            choice = choose_units(
                each.h[fed, 0],
                wanted.units,
                self._memory.setdefault("units", {}),
                (row, layer, direction, network.hidden_size),
                bounded=network.kind.is_bounded,
            )
            chosen = torch.from_numpy(choice.units.astype(np.int64)).to(observed.device)

            def cut(states: Tensor, begin: int = begin, end: int = end) -> Floats:
                values = floats(states[first : max(first, min(stop, end, read))].T)
                values[:, : max(0, begin - first)] = 0
                return values

            answers.append(
                States(
                    layer=layer,
                    direction=direction,
                    units=choice.units,
                    h=cut(each.h[:, 0].index_select(1, chosen)),
                    c=None if each.c is None else cut(each.of_units(each.c[:, 0]).index_select(1, chosen)),
                    skip=max(0, min(begin, stop, read) - first),
                    largest_h=largest_finite(each.h[fed]),
                    largest_c=0.0 if each.c is None else largest_finite(each.of_units(each.c[fed])),
                    order=choice.order,
                    dead=choice.dead,
                    saturated=choice.saturated,
                    size=cut(each.h[:, 0].abs().mean(1, keepdim=True))[0],
                )
            )
        return tuple(answers)

    def _outputs(self, first: int, fed: int, row: int) -> Floats:
        if not self._observed.logits:
            return np.zeros((0, 0), np.float32)
        return floats(torch.cat(self._observed.logits)[first:fed, row])


def _doubles(tensor: Tensor) -> Doubles:
    return np.ascontiguousarray(tensor.detach().double().cpu().numpy())


def _integers(tensor: Tensor) -> Integers:
    return tensor.cpu().numpy().astype(np.int32)
