"""The curves of a script that is watched: its losses, and while somebody looks the gradient's norm and the rate."""

import math
from typing import Any

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.training.diagnostics import Samples
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.protocol.diagnostics import DiagnosticCurve, Diagnostics
from rnn_tui.protocol.frame_request import CurveWanted

__all__ = ["WatchedCurves"]

_NAMES = {"gradient": "norm", "rate": "lr"}  # of what a script can be asked for


class WatchedCurves:
    """Makes the curves of a frame. The norm is taken only of updates that are shown as a chart of norms."""

    def __init__(self, observer: Observer, guard: Guard) -> None:
        self._observer = observer
        self._guard = guard
        self._samples: dict[int | None, Samples] = {}  # by the key of the network

    def told(self, network: WatchedNetwork | None, wanted: CurveWanted | None, *, rate: float | None) -> dict[str, Any]:
        """Return the parts of a frame that are curves: losses, evaluations, and what is shown in their place.

        `rate`: the learning rate, where the newest gradients are there and no weight has moved since; None: it has.
        """
        if wanted is None:
            return {"curve": None, "held_out": None, "diagnostics": None}
        losses, evaluations = self._observer.losses_of(network), self._observer.losses.evaluations
        make = self._guard.make
        return {
            "curve": make("curve", lambda: losses.envelope(wanted.columns, log_x=wanted.log_x), None),
            "held_out": make("held_out", lambda: evaluations.told(wanted.columns), None),
            "diagnostics": make("diagnostics", lambda: self._diagnostics(network, wanted, rate), None),
        }

    def _diagnostics(
        self, network: WatchedNetwork | None, wanted: CurveWanted, rate: float | None
    ) -> Diagnostics | None:
        name = _NAMES.get(wanted.kind)
        if name is None:
            return None
        samples = self._samples.setdefault(None if network is None else network.key, Samples(tuple(_NAMES.values())))
        number = len(self._observer.losses_of(network)) or self._observer.tick  # the newest on the axis of the losses
        if rate is not None and number and (not len(samples) or number > samples.passes[-1]):
            norm = self._observer.gradient_norm(network)
            samples.add(number, (math.nan if norm is None else norm, rate))
        now = samples.at(number).get(name, math.nan)
        curve = samples.curve(name, wanted.columns, log_x=wanted.log_x)
        known = DiagnosticCurve(name=name, curve=curve, now=None if math.isnan(now) else now)
        return Diagnostics(kind=wanted.kind, curves=(known,))
