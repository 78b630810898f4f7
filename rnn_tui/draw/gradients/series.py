"""The norms of gradients as series over time: one for each state of each layer, by the whole loss and by one step's."""

from collections.abc import Iterator

import numpy as np

from rnn_tui.draw.kit.rows_over_time import Block
from rnn_tui.draw.kit.text_fit import place_name
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsFacts, GradientWay, explodes, vanishes

__all__ = ["NormSeries", "count_series", "is_looked_at", "norms_by_state", "series_of", "ways_of"]


class NormSeries(Block, frozen=True, kw_only=True):
    """The norms (1, f) of one state over time. `name`: "h", or "c₂←" for the second layer from the right."""

    alone: bool  # of the loss of one time step
    ways: tuple[GradientWay, ...]  # two, one to either side of the loss, where a lower layer is read both ways

    def is_exploding(self, step: int, norm: float) -> bool:
        """Return whether a step is drawn as exploding, judged by the start of its way, maybe outside the window."""
        return any(explodes(norm, way.start_norm) for way in self._through(step))

    def has_vanished(self, step: int, norm: float) -> bool:
        """Return whether a step is drawn as one that no gradient reaches."""
        return any(vanishes(norm, way.largest) for way in self._through(step))

    def _through(self, step: int) -> list[GradientWay]:
        """Return the ways that lead through a step."""
        flowing = [way for way in self.ways if way.start >= 0]
        return [way for way in flowing if (step >= way.start if way.direction else step <= way.start)]


def norms_by_state(flow: GradientFlow, *, alone: bool) -> Iterator[tuple[str, Floats, tuple[GradientWay, ...]]]:
    """Yield the name, the norms (f,) and the ways of h, and of c if there is one; `alone`: of the loss of one step."""
    yield "h", flow.alone if alone else flow.whole, flow.alone_ways if alone else flow.whole_ways
    norms = flow.alone_c if alone else flow.whole_c
    if norms is not None:
        yield "c", norms, flow.alone_c_ways if alone else flow.whole_c_ways


def series_of(facts: GradientsFacts, *, layers: int, both: bool) -> list[NormSeries]:
    """Return all series, not placed yet: those of the whole loss first."""
    found = []
    for alone in (False, True) if facts.at >= 0 else (False,):
        for flow in facts.flows:
            where = place_name(flow.layer, flow.direction, layers=layers, both=both)
            for letter, norms, ways in norms_by_state(flow, alone=alone):
                found.append(NormSeries(name=letter + where, values=norms[np.newaxis], alone=alone, ways=ways))
    return found


def count_series(facts: GradientsFacts) -> int:
    """Return how many series there are."""
    return (2 if facts.at >= 0 else 1) * sum(1 if flow.whole_c is None else 2 for flow in facts.flows)


def is_looked_at(series: NormSeries, facts: GradientsFacts, layers: int, both: bool) -> bool:
    """Return whether a series belongs to the layer and direction that are looked at."""
    return series.name[1:] == place_name(facts.layer, facts.direction, layers=layers, both=both)


def ways_of(
    facts: GradientsFacts, series: list[NormSeries], *, alone: bool, layers: int, both: bool
) -> dict[str, tuple[GradientWay, ...]]:
    """Return the ways of h, and of c, of the selected layer."""
    looked_at = [each for each in series if is_looked_at(each, facts, layers, both)] or series
    return {each.name[0]: each.ways for each in looked_at if each.alone == alone}
