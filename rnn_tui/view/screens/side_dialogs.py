"""The dialogs over runs that stand side by side. Each is imported when it opens."""

from typing import TYPE_CHECKING

from textual.app import App

from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.side_keys import SIDE_KEYS
from rnn_tui.view.screens.side_source import SideSource
from rnn_tui.view.widgets.pane import Pane

if TYPE_CHECKING:
    from rnn_tui.view.screens.quit import Goodbye

__all__ = ["ask_how_to_leave", "explain", "show_help"]


def explain(app: App[int], pane: Pane, subject: Subject | None) -> None:
    """Explain the pane in plain words; of a script that is watched, in its words."""
    from rnn_tui.view.screens.explain import ExplainScreen  # for start-up time

    app.push_screen(ExplainScreen([pane], pane, subject))


def show_help(app: App[int]) -> None:
    """Show the keys that apply side by side, and the manual."""
    from rnn_tui.view.screens.help import HelpScreen  # for start-up time

    app.push_screen(HelpScreen(keys=SIDE_KEYS))


def ask_how_to_leave(app: App[int], source: SideSource, opened: Opened, frame: Frame) -> None:
    """Ask whether the networks that were begun for this view end with it, and do what is answered."""
    from rnn_tui.view.screens.quit import QuitScreen  # for start-up time

    def answered(way: "Goodbye | None") -> None:
        if way == "stop":
            app.exit(0)
        elif way == "leave":
            source.detach()

    held = frame.status.state != "playing"
    screen = QuitScreen(name=opened.name, kept=bool(opened.kept), held=held, views=frame.views, in_field=True)
    app.push_screen(screen, answered)
