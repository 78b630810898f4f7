"""The keys where many networks learn at once."""

from rnn_tui.view.model.key import Key

__all__ = ["FIELD_KEYS"]

FIELD_KEYS = (
    Key(
        "less_than_sign",
        "member(-1)",
        "previous network",
        "Show the previous network of the map.",
        printed="<",
        footer="network",
        footer_keys="<>",
        runs="field",
    ),
    Key(
        "greater_than_sign",
        "member(1)",
        "next network",
        "Show the next network of the map.",
        printed=">",
        runs="field",
    ),
    Key(
        "C",
        "measure",
        "colours",
        "Colour the map by when it is learnt, the loss, the loss held out, or the first gradient.",
        footer="colours",
        runs="field",
    ),
    Key(
        "X",
        "arrange",
        "rows, columns",
        "Put other settings into the rows and columns of the map.",
        footer="rows, columns",
        runs="field",
    ),
    Key(
        "D",
        "group",
        "groups",
        "Group the networks by another of the settings that vary, or not at all.",
        footer="groups",
        runs="field",
    ),
    Key(
        "V",
        "side_by_side",
        "side by side",
        "Show this network and two that differ in what varies first in the same pane, on one scale; esc comes back.",
        footer="side by side",
        runs="field",
    ),
    Key(
        "K",
        "keep_member",
        "keep network",
        "Keep this network on the disk as a run of its own, as it is now; all of them go on.",
        runs="field",
    ),
    Key("5", "zoom(5)", "map", "Let the map of all networks fill the screen.", runs="field"),
    Key("6", "zoom(6)", "learnt", "Let the share that has learnt it fill the screen.", runs="field"),
    Key("7", "zoom(7)", "all losses", "Let the losses of all networks fill the screen.", runs="field"),
)
