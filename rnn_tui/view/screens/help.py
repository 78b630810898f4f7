"""All keys, from their table, and how to read the panes."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from rnn_tui.view.model.keys import GROUPS, KEYS, Key
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.widgets.rows import Rows

__all__ = ["HelpScreen"]

_PANES = (
    (
        "Network",
        "The same cell with the same weights, drawn once for each time step. Data flows up, time runs to the right.",
    ),
    ("Lit step", "Ticking by character, the step that has just been fed. A dot is a step that has not been fed yet."),
    (
        "Slow motion",
        "One tick, phase by phase (n, or s to play them). What is being computed is lit. Backward, the thick arrows ◀ "
        "carry gradients from the last step to the first; each box then holds ‖∂L/∂h‖. The numbers are those of the "
        "tick itself, only held.",
    ),
    ("Hidden state", "A row for each unit, a column for each time step. Blue is below 0, orange above, grey is 0."),
    (
        "Loss",
        "The line is the loss of each update, the faint points are single characters. The dashed floor: a state used "
        "as logits cannot be surer than that. A linear head has no floor.",
    ),
    ("Prediction", "What the network says now, under its target; the likeliest characters of each step as bars."),
    (
        "See inside",
        "i g v w p a u G t open a pane and close it: those over time below the network, the others at the right; on a "
        "small screen they fill it. They follow the time cursor, the layer (↑ ↓) and the row ({ }), and are "
        "computed only while they are there. h explains the one with the focus.",
    ),
    ("Shapes", "Where nothing is learnt they stand at the right by themselves: every tensor, and what must hold."),
    ("Time cursor", "One time step is marked in all panes at once. A click sets it."),
    ("Mouse", "Over a cell, the lower border of its pane tells the exact value."),
)
_ON_THE_LEFT = 4  # groups of keys, where there are two columns
_NAMES = max(len(name) for name in [*(key.shown for key in KEYS), *(name for name, _ in _PANES)])  # cells


class HelpScreen(Dialog[None]):
    """The keys, and a guide to the pictures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "leave", "close"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (56, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    #help-text { height: auto; max-height: 78vh; }
    #help-text { scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%; }
    HelpScreen.-short #help-text { max-height: 70vh; }
    HelpScreen.-high #help-text { max-height: 88vh; }
    #help-keys, #help-panes { height: auto; }
    .help-group {
        height: auto;
        border-top: solid $foreground 20%;
        border-title-color: $primary;
        border-title-style: bold;
        margin: 0 0 1 0;
    }
    .help-group:last-child { margin: 0; }
    HelpScreen.-narrow #help-panes { margin: 1 0 0 0; }
    HelpScreen.-wide {
        #help-text { layout: horizontal; }
        #help-keys { width: 50%; padding: 0 4 0 0; }
        #help-panes { width: 50%; }
    }
    """
    CSS = """
    #help { padding: 1 1 1 2; }
    HelpScreen.-wide #help { max-width: 196; width: 96%; }
    HelpScreen.-high #help { max-height: 96%; }
    """

    def compose(self) -> ComposeResult:
        """Keys, then panes."""
        with Vertical(id="help", classes="dialog") as dialog:
            dialog.border_title = "Keys and panes"
            dialog.border_subtitle = "↑ ↓ scroll · esc close"
            with VerticalScroll(id="help-text"):
                groups = [_group(name, Rows(_rows(keys), names=_NAMES)) for name, keys in GROUPS.items()]
                with Vertical(id="help-keys"):
                    yield from groups[:_ON_THE_LEFT]
                with Vertical(id="help-panes"):
                    yield from groups[_ON_THE_LEFT:]
                    yield _group("How to read the panes", *(Rows([pane], names=_NAMES) for pane in _PANES))

    def action_leave(self) -> None:
        """Back to the panes."""
        self.leave()


def _rows(keys: Sequence[Key]) -> list[tuple[str, str]]:
    return [(key.shown, key.about) for key in keys]


def _group(title: str, *rows: Rows) -> Vertical:
    group = Vertical(*rows, classes="help-group")
    group.border_title = f" {title} "
    return group
