"""The table of keys: bindings, help, command palette and manual are made from it or checked against it.

Each key declares whose runs it is for. `view/model/offers.py` has what follows from that for a script that is watched.
"""

from textual.binding import Binding

from rnn_tui.view.model.field_keys import FIELD_KEYS
from rnn_tui.view.model.inside_keys import INSIDE_KEYS
from rnn_tui.view.model.key import InScript, Key
from rnn_tui.view.model.training_keys import TRAINING_KEYS

__all__ = ["GROUPS", "KEYS", "bindings"]

GROUPS: dict[str, tuple[Key, ...]] = {
    "Training": TRAINING_KEYS,
    "Time cursor": (
        Key(
            "left_square_bracket",
            "cursor(-1)",
            "cursor left",
            "Move the time cursor one time step back, in all panes at once.",
            printed="[",
            footer="time",
            footer_keys="[]",
        ),
        Key(
            "right_square_bracket",
            "cursor(1)",
            "cursor right",
            "Move the time cursor one time step forward.",
            printed="]",
        ),
        Key(
            "escape",
            "follow",
            "follow",
            "Leave a pane that fills the screen; else let the time cursor follow the step being fed; else "
            "close the pane that looks inside.",
            printed="esc",
        ),
        Key("left_curly_bracket", "row(-1)", "row up", "Look at the previous row of the batch.", printed="{"),
        Key("right_curly_bracket", "row(1)", "row down", "Look at the next row of the batch.", printed="}"),
        Key(
            "k",
            "column",
            "column",
            "Look at the next column of a series, where several are read or predicted.",
            runs="own",
        ),
        Key(
            "up",
            "layer(1)",
            "layer up",
            "Look at the layer above; while a pane looks inside, at each of its directions by itself.",
            printed="↑",
        ),
        Key("down", "layer(-1)", "layer down", "Look at the layer below.", printed="↓"),
    ),
    "Panes": (
        Key("1", "zoom(1)", "network", "Let the unrolled network fill the screen; again: all panes."),
        Key("2", "zoom(2)", "hidden state", "Let the hidden states fill the screen."),
        Key("3", "zoom(3)", "loss", "Let the loss fill the screen, or shapes and checks if nothing is learnt."),
        Key("4", "zoom(4)", "prediction", "Let the prediction fill the screen."),
        Key(
            "z", "zoom_focused", "zoom", "Let the pane with the focus fill the screen; again: all panes.", footer="zoom"
        ),
        Key("S", "stage", "stage", "Show one pane at a time in large, for a room full of people; again: all panes."),
        Key(
            "Y",
            "chart",
            "diagnostics",
            "Show the gradient's norm in place of the loss; again: update:weight, idle units, the learning rate.",
            in_script=InScript(
                "diagnostics",
                "Show the gradient's norm in place of the loss; again: the learning rate; again: the loss.",
            ),
        ),
        Key("y", "log('y')", "log loss", "Show the loss on a logarithmic scale, or a linear one again."),
        Key(
            "x",
            "log('x')",
            "log epochs",
            "Show the epochs on a logarithmic scale, which gives the first ones room, or a linear one again.",
            in_script=InScript(
                "log updates",
                "Show the updates on a logarithmic scale, which gives the first ones room, or a linear one again.",
            ),
        ),
        Key(
            "f",
            "rates",
            "frames/s",
            "Show in the status line the frames and bytes a second that the terminal gets, and how late it shows them.",
        ),
        Key(
            "P",
            "ranks",
            "processes",
            "Hide what each of several processes does, or show it again.",
            runs="ranks",
        ),
        Key("backspace", "step_back", "step back", "In a tour, go back to the step before.", runs="own"),
        Key("tab", "app.focus_next", "next pane", "Move the focus to the next pane; shift+tab: to the previous one."),
    ),
    "Many networks": FIELD_KEYS,
    "Open": (
        Key(
            "A",
            "app.dialog('compare')",
            "compare",
            "Compare many networks: this one, but with many seeds, or with settings that vary.",
            footer="compare",
            runs="own",
        ),
        Key("l", "app.dialog('lessons')", "lessons", "Choose another lesson.", footer="lesson", runs="own"),
        Key("W", "app.dialog('tours')", "tours", "Be led through a topic, step by step.", runs="own"),
        Key(
            "e",
            "app.dialog('experiment')",
            "experiment",
            "Change any part of the experiment, and start it.",
            footer="edit",
            runs="own",
        ),
        Key(
            "c",
            "app.dialog('reproduce')",
            "command line",
            "Show and copy the command line that leads to what is on the screen, including forks.",
            runs="own",
        ),
        Key(
            "E",
            "save",
            "save",
            "Save the screen as SVG or PNG, or what the pane with the focus shows as CSV or JSON.",
        ),
        Key(
            "M",
            "app.dialog('networks')",
            "networks",
            "Choose which of the script's recurrent networks is shown, and read what cannot be seen of it.",
            footer="networks",
            runs="watched",
        ),
        Key(
            "L",
            "app.dialog('log')",
            "output",
            "Show what the script has printed; it can be scrolled and searched.",
            footer="output",
            runs="watched",
            needs="log",
        ),
        Key(
            "question_mark,f1",
            "app.dialog('help')",
            "keys",
            "All keys, and how to read the panes.",
            printed="?",
            footer="keys",
        ),
        Key(
            "d",
            "app.detach",
            "detach",
            "Return to the shell while the run goes on; `rnn-tui attach` brings it back.",
            in_script=InScript(
                "detach", "Return to the shell while the script goes on; `rnn-tui attach` brings it back."
            ),
        ),
        Key(
            "T",
            "app.tell('take_controls')",
            "take the controls",
            "Control the run from this view, if several views show it.",
        ),
        Key(
            "ctrl+l", "app.draw_again", "draw again", "Send the whole screen again, if it is garbled.", everywhere=True
        ),
        Key(
            "ctrl+z",
            "app.suspend_process",
            "shell",
            "Go to the shell; `fg` comes back. The run goes on.",
            everywhere=True,
            in_script=InScript("shell", "Go to the shell; `fg` comes back. The script goes on."),
        ),
        Key(
            "q,ctrl+q",
            "app.quit",
            "quit",
            "Quit: stop the run, or leave it training.",
            printed="q",
            footer="quit",
            in_script=InScript("quit", "Quit: interrupt the script, leave it running, or kill it."),
        ),
    ),
    "See inside": INSIDE_KEYS,
}
KEYS = tuple(key for keys in GROUPS.values() for key in keys)


def bindings(*, everywhere: bool = False) -> list[Binding]:
    """Return the bindings of the main screen, or those of the app, which hold over dialogs as well."""
    return [
        Binding(
            key.keys,
            key.action.removeprefix("app.") if everywhere else key.action,
            key.footer or key.label,
            show=bool(key.footer),
            key_display=key.footer_keys or key.shown,
            tooltip=key.about,
            priority=everywhere,
        )
        for key in KEYS
        if key.everywhere or not everywhere
    ]
