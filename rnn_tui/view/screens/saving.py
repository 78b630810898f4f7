"""What `E` writes: the screen as it was when the key was pressed, or the numbers that a pane showed then."""

from typing import TYPE_CHECKING, Any

from textual.app import App

from rnn_tui.common.glyphs import safe
from rnn_tui.view.model.picture_file import png_from_svg
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.shown_numbers import as_csv, as_json, tables
from rnn_tui.view.screens.save import FileKind, SaveOrder, SaveScreen, default_name, write_new

if TYPE_CHECKING:
    from rnn_tui.view.panes.inspect_base import InsidePane
    from rnn_tui.view.widgets.pane import Pane

__all__ = ["ask_and_save", "numbers_of"]


def ask_and_save(app: App[Any], scene: Scene, pane: "Pane | InsidePane[Any]") -> None:
    """Ask what to save under which name, and write it; say where it is, or why it could not be written."""
    name, tick = scene.opened.name or scene.experiment.name, scene.frame.status.tick
    svg = app.export_screenshot(title=safe(f"rnn-tui · {name} · tick {tick:,}"))

    def answered(order: SaveOrder | None) -> None:
        if order is None:
            return
        try:
            write_new(order.path, _content(order.kind, svg, scene, pane))
        except (OSError, ImportError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else ""
            app.notify(f"{safe(str(order.path))}: {problem or error}", severity="warning", markup=False)
        else:
            app.notify(f"Saved as {safe(str(order.path))}.", markup=False)

    app.push_screen(SaveScreen(pane.NAME, default_name(name, pane.ID, tick)), answered)


def _content(kind: FileKind, svg: str, scene: Scene, pane: "Pane | InsidePane[Any]") -> bytes:
    if kind in ("csv", "json"):
        return numbers_of(scene, pane, kind).encode()
    return png_from_svg(svg) if kind == "png" else svg.encode()


def numbers_of(scene: Scene, pane: "Pane | InsidePane[Any]", kind: FileKind) -> str:
    """Return the numbers that a pane shows, as CSV or JSON, and of which run, tick, update and row they are."""
    status, facts = scene.frame.status, getattr(pane, "facts", None)
    parts: dict[str, Any] = {pane.ID: facts(scene)} if facts is not None else {}
    for name in (*pane.PARTS, *pane.EXTRAS) if facts is None else ():
        value = getattr(scene, name, None) if hasattr(scene, name) else getattr(scene.frame, name, None)
        parts[name] = value
    vocabulary = scene.experiment.tokenizer.names if scene.subject is None else ()
    first = scene.steps.first if scene.steps is not None else 0
    newest = scene.newest(type(parts[pane.ID])) if parts.get(pane.ID) is not None else None
    about: dict[str, str | int] = {
        "run": scene.opened.name or scene.experiment.name,
        "pane": pane.ID,
        "tick": status.tick if newest is None else newest[1],
        "update": status.update,
        "row": min(scene.view.row, scene.experiment.rows - 1) + 1,
    }
    found = tables({name: part for name, part in parts.items() if part is not None}, first=first, vocabulary=vocabulary)
    return as_csv(found, about) if kind == "csv" else as_json(found, about)
