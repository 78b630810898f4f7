"""What may become of a run whose last view has vanished without a word."""

from typing import Literal

__all__ = ["HANGUPS", "OnHangup"]

OnHangup = Literal["train", "pause", "stop"]
HANGUPS: tuple[OnHangup, ...] = ("train", "pause", "stop")
