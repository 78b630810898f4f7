"""The charts in the place of the loss: titles and sentences are those of the numbers, the limit is a dotted line."""

import numpy as np
import pytest

from rnn_tui.draw.diagnostics import DiagnosticAxes, draw_diagnostics, is_logarithmic, sentences, titles
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.protocol.diagnostics import CHARTS, ChartKind, DiagnosticCurve, Diagnostics
from rnn_tui.protocol.frame import Curve

AXES = DiagnosticAxes(unit="epoch", end=10.0)


def curve(name: str, *values: float, now: float | None = None) -> DiagnosticCurve:
    y, x = np.array(values), np.arange(1.0, len(values) + 1)
    newest = values[-1] if values else None
    return DiagnosticCurve(name=name, curve=Curve(x=x, low=y, high=y), now=newest if now is None else now)


def drawn(facts: Diagnostics, kind: ChartKind | None = None, height: int = 16, **axes: bool) -> list[str]:
    with_axes = DiagnosticAxes(unit="epoch", end=10.0, **axes)
    strips = draw_diagnostics(facts, kind or facts.kind, with_axes, palette=DARK, width=60, height=height)
    assert [strip.cell_length for strip in strips] == [60] * height
    return [strip.text for strip in strips]


GRADIENT = Diagnostics(kind="gradient", curves=(curve("norm", 0.5, 8.0, 2.0, 0.1),), clip=1.0, clipped=0.5)
RATIO = Diagnostics(kind="ratio", curves=(curve("weight_ih_l0", 0.2, 0.001), curve("weight_hh_l0", 0.1, 0.0025)))
UNITS = Diagnostics(kind="units", curves=(curve("dead", 0.0, 0.25), curve("saturated", 0.5, 0.0)))


def test_the_gradient_has_its_limit_and_the_share_that_was_clipped() -> None:
    assert titles(GRADIENT)[0] == "Gradient norm 0.100 · limit 1.000, 50 % of the updates clipped"
    text = drawn(GRADIENT)
    (limit,) = (line for line in text if " clip " in line)
    assert float(limit.partition("┤")[0]) == 1.0
    assert text[0].strip() == "the largest that is known: 8.000, by epoch 2"
    assert sentences(GRADIENT, "epoch")[0] == f"{text[0].strip()}, 80 times as long as now"
    free = Diagnostics(kind="gradient", curves=GRADIENT.curves)
    assert titles(free)[0] == "Gradient norm 0.100"
    assert not any("clip" in line for line in drawn(free))


@pytest.mark.parametrize(("share", "said"), [(0.0, "0 %"), (0.001, "under 1 %"), (0.999, "over 99 %"), (1.0, "100 %")])
def test_none_and_all_are_said_only_where_that_is_exact(share: float, said: str) -> None:
    facts = Diagnostics(kind="gradient", curves=GRADIENT.curves, clip=1.0, clipped=share)
    assert titles(facts)[0].endswith(f", {said} of the updates clipped")


def test_ratios_tell_which_matrix_moves_most() -> None:
    assert titles(RATIO)[0] == "Update:weight · largest 0.00250, weight_hh_l0"
    text = drawn(RATIO)
    assert text[0].strip() == "weight_hh_l0 moves most: 0.250 %"
    assert sentences(RATIO, "epoch")[0] == "weight_hh_l0 moves most: the last update changed it by 0.250 % of its norm"
    assert "━ weight_ih_l0 0.0010" in text[1]
    assert "━ weight_hh_l0 0.0025" in text[1]
    many = Diagnostics(kind="ratio", curves=tuple(curve(f"weight_ih_l{each}", 0.1) for each in range(9)))
    assert "more" in drawn(many)[1]


def test_units_tell_who_is_idle() -> None:
    assert titles(UNITS)[0] == "Units · 25 % dead, 0 % saturated"
    assert "at all time steps: 25 % of the units dead" in drawn(UNITS)[0]
    assert any(line.lstrip().startswith("1.0┤") for line in drawn(UNITS))
    none_now = Diagnostics(kind="units", curves=(curve("dead", 0.0, 0.0), curve("saturated", 0.5, 0.0)))
    assert sentences(none_now, "update")[0] == "none is dead or saturated now; 50 % were saturated by update 1"
    never = Diagnostics(kind="units", curves=(curve("dead", 0.0), curve("saturated", 0.0)))
    assert sentences(never, "update")[0] == "no unit has been dead or saturated when it was looked at"


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((0.1, 0.1, 0.1), "the same since the beginning"),
        ((0.1, 0.05, 0.025), "has fallen from 0.100 to 0.0250 since epoch 1"),
        ((0.01, 0.1), "has risen from 0.0100 to 0.100 since epoch 1"),
        ((0.1, 0.5, 0.1), None),  # a fork and another: neither
    ],
)
def test_a_rate_tells_where_it_comes_from(rates: tuple[float, ...], said: str | None) -> None:
    found = sentences(Diagnostics(kind="rate", curves=(curve("lr", *rates),)), "epoch")
    assert (found[0] if found else None) == said


@pytest.mark.parametrize("kind", CHARTS[1:])
@pytest.mark.parametrize("height", [1, 4, 8, 20])
def test_before_anything_was_taken_it_says_so(kind: ChartKind, height: int) -> None:
    """Also where the curves that have come are of the chart before."""
    for facts in (Diagnostics(kind=kind, curves=()), GRADIENT if kind != "gradient" else RATIO):
        text = drawn(facts, kind, height)
        assert any("not taken yet" in line for line in text)
    assert titles(Diagnostics(kind=kind, curves=()))[0].endswith("not taken yet")


def test_norms_and_ratios_are_logarithmic_unless_y_is_pressed() -> None:
    assert [is_logarithmic(kind, other=False) for kind in CHARTS[1:]] == [True, True, False, False]
    assert [is_logarithmic(kind, other=True) for kind in CHARTS[1:]] == [False, False, True, True]
    assert any("0.1┤" in line for line in drawn(GRADIENT))
    assert any("   0┤" in line for line in drawn(GRADIENT, log_y=True))
