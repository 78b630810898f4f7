"""The options of the view, and the settings that they make."""

from typing import Any, get_args

from rnn_tui.cli.option_types import NumberBetween, Word
from rnn_tui.cli.options import SectionOption
from rnn_tui.protocol.rendezvous import ON_DISCONNECT
from rnn_tui.view.model.settings import Colors, Theme, ViewSettings

__all__ = ["view_options", "view_settings_of"]


def view_options(*, joins: bool = False) -> list[SectionOption]:
    """Return the options; a view that joins a run does not decide what becomes of it."""
    options = [
        _option("--fps", metavar="N", type=NumberBetween(0.1, 120), help="pictures a second at most (20)"),
        _option(
            "--colors",
            metavar="NAME",
            type=Word(get_args(Colors)),
            help="colours of the terminal: auto, truecolor, 256, 16, none (auto)",
        ),
        _option("--theme", metavar="NAME", type=Word(get_args(Theme)), help="the background: dark, light (dark)"),
        _option("--stage", is_flag=True, help="one pane at a time, drawn in large; a lesson waits at its beginning"),
        _option("--ascii", is_flag=True, help="draw with ASCII characters only"),
        _option(
            "--on-hangup",
            metavar="WORD",
            type=Word(ON_DISCONNECT),
            help="when the view vanishes, the run goes on: train, pause, stop (train)",
        ),
    ]
    return options[: -1 if joins else None]


def view_settings_of(parameters: dict[str, Any]) -> ViewSettings:
    """Return what the options ask for."""
    given = {name: parameters.get(name) for name in ViewSettings.__struct_fields__}
    return ViewSettings(**{name: value for name, value in given.items() if value is not None})


def _option(name: str, **settings: Any) -> SectionOption:
    return SectionOption(name, section="view", **settings)
