"""How the view behaves in its terminal, whatever it shows."""

from typing import Literal

import msgspec

from rnn_tui.protocol.rendezvous import OnDisconnect

__all__ = ["Colors", "Theme", "ViewSettings"]

Colors = Literal["auto", "truecolor", "256", "16", "none"]
Theme = Literal["dark", "light"]


class ViewSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the view behaves in its terminal."""

    fps: float = 20.0  # pictures a second at most
    colors: Colors = "auto"
    theme: Theme = "dark"
    stage: bool = False  # one pane at a time, drawn in large
    ascii: bool = False  # nothing but ASCII is drawn
    on_hangup: OnDisconnect = "train"  # what becomes of a run whose last view vanishes
