"""The charts in the place of the loss: what they are called, and how they are drawn for a scene."""

from textual.strip import Strip

from rnn_tui.draw.diagnostics import ABOUT, NAMES, DiagnosticAxes, draw_diagnostics, is_logarithmic, titles
from rnn_tui.protocol.diagnostics import Diagnostics, chart_after
from rnn_tui.view.model.scene import Scene

__all__ = ["chart_of", "diagnostics_picture", "diagnostics_subtitle", "diagnostics_titles"]


def chart_of(scene: Scene) -> Diagnostics:
    """Return the curves that the view has chosen, or none of that kind before they have come."""
    found = scene.diagnostics
    return (
        found if found is not None and found.kind == scene.view.chart else Diagnostics(kind=scene.view.chart, curves=())
    )


def diagnostics_titles(scene: Scene) -> tuple[str, ...]:
    """Return the title of the chart, in ever fewer words."""
    return titles(chart_of(scene))


def diagnostics_subtitle(scene: Scene) -> tuple[str, ...]:
    """Return what the numbers are, which axes are logarithmic, and what the key shows next; in ever fewer words."""
    view, about = scene.view, ABOUT[scene.view.chart]
    upright = is_logarithmic(view.chart, other=view.log_y)
    scales = " and ".join(name for name, on in (("x", view.log_x), ("y", upright)) if on)
    scale = f"{scales} logarithmic" if scales else ""
    after = f"Y: {NAMES[chart_after(view.chart, is_script=scene.subject is not None)].lower()}"
    return tuple(
        " · ".join(filter(None, parts))
        for parts in ((about, scale, after), (about, scale), (scale, after), (about,), (after,))
    )


def diagnostics_picture(
    scene: Scene, width: int, height: int, *, unit: str, end: float, mark: float | None
) -> list[Strip]:
    """Draw the chart."""
    view = scene.view
    axes = DiagnosticAxes(unit=unit, end=end, mark=mark, log_x=view.log_x, log_y=view.log_y)
    return draw_diagnostics(scene.diagnostics, view.chart, axes, palette=scene.palette, width=width, height=height)
