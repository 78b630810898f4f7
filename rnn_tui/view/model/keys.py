"""Every key, once: the bindings, the help screen, the command palette and the README speak from this table."""

from dataclasses import dataclass

from textual.binding import Binding

__all__ = ["GROUPS", "KEYS", "Key", "bindings"]


@dataclass(frozen=True)
class Key:
    """One thing that can be done."""

    keys: str  # Textual's names, comma-separated
    shown: str  # as it is printed
    action: str
    label: str  # two words, for the footer and the palette
    about: str  # a sentence, for the help and the tooltips
    footer: str = ""  # as the footer names it; empty: not in the footer
    footer_keys: str = ""  # the keys that the footer prints, where it stands for several
    everywhere: bool = False  # over dialogs as well


GROUPS: dict[str, tuple[Key, ...]] = {
    "Training": (
        Key(
            "space",
            "space",
            "app.toggle_play",
            "play",
            "Play or pause. Once the epochs are done, play on for as many again.",
            footer="play",
        ),
        Key(
            "right",
            "→",
            "app.tell('tick')",
            "tick",
            "Pause, and do one tick: one character, or one whole sequence.",
            footer="tick",
        ),
        Key("shift+right", "shift+→", "app.tell('epoch')", "epoch", "Pause, and go on to the end of the epoch."),
        Key(
            "left",
            "←",
            "app.tell('tick_back')",
            "tick back",
            "One tick back: everything on the screen is then the state of that tick, down to the last weight.",
        ),
        Key("shift+left", "shift+←", "app.tell('epoch_back')", "epoch back", "Back to the end of the epoch before."),
        Key("home", "home", "app.tell('first_tick')", "first tick", "Back to tick 0, before anything was learnt."),
        Key("end", "end", "app.tell('newest_tick')", "newest tick", "Return to the newest tick."),
        Key(
            "F",
            "F",
            "app.dialog('fork')",
            "fork",
            "Learn in another way from this tick on: learning rate, optimiser, clipping, loss, seed.",
        ),
        Key("b", "b", "app.tell('next_branch')", "next branch", "Go to the newest tick of the next branch."),
        Key(
            "n",
            "n",
            "app.tell('next_phase')",
            "next phase",
            "Pause inside the tick, and do its next phase: input, cell, softmax, loss, backward, update.",
        ),
        Key(
            "s",
            "s",
            "app.tell('slow_motion')",
            "slow motion",
            "Play phase by phase, and explain each; + and - change that pace. Again: whole ticks.",
        ),
        Key(
            "plus,equals_sign",
            "+",
            "app.tell('faster')",
            "faster",
            "The next faster pace, from 1 tick a second to as fast as it can.",
            footer="speed",
            footer_keys="+-",
        ),
        Key("minus", "-", "app.tell('slower')", "slower", "The next slower pace."),
        Key(
            "m",
            "m",
            "app.tell('toggle_tick')",
            "character/sequence",
            "Tick by one character, or by the whole sequence.",
        ),
        Key("r", "r", "app.tell('restart')", "again", "Begin again with the same seed: the same numbers come back."),
        Key("R", "R", "app.tell('new_seed')", "new seed", "Begin again with the next seed: not every seed learns."),
        Key(
            "B",
            "B",
            "app.dialog('breakpoints')",
            "breakpoints",
            "What to pause at: right for the first time, a loss, a jump of it, an epoch, a tick.",
        ),
    ),
    "Time cursor": (
        Key(
            "left_square_bracket",
            "[",
            "cursor(-1)",
            "cursor left",
            "Move the time cursor one time step back, in all panes at once.",
            footer="time",
            footer_keys="[]",
        ),
        Key("right_square_bracket", "]", "cursor(1)", "cursor right", "Move the time cursor one time step on."),
        Key(
            "escape",
            "esc",
            "follow",
            "follow",
            "Leave a pane that fills the screen; else let the time cursor follow the step being fed; else close the "
            "pane that looks inside.",
        ),
        Key("left_curly_bracket", "{", "row(-1)", "row up", "Look at the row above in the batch."),
        Key("right_curly_bracket", "}", "row(1)", "row down", "Look at the next row of the batch."),
        Key(
            "up",
            "↑",
            "layer(1)",
            "layer up",
            "The layer above; where one looks inside, each of its directions by itself.",
        ),
        Key("down", "↓", "layer(-1)", "layer down", "The layer below."),
    ),
    "Panes": (
        Key("1", "1", "zoom(1)", "network", "The unrolled network fills the screen; again: all panes."),
        Key("2", "2", "zoom(2)", "hidden state", "The hidden states fill the screen."),
        Key("3", "3", "zoom(3)", "loss", "The loss, or shapes and checks where nothing is learnt, fills the screen."),
        Key("4", "4", "zoom(4)", "prediction", "The prediction fills the screen."),
        Key(
            "z",
            "z",
            "zoom_focused",
            "zoom",
            "The pane with the focus fills the screen; again: all panes.",
            footer="zoom",
        ),
        Key("y", "y", "log('y')", "log loss", "The loss on a logarithmic scale, or back."),
        Key("x", "x", "log('x')", "log epochs", "The epochs on a logarithmic scale: the first ones get the room."),
        Key(
            "f",
            "f",
            "rates",
            "frames/s",
            "Frames and bytes a second that go to the terminal, and how late it shows them, in the status line.",
        ),
        Key(
            "tab",
            "tab",
            "app.focus_next",
            "next pane",
            "Move the focus to the next pane; shift+tab: to the one before.",
        ),
    ),
    "Open": (
        Key("l", "l", "app.dialog('lessons')", "lessons", "Choose another lesson.", footer="lesson"),
        Key(
            "e",
            "e",
            "app.dialog('experiment')",
            "experiment",
            "Change any part of the experiment, and begin it.",
            footer="edit",
        ),
        Key(
            "c",
            "c",
            "app.dialog('reproduce')",
            "command line",
            "Show and copy the command line that leads to what is on the screen, forks and all.",
        ),
        Key(
            "question_mark,f1", "?", "app.dialog('help')", "keys", "All keys, and how to read the panes.", footer="keys"
        ),
        Key(
            "d",
            "d",
            "app.detach",
            "detach",
            "Leave the run training, and give the shell back; `rnn-tui attach` brings it back.",
        ),
        Key(
            "T", "T", "app.tell('take_controls')", "take the controls", "Where several views look at one run: drive it."
        ),
        Key(
            "ctrl+l",
            "ctrl+l",
            "app.draw_again",
            "draw again",
            "Send the whole screen again, where it is garbled.",
            everywhere=True,
        ),
        Key(
            "ctrl+z",
            "ctrl+z",
            "app.suspend_process",
            "shell",
            "To the shell; `fg` comes back. The run goes on.",
            everywhere=True,
        ),
        Key("q,ctrl+q", "q", "app.quit", "quit", "Leave: stop the run, or leave it training.", footer="quit"),
    ),
    "See inside": (
        Key(
            "i",
            "i",
            "inside('cell')",
            "cell in numbers",
            "One cell at the time cursor: its equation with the real numbers put in. Again: close it.",
            footer="inside",
        ),
        Key("g", "g", "inside('gates')", "gates", "The gates of an LSTM or GRU over time."),
        Key(
            "v",
            "v",
            "inside('gradients')",
            "gradients",
            "‖∂L/∂h‖ through time: where the gradient vanishes or explodes, W_hh, saturation, clipping.",
        ),
        Key(
            "w",
            "w",
            "inside('weights')",
            "weights",
            "Every matrix, its gradient and its last update (o), with histograms; , and . turn over.",
        ),
        Key("p", "p", "inside('space')", "state space", "The way of h in two dimensions (PCA), or the embedding (o)."),
        Key(
            "a",
            "a",
            "inside('saliency')",
            "saliency",
            "How much each input character mattered for the output at the time cursor.",
        ),
        Key(
            "G",
            "G",
            "inside('sample')",
            "generate",
            "Let it write: the likeliest text and a drawn one. o: temperature; , and .: seed.",
        ),
        Key(
            "enter", "enter", "type", "type", "In Generate, type a text, and see what it expects next after every key."
        ),
        Key("O", "O", "generation", "generation", "How it writes: prime text, temperature, top-k, seed, length."),
        Key(
            "u",
            "u",
            "inside('reading')",
            "unit's view",
            "The text coloured by one unit, and which units follow quotes, brackets, indentation (o: their order).",
        ),
        Key(
            "t",
            "t",
            "inside('shapes')",
            "shapes",
            "Every tensor with its shape, and the equalities that must hold, checked.",
        ),
        Key(
            "o",
            "o",
            "other",
            "other view",
            "What else the pane that looks inside (with the focus, or opened last) can show: gradient, update, "
            "embedding, target, written out, another order of the units.",
        ),
        Key("comma", ",", "item(-1)", "unit before", "The unit before, or the matrix before."),
        Key("full_stop", ".", "item(1)", "next unit", "The next unit, or the next matrix."),
        Key(
            "h",
            "h",
            "explain",
            "explain",
            "The pane with the focus in plain words: what it shows, how to read it, what to try.",
        ),
    ),
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
