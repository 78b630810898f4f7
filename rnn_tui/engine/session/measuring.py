"""When numbers about training are taken that cost too much to be taken at every pass, and how."""

from collections.abc import Callable

import torch
from torch import Tensor

from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.training.diagnostics import UNITS
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.engine.training.unit_shares import unit_shares
from rnn_tui.engine.training.update_ratios import update_ratios

__all__ = ["Measuring", "is_scheduled"]

_COARSE, _FINE = 2, 64  # passes that are measured between a pass and the one with twice its number
_SHARE = 0.005  # of the seconds of training, that measuring may take; the passes after it are slower, too
_ALLOWANCE = 0.01  # seconds that it may take besides: a short run is to have some points, too
_LOOKED_AT = 0.1  # its share of the time while somebody looks
_LOOK = 1.0  # seconds for which a look lasts
_FASTEST = 0.05  # seconds between two passes that are measured for a look
_ROWS = 8  # of a batch, whose units are counted


def is_scheduled(number: int, octave: int) -> bool:
    """Tell whether a pass, from 1, is one to measure: `octave` of them up to twice its number, at first every one."""
    return number % (1 << max(0, (number - 1).bit_length() - octave.bit_length())) == 0


class Measuring:
    """Takes the shares of dead and saturated units and the ratio of each matrix, within a share of the time.

    It reads the pass that is over and changes nothing: training goes on to the bit as without it.
    """

    def __init__(self, trainer: Trainer, clock: Callable[[], float]) -> None:
        self._trainer = trainer
        self._clock = clock
        self._earned, self._allowance = 0.0, _ALLOWANCE  # seconds that it may take now
        self._looked_at: float | None = None  # when
        self._next_for_look = 0.0  # when a pass is measured because somebody looks
        self._has_begun = False
        self._is_demanded = False
        self._is_on = self._is_due = trainer.updater.measures = True

    def turn_off(self) -> None:
        """Measure nothing but for a breakpoint or a look, because nobody could read it."""
        self._has_begun = False
        self._is_on = self._is_due = self._trainer.updater.measures = False

    def demand(self) -> None:
        """Measure the pass that begins now, whatever it takes, because its numbers are printed."""
        self._is_demanded = self._trainer.updater.measures = True

    def look(self) -> None:
        """Measure more often for a while, because somebody looks at it."""
        self._looked_at = self._clock()

    def trained(self, seconds: float) -> None:
        """Allow it its share of so many seconds of training."""
        self._earned = min(self._earned + _SHARE * seconds, _ALLOWANCE)

    def take(self, *, always: bool) -> Tensor | None:
        """Measure the pass that is over if it is one to measure: its shares and ratios in a row, (2 + M,); else None.

        `always`: every pass is, because a breakpoint stands at one of these numbers.
        """
        trainer = self._trainer
        if not trainer.at_end_of_pass:
            return None
        demanded, self._is_demanded = self._is_demanded, False
        wanted = always or demanded or (self._is_due and (trainer.last_update is not None or not trainer.updates))
        if wanted or not self._is_due:
            self._is_due = self._wants(trainer.epoch + 1)
        trainer.updater.measures = always or self._is_due  # the size of an update is known only if it is kept
        if not wanted:
            return None
        began = self._clock()
        measured = self._measure()
        ended = self._clock()
        self._next_for_look = ended + max(_FASTEST, (ended - began) / _LOOKED_AT)
        if self._has_begun:  # the first builds what the others use
            self._pay(ended - began)
        self._has_begun = True
        return measured

    def _wants(self, number: int) -> bool:
        if self._looked_at is not None:
            now = self._clock()
            if now >= self._looked_at + _LOOK:
                self._looked_at = None
            elif now >= self._next_for_look:
                return True
        if not self._is_on or not is_scheduled(number, _FINE):
            return False
        return self._earned > 0 or (self._earned + self._allowance > 0 and is_scheduled(number, _COARSE))

    def _pay(self, seconds: float) -> None:
        self._earned -= seconds
        lent = min(max(0.0, -self._earned), self._allowance)
        self._earned += lent
        self._allowance -= lent

    @torch.no_grad()
    def _measure(self) -> Tensor:
        trainer = self._trainer
        dataset, network = trainer.dataset, trainer.experiment.network
        rows = range(min(dataset.rows, _ROWS))
        steps = [dataset.steps(row) for row in rows]
        there = None
        if min(steps) < trainer.length:
            there = torch.arange(trainer.length)[:, None, None] < torch.tensor(steps)[:, None]  # (T, n, 1)
            there = there.to(trainer.device)
        layers = [each.h for each in recompute(trainer, trainer.length, rows)]
        shares = unit_shares(layers, bounded=network.kind.is_bounded, there=there)
        ratios = update_ratios(trainer)
        if ratios is None:
            count = sum(weight.dim() > 1 for weight in trainer.model.parameters())
            ratios = shares.new_full((count,), torch.nan)
        assert len(shares) == len(UNITS)
        return torch.cat([shares, ratios.to(shares)])
