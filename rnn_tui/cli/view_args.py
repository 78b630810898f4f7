"""The options of the view, and what they say."""

import math
from typing import Any, get_args

import click

from rnn_tui.cli.options import SectionOption, UsageError
from rnn_tui.common.wording import shown
from rnn_tui.protocol.rendezvous import ON_DISCONNECT
from rnn_tui.view.model.settings import Colors, Theme, ViewSettings

__all__ = ["view_options", "view_settings_of"]

_FPS = (0.1, 120.0)


def view_options(*, joins: bool = False) -> list[SectionOption]:
    """The options. Who joins a run does not say what becomes of it."""
    options = [
        _option("--fps", "N", "pictures a second at most (20)"),
        _option("--colors", "NAME", "colours of the terminal: auto, truecolor, 256, 16, none (auto)"),
        _option("--theme", "NAME", "the background: dark, light (dark)"),
        SectionOption(["--ascii"], section="view", is_flag=True, help="draw with ASCII characters only"),
        _option("--on-hangup", "WORD", "when the view vanishes, the run goes on: train, pause, stop (train)"),
    ]
    return options[: -1 if joins else None]


def view_settings_of(parameters: dict[str, Any]) -> ViewSettings:
    """What the options say. Raises UsageError."""
    fps, colors, theme, hangup = (parameters.get(name) for name in ("fps", "colors", "theme", "on_hangup"))
    usual = ViewSettings()
    return ViewSettings(
        fps=usual.fps if fps is None else _rate(fps),
        colors=usual.colors if colors is None else _word("--colors", colors, get_args(Colors)),
        theme=usual.theme if theme is None else _word("--theme", theme, get_args(Theme)),
        ascii=bool(parameters.get("ascii")),
        on_hangup=usual.on_hangup if hangup is None else _word("--on-hangup", hangup, ON_DISCONNECT),
    )


def _option(name: str, metavar: str, about: str) -> SectionOption:
    return SectionOption([name], section="view", metavar=metavar, type=click.UNPROCESSED, help=about)


def _rate(text: str) -> float:
    low, high = _FPS
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not low <= rate <= high:
        raise UsageError(f"--fps {shown(text)}: must be a number from {low:g} to {high:g}")
    return rate


def _word(option: str, text: str, words: tuple[Any, ...]) -> Any:
    if text not in words:
        raise UsageError(f"{option} {shown(text)}: must be {', '.join(words[:-1])} or {words[-1]}")
    return text
