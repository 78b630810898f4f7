"""A key of the main screen: what it is called, what it does, and whose runs it is for."""

from typing import Literal

import msgspec

from rnn_tui.protocol.subject import Ability

__all__ = ["InRanks", "InScript", "Key"]


class InScript(msgspec.Struct, frozen=True):
    """What a key is called, and what it does, where a script is watched."""

    label: str
    about: str
    footer: str = ""  # its word in the footer, if it is there
    held: str = ""  # its word there while the script is held, if it is another


class InRanks(msgspec.Struct, frozen=True):
    """What a key does, and what it is called, where several processes train one network together."""

    action: str
    label: str
    about: str
    footer: str = ""  # its word in the footer, if it is there


class Key(msgspec.Struct, frozen=True):
    """A key, and what it does."""

    keys: str  # Textual's names, comma-separated
    action: str
    label: str  # two words, for the footer and the palette
    about: str  # a sentence, for the help and the tooltips
    footer: str = ""  # its word in the footer; empty: not in the footer
    footer_keys: str = ""  # what the footer prints, if the entry stands for several keys
    everywhere: bool = False  # over dialogs as well
    printed: str = ""  # the key as it is printed, if that is not its name
    runs: Literal["all", "own", "watched", "field", "ranks"] = "all"  # whose: rnn-tui's own, scripts', fields, ranks
    in_field: bool = True  # whether it applies where many networks learn at once
    needs: Ability | None = None  # what a script that is watched must allow for it
    in_script: InScript | None = None  # if it has other words there
    in_ranks: InRanks | None = None  # if it does something else where several processes share each batch
    alone: str = ""  # why those do not have it, if they do not: they "have no way back"

    @property
    def shown(self) -> str:
        """The key as it is printed."""
        return self.printed or self.keys
