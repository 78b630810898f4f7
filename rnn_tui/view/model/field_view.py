"""How a field of many networks is looked at: the member under the cursor, the colours of the map, the groups."""

from msgspec.structs import replace

from rnn_tui.common.value import Value
from rnn_tui.draw.field.groups import MOST_GROUPS
from rnn_tui.draw.field.map_layout import layout_count
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import FieldFacts, Measure

__all__ = ["FieldView", "groupings_of", "measures_of"]


class FieldView(Value, frozen=True, kw_only=True):
    """What the user has chosen to look at in a field."""

    member: int | None = None  # under the cursor; None: the one that the engine shows
    measure: Measure | None = None  # the colour of the map; None: the first that the field has
    layout: int = 0  # which settings are columns and rows of the map
    grouped_by: str | None = None  # the path of a varied setting; empty: one group; None: nothing was chosen

    def next_measure(self, facts: FieldFacts) -> "FieldView":
        """Return the same with the next of the measures."""
        measures = measures_of(facts)
        return replace(self, measure=measures[(measures.index(self.measure_of(facts)) + 1) % len(measures)])

    def measure_of(self, facts: FieldFacts) -> Measure:
        """Return the measure that the map shows."""
        measures = measures_of(facts)
        return self.measure if self.measure in measures else measures[0]

    def next_layout(self, comparison: Comparison) -> "FieldView":
        """Return the same with other settings in the columns and rows of the map."""
        return replace(self, layout=(self.layout + 1) % layout_count(comparison))

    def next_grouping(self, comparison: Comparison) -> "FieldView":
        """Return the same with the networks grouped by the next of the settings that vary, at last not at all."""
        paths = groupings_of(comparison)
        at = (paths.index(self.grouping_of(comparison)) + 1) % len(paths)
        return replace(self, grouped_by=paths[at])

    def grouping_of(self, comparison: Comparison) -> str:
        """Return by which setting the networks are grouped; at first by one that has few values."""
        paths = groupings_of(comparison)
        if self.grouped_by in paths:
            return self.grouped_by or ""
        return _first_grouping(comparison)


def measures_of(facts: FieldFacts) -> tuple[Measure, ...]:
    """Return what the map of a field can show, first what its networks are compared by."""
    learnt: tuple[Measure, ...] = ("learnt",) if facts.has_right else ()
    losses: tuple[Measure, ...] = ("loss", "held_out") if facts.has_held_out else ("loss",)
    return (*learnt, *(losses if facts.has_right else losses[::-1]), "norm")


def groupings_of(comparison: Comparison) -> list[str]:
    """Return the paths of the settings that networks can be grouped by, and the empty one of no groups."""
    return ["", *(each.path for each in comparison.varied if len(each.values) > 1)]


def _first_grouping(comparison: Comparison) -> str:
    """Return the setting with the fewest values, if those can be told apart; seeds are no setting to compare."""
    found = [each for each in comparison.varied if 1 < len(each.values) <= MOST_GROUPS and each.path != "training.seed"]
    return min(found, key=lambda each: len(each.values)).path if found else ""
