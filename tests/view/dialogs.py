"""A small app for one dialog, and what its tests ask."""

from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

import rnn_tui.view
from rnn_tui.view.model.theme import THEMES

__all__ = ["NOTHING", "SIZES", "Host", "answer_to", "assert_inside", "screen_text"]

SIZES = [(64, 20), (80, 24), (120, 36), (200, 60)]
NOTHING = object()


class Host(App[None]):
    """Pushes one dialog, and keeps its answer."""

    CSS_PATH = Path(rnn_tui.view.__file__).parent / "app" / "app.tcss"

    def __init__(self, dialog: Screen[Any], theme: int = 0) -> None:
        super().__init__()
        for each in THEMES:
            self.register_theme(each)
        self.theme = THEMES[theme].name
        self.dialog = dialog
        self.answer: Any = NOTHING

    def on_mount(self) -> None:
        """Called by textual."""
        self.push_screen(self.dialog, self.keep)

    def keep(self, answer: Any) -> None:
        """The dialog has closed."""
        self.answer = answer


async def answer_to(dialog: Screen[Any], *keys: str) -> Any:
    """Return what the dialog answers to these keys; NOTHING where it stays open."""
    app = Host(dialog)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return app.answer


def screen_text(pilot: Pilot[None]) -> str:
    """All that is on the screen, one line a row."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips(pilot.app.size))


def assert_inside(pilot: Pilot[None]) -> None:
    """The dialog lies inside the screen, and all its parts inside the dialog."""
    dialog = pilot.app.screen.query_one(".dialog")
    assert pilot.app.screen.region.contains_region(dialog.region)
    for child in dialog.children:
        assert dialog.content_region.contains_region(child.region), child
