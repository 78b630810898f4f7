"""Every key, once: the bindings, the help screen, the command palette and the README speak from this table."""

from dataclasses import dataclass

from textual.binding import Binding

__all__ = ["GROUPS", "KEYS", "Key", "bindings"]


@dataclass(frozen=True, kw_only=True)
class Key:
    """One thing that can be done."""

    keys: str  # Textual's names, comma-separated
    shown: str  # as it is printed
    action: str
    label: str  # two words, for the footer and the palette
    about: str  # a sentence, for the help and the tooltips
    group: str
    footer: str = ""  # as the footer names it; empty: not in the footer
    footer_keys: str = ""  # the keys that the footer prints, where it stands for several


_RUN, _TIME, _LOOK, _INSIDE, _OPEN = "Training", "Time cursor", "Panes", "See inside", "Open"
GROUPS = (_RUN, _TIME, _LOOK, _INSIDE, _OPEN)

KEYS = (
    Key(
        keys="space",
        shown="space",
        action="app.toggle_play",
        label="play",
        group=_RUN,
        footer="play",
        about="Play or pause. Once the epochs are done, play on for as many again.",
    ),
    Key(
        keys="right",
        shown="→",
        action="app.step('tick')",
        label="tick",
        group=_RUN,
        footer="tick",
        about="Pause, and do one tick: one character, or one whole sequence.",
    ),
    Key(
        keys="shift+right",
        shown="shift+→",
        action="app.step('epoch')",
        label="epoch",
        group=_RUN,
        about="Pause, and go on to the end of the epoch.",
    ),
    Key(
        keys="left",
        shown="←",
        action="app.step_back('tick')",
        label="tick back",
        group=_RUN,
        about="One tick back: everything on the screen is then the state of that tick, down to the last weight.",
    ),
    Key(
        keys="shift+left",
        shown="shift+←",
        action="app.step_back('epoch')",
        label="epoch back",
        group=_RUN,
        about="Back to the end of the epoch before.",
    ),
    Key(
        keys="home",
        shown="home",
        action="app.go_to(0)",
        label="first tick",
        group=_RUN,
        about="Back to tick 0, before anything was learnt.",
    ),
    Key(
        keys="end",
        shown="end",
        action="app.go_to(-1)",
        label="newest tick",
        group=_RUN,
        about="Return to the newest tick.",
    ),
    Key(
        keys="F",
        shown="F",
        action="app.fork",
        label="fork",
        group=_RUN,
        about="Learn in another way from this tick on: learning rate, optimiser, clipping, loss, seed.",
    ),
    Key(
        keys="b",
        shown="b",
        action="app.next_branch",
        label="next branch",
        group=_RUN,
        about="Go to the newest tick of the next branch.",
    ),
    Key(
        keys="n",
        shown="n",
        action="app.next_phase",
        label="next phase",
        group=_RUN,
        about="Pause inside the tick, and do its next phase: input, cell, softmax, loss, backward, update.",
    ),
    Key(
        keys="s",
        shown="s",
        action="app.slow_motion",
        label="slow motion",
        group=_RUN,
        about="Play phase by phase, and explain each; + and - change that pace. Again: whole ticks.",
    ),
    Key(
        keys="plus,equals_sign",
        shown="+",
        action="app.faster(1)",
        label="faster",
        group=_RUN,
        footer="speed",
        footer_keys="+ -",
        about="The next faster pace, from 1 tick a second to as fast as it can.",
    ),
    Key(keys="minus", shown="-", action="app.faster(-1)", label="slower", group=_RUN, about="The next slower pace."),
    Key(
        keys="m",
        shown="m",
        action="app.toggle_tick",
        label="character/sequence",
        group=_RUN,
        about="Tick by one character, or by the whole sequence.",
    ),
    Key(
        keys="r",
        shown="r",
        action="app.restart",
        label="again",
        group=_RUN,
        about="Begin again with the same seed: the same numbers come back.",
    ),
    Key(
        keys="R",
        shown="R",
        action="app.new_seed",
        label="new seed",
        group=_RUN,
        about="Begin again with the next seed: not every seed learns.",
    ),
    Key(
        keys="B",
        shown="B",
        action="app.breakpoints",
        label="breakpoints",
        group=_RUN,
        about="What to pause at: right for the first time, a loss, a jump of it, an epoch, a tick.",
    ),
    Key(
        keys="left_square_bracket",
        shown="[",
        action="cursor(-1)",
        label="cursor left",
        group=_TIME,
        footer="time",
        footer_keys="[ ]",
        about="Move the time cursor one time step back, in all panes at once.",
    ),
    Key(
        keys="right_square_bracket",
        shown="]",
        action="cursor(1)",
        label="cursor right",
        group=_TIME,
        about="Move the time cursor one time step on.",
    ),
    Key(
        keys="escape",
        shown="esc",
        action="follow",
        label="follow",
        group=_TIME,
        about="Let the time cursor follow the step being fed; leave a pane that fills the screen.",
    ),
    Key(
        keys="left_curly_bracket",
        shown="{",
        action="row(-1)",
        label="row up",
        group=_TIME,
        about="Look at the row above in the batch.",
    ),
    Key(
        keys="right_curly_bracket",
        shown="}",
        action="row(1)",
        label="row down",
        group=_TIME,
        about="Look at the next row of the batch.",
    ),
    Key(
        keys="up",
        shown="↑",
        action="layer(1)",
        label="layer up",
        group=_TIME,
        about="Show the states of higher layers, where not all fit.",
    ),
    Key(
        keys="down",
        shown="↓",
        action="layer(-1)",
        label="layer down",
        group=_TIME,
        about="Show the states of lower layers.",
    ),
    Key(
        keys="1",
        shown="1",
        action="zoom(1)",
        label="network",
        group=_LOOK,
        about="The unrolled network fills the screen; again: all panes.",
    ),
    Key(
        keys="2",
        shown="2",
        action="zoom(2)",
        label="hidden state",
        group=_LOOK,
        about="The hidden states fill the screen.",
    ),
    Key(
        keys="3",
        shown="3",
        action="zoom(3)",
        label="loss",
        group=_LOOK,
        about="The loss, or shapes and checks where nothing is learnt, fills the screen.",
    ),
    Key(
        keys="4", shown="4", action="zoom(4)", label="prediction", group=_LOOK, about="The prediction fills the screen."
    ),
    Key(
        keys="z",
        shown="z",
        action="zoom_focused",
        label="zoom",
        group=_LOOK,
        footer="zoom",
        about="The pane with the focus fills the screen; again: all panes.",
    ),
    Key(
        keys="y",
        shown="y",
        action="log('y')",
        label="log loss",
        group=_LOOK,
        about="The loss on a logarithmic scale, or back.",
    ),
    Key(
        keys="x",
        shown="x",
        action="log('x')",
        label="log epochs",
        group=_LOOK,
        about="The epochs on a logarithmic scale: the first ones get the room.",
    ),
    Key(
        keys="tab",
        shown="tab",
        action="app.focus_next",
        label="next pane",
        group=_LOOK,
        about="Move the focus to the next pane; shift+tab: to the one before.",
    ),
    Key(
        keys="i",
        shown="i",
        action="inside('cell')",
        label="cell in numbers",
        group=_INSIDE,
        about="One cell at the time cursor: its equation with the real numbers put in. Again: close it.",
    ),
    Key(
        keys="g",
        shown="g",
        action="inside('gates')",
        label="gates",
        group=_INSIDE,
        about="The gates of an LSTM or GRU over time.",
    ),
    Key(
        keys="v",
        shown="v",
        action="inside('gradients')",
        label="gradients",
        group=_INSIDE,
        about="‖∂L/∂h‖ through time: where the gradient vanishes or explodes, W_hh, saturation, clipping.",
    ),
    Key(
        keys="w",
        shown="w",
        action="inside('weights')",
        label="weights",
        group=_INSIDE,
        about="Every matrix, its gradient and its last update (o), with histograms; , and . turn over.",
    ),
    Key(
        keys="p",
        shown="p",
        action="inside('space')",
        label="state space",
        group=_INSIDE,
        about="The way of h in two dimensions (PCA), or the embedding (o).",
    ),
    Key(
        keys="a",
        shown="a",
        action="inside('saliency')",
        label="saliency",
        group=_INSIDE,
        about="How much each input character mattered for the output at the time cursor.",
    ),
    Key(
        keys="t",
        shown="t",
        action="inside('shapes')",
        label="shapes",
        group=_INSIDE,
        about="Every tensor with its shape, and the equalities that must hold, checked.",
    ),
    Key(
        keys="o",
        shown="o",
        action="other",
        label="other view",
        group=_INSIDE,
        about="What else the pane that looks inside can show: gradient, update, embedding, target, written out.",
    ),
    Key(
        keys="comma",
        shown=",",
        action="item(-1)",
        label="unit before",
        group=_INSIDE,
        about="The unit before, or the matrix before.",
    ),
    Key(
        keys="full_stop",
        shown=".",
        action="item(1)",
        label="next unit",
        group=_INSIDE,
        about="The next unit, or the next matrix.",
    ),
    Key(
        keys="h",
        shown="h",
        action="explain",
        label="explain",
        group=_INSIDE,
        about="The pane with the focus in plain words: what it shows, how to read it, what to try.",
    ),
    Key(
        keys="l",
        shown="l",
        action="app.lessons",
        label="lessons",
        group=_OPEN,
        footer="lessons",
        about="Choose another lesson.",
    ),
    Key(
        keys="e",
        shown="e",
        action="app.experiment",
        label="experiment",
        group=_OPEN,
        footer="edit",
        about="Change any part of the experiment, and begin it.",
    ),
    Key(
        keys="c",
        shown="c",
        action="app.reproduce",
        label="command line",
        group=_OPEN,
        about="Show and copy the command line that leads to what is on the screen, forks and all.",
    ),
    Key(
        keys="question_mark,f1",
        shown="?",
        action="app.help",
        label="keys",
        group=_OPEN,
        footer="keys",
        about="All keys, and how to read the panes.",
    ),
    Key(
        keys="q",
        shown="q",
        action="app.quit",
        label="quit",
        group=_OPEN,
        footer="quit",
        about="Leave. The training ends with it.",
    ),
)


def bindings() -> list[Binding]:
    """The keys as Textual wants them."""
    return [
        Binding(
            key.keys,
            key.action,
            key.footer or key.label,
            show=bool(key.footer),
            key_display=key.footer_keys or key.shown,
            tooltip=key.about,
        )
        for key in KEYS
    ]
