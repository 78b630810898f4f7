"""The table of keys: bindings, help, command palette and manual are made from it or checked against it.

Each key declares whose runs it is for. `view/model/offers.py` has what follows from that for a script that is watched.
"""

from textual.binding import Binding

from rnn_tui.view.model.field_keys import FIELD_KEYS
from rnn_tui.view.model.key import InScript, Key

__all__ = ["GROUPS", "KEYS", "InScript", "Key", "bindings"]


GROUPS: dict[str, tuple[Key, ...]] = {
    "Training": (
        Key(
            "space",
            "app.toggle_play",
            "play",
            "Play or pause; once all epochs are done, train for as many again.",
            footer="play",
            needs="hold",
            in_script=InScript(
                "hold", "Hold the script at the end of an update; again: let it go on.", footer="hold", held="go on"
            ),
        ),
        Key(
            "right",
            "app.tell('tick')",
            "tick",
            "Pause, and do one tick: one character, or one whole sequence.",
            printed="→",
            footer="tick",
            needs="step",
            in_script=InScript("update", "Let the script do one update, and hold it there.", footer="update"),
        ),
        Key(
            "shift+right",
            "app.tell('epoch')",
            "epoch",
            "Go on to the end of the epoch, and pause there.",
            printed="shift+→",
            runs="own",
            in_field=False,
        ),
        Key(
            "left",
            "app.tell('tick_back')",
            "tick back",
            "Go back one tick, in slow motion one phase: everything is then as it was, down to the last weight.",
            printed="←",
            footer="back",
            needs="back",
            in_script=InScript(
                "update back", "Show the update before, as far as its weights are kept; the script goes on."
            ),
            in_field=False,
        ),
        Key(
            "shift+left",
            "app.tell('epoch_back')",
            "epoch back",
            "Go back to the end of the previous epoch.",
            printed="shift+←",
            runs="own",
            in_field=False,
        ),
        Key(
            "home",
            "app.tell('first_tick')",
            "first tick",
            "Go back to tick 0, before anything was learnt.",
            needs="back",
            in_script=InScript("oldest update", "Show the oldest update that is kept."),
            in_field=False,
        ),
        Key(
            "end",
            "app.tell('newest_tick')",
            "newest tick",
            "Return to the newest tick.",
            needs="back",
            in_script=InScript("newest update", "Return to the newest update."),
            in_field=False,
        ),
        Key(
            "F",
            "app.dialog('fork')",
            "fork",
            "Train differently from this tick on: learning rate, optimiser, clipping, loss, seed.",
            footer="fork",
            runs="own",
            in_field=False,
        ),
        Key(
            "b",
            "app.tell('next_branch')",
            "next branch",
            "Go to the newest tick of the next branch.",
            runs="own",
            in_field=False,
        ),
        Key(
            "n",
            "app.tell('next_phase')",
            "next phase",
            "Pause inside the tick, and do its next phase: input, cell, softmax, loss, backward, update.",
            runs="own",
            in_field=False,
        ),
        Key(
            "N",
            "app.tell('next_part')",
            "next part",
            "Pause at the next part of training: forward, backward, update; or at the next pass.",
            runs="own",
            in_field=False,
        ),
        Key(
            "s",
            "app.tell('slow_motion')",
            "slow motion",
            "Play phase by phase, with an explanation of each; + and - change the pace. Again: whole ticks.",
            footer="slow",
            runs="own",
            in_field=False,
        ),
        Key(
            "plus,equals_sign",
            "app.tell('faster')",
            "faster",
            "Go faster: from 1 tick a second up to full speed.",
            printed="+",
            footer="speed",
            footer_keys="+-",
            needs="speed",
            in_script=InScript(
                "faster", "Let the script go faster: from 1 update a second up to its own speed.", footer="speed"
            ),
        ),
        Key(
            "minus",
            "app.tell('slower')",
            "slower",
            "Go slower.",
            printed="-",
            needs="speed",
            in_script=InScript("slower", "Slow the script down, to 1 update a second at the least."),
        ),
        Key(
            "m",
            "app.tell('toggle_tick')",
            "character/sequence",
            "Tick by character, or by whole sequence.",
            runs="own",
            in_field=False,
        ),
        Key(
            "r",
            "app.tell('restart')",
            "again",
            "Start again with the same seed: the same numbers come back.",
            runs="own",
        ),
        Key(
            "R",
            "app.tell('new_seed')",
            "new seed",
            "Start again with the next seed: not every seed learns.",
            runs="own",
            in_field=False,
        ),
        Key(
            "B",
            "app.dialog('breakpoints')",
            "breakpoints",
            "Choose where to pause: the first right prediction, a loss, its jump, a gradient, a NaN, an epoch, a tick.",
            needs="breakpoints",
            in_script=InScript(
                "breakpoints", "Choose where the script is held: a loss, a jump, a gradient, a NaN, an update."
            ),
            in_field=False,
        ),
    ),
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
    "See inside": (
        Key(
            "i",
            "inside('cell')",
            "cell in numbers",
            "Show one cell at the time cursor: its equations with the real numbers in them. Again: close it.",
            footer="inside",
        ),
        Key("g", "inside('gates')", "gates", "Show the gates of an LSTM or GRU over time."),
        Key(
            "v",
            "inside('gradients')",
            "gradients",
            "Show ‖∂L/∂h‖ through time: where the gradient vanishes or explodes, W_hh, saturation, clipping.",
        ),
        Key(
            "w",
            "inside('weights')",
            "weights",
            "Show every matrix, its gradient or its last update (o), with histograms; , and . turn the pages.",
        ),
        Key(
            "p",
            "inside('space')",
            "state space",
            "Show the trajectory of h in two dimensions (PCA), or the embedding (o).",
        ),
        Key(
            "a",
            "inside('saliency')",
            "saliency",
            "Show how much each input character mattered for the output at the time cursor.",
        ),
        Key(
            "G",
            "inside('sample')",
            "generate",
            "Let the network write: the likeliest text, and a sampled one. o: temperature; , and .: seed.",
            footer="write",
            runs="own",
        ),
        Key(
            "enter",
            "type",
            "type, touch",
            "In a tour, the next step. In Generate, type a text. Of many networks, open this one. Else touch the "
            "paused run: a letter, h, h₀, a weight.",
            runs="own",
        ),
        Key(
            "O",
            "generation",
            "generation",
            "Set how the network writes: prime, temperature, top-k, seed, length.",
            runs="own",
        ),
        Key(
            "u",
            "inside('reading')",
            "unit's view",
            "Show the text coloured by one unit, and which units follow quotes, brackets, indentation (o: order).",
        ),
        Key(
            "t",
            "inside('shapes')",
            "shapes",
            "Show every tensor with its shape, and check the equations that must hold.",
        ),
        Key(
            "o",
            "other",
            "other view",
            "Show something else in the pane that looks inside (with the focus, or opened last): gradient, "
            "update, embedding, target, written-out equations, another order of the units.",
        ),
        Key("comma", "item(-1)", "previous unit", "Look at the previous unit, or matrix.", printed=","),
        Key("full_stop", "item(1)", "next unit", "Look at the next unit, or matrix.", printed="."),
        Key(
            "h",
            "explain",
            "explain",
            "Explain the pane with the focus in plain words: what it shows, how to read it, what to try.",
            footer="explain",
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
