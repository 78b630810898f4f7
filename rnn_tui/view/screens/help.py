"""The help on `?`: all keys and how to read the panes on the first page, then the manual, which can be searched."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.common.glyphs import safe
from rnn_tui.manual import TOPICS
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.key import Key
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.offers import groups_for
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.manual_page import Hits, ManualPage
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.widgets.rows import Rows

__all__ = ["HelpScreen"]

_FIRST = "all keys"  # the page that is no topic of the manual
_PAGES = (_FIRST, *TOPICS)
_PANES = (
    (
        "Network",
        "The same cell with the same weights, drawn once for each time step. Data flows up, time runs to the right.",
    ),
    (
        "Lit step",
        "The step that has just been fed, when ticking by character. A dot is a step that has not been fed yet.",
    ),
    (
        "Slow motion",
        "One tick, phase by phase (n, or s to play them). What is being computed is lit. In the backward pass thick "
        "arrows ◀ carry gradients from the last step to the first, and each box holds ‖∂L/∂h‖. The numbers are "
        "those of this tick.",
    ),
    ("Hidden state", "A row for each unit, a column for each time step. Blue is below 0, orange above, grey is 0."),
    (
        "Loss",
        "The line is the loss of each update, the faint points are single characters. The green line is the floor: "
        "with states as logits the loss cannot fall below it. A linear head has no floor.",
    ),
    ("Prediction", "What the network predicts now, below the target; the likeliest characters of each step as bars."),
    (
        "See inside",
        "i g v w p a u G t open and close a pane: below the network if it shows time steps, else at the right; on a "
        "small screen it fills the screen. Panes follow the time cursor, the layer (↑ ↓) and the row ({ }), and are "
        "computed only while they are open. h explains the one with the focus.",
    ),
    ("Shapes", "Every tensor, and the equations that must hold; at the right from the start if nothing is learnt."),
    ("Time cursor", "One time step is marked in all panes at once. A click sets it."),
    ("Mouse", "Over a cell, the lower border of the pane shows its exact value."),
)
_OWN_PANES = ("Lit step", "Slow motion")  # which a script that is watched, or several processes, do not have
_RANKS = (
    "Ranks",
    "A line for each of the processes that share every batch: how long it computes an update and waits for the others. "
    "! marks one that stands out, ▸ the one whose row is shown (N: the next).",
)
_SCRIPT_PANES = {
    "Loss": "The line is the loss of each update; green are losses that the script computes without gradients.",
    "See inside": "i g v w p a u t open and close a pane: below the network if it shows time steps, else at the right; "
    "on a small screen it fills the screen. Panes follow the time cursor, the layer (↑ ↓) and the row ({ }), and are "
    "computed only while they are open. h explains the one with the focus.",
    "Shapes": "Every tensor, and the equations that must hold.",
}
_ON_THE_LEFT = 4  # groups of keys, if there are two columns
_NAMES = max(len(name) for name in [*(key.shown for key in KEYS), *(name for name, _ in _PANES)])  # cells
_HINT = "← → page · ↑ ↓ scroll · / search · esc close"
_SEARCH_HINT = "↑ ↓ choose · enter open · esc back"


class HelpScreen(Dialog[None]):
    """The keys, a guide to the pictures, and the manual."""

    AUTO_FOCUS = "#help-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "close", tooltip="Leave the search, or close the manual"),
        Binding("question_mark,q,f1", "leave", "close", tooltip="Close the manual"),
        Binding("slash", "search", "search", tooltip="Find a word in all pages"),
        Binding("left", "turn(-1)", "previous page", show=False),
        Binding("right", "turn(1)", "next page", show=False),
        Binding("down", "move(1)", "next hit", show=False),
        Binding("up", "move(-1)", "previous hit", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (56, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    #help-body, #help-both { height: auto; max-height: 78vh; }
    #help-topics {
        width: 17; height: auto; max-height: 78vh; margin: 0 2 0 0; border: none; padding: 0;
        background: $surface; background-tint: transparent; scrollbar-size-vertical: 1;
        & > .option-list--option-highlighted { color: $foreground; background: $primary 30%; }
    }
    #help-text { height: auto; max-height: 78vh; width: 1fr; }
    #help-text { scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%; }
    #help-page { height: 78vh; width: 1fr; display: none; }
    HelpScreen.-short #help-body, HelpScreen.-short #help-both { max-height: 70vh; }
    HelpScreen.-short #help-text, HelpScreen.-short #help-topics { max-height: 70vh; }
    HelpScreen.-short #help-page { height: 70vh; }
    HelpScreen.-high #help-body, HelpScreen.-high #help-both { max-height: 88vh; }
    HelpScreen.-high #help-text, HelpScreen.-high #help-topics { max-height: 88vh; }
    HelpScreen.-high #help-page { height: 88vh; }
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
    #help-search { height: 60vh; display: none; }
    #help-words { margin: 0 0 1 0; background: $panel; }
    #help-none { display: none; color: $foreground 65%; }
    """
    CSS = """
    #help { padding: 1 1 1 2; }
    HelpScreen.-narrow #help { width: 96%; }
    HelpScreen.-wide #help { max-width: 196; width: 96%; }
    HelpScreen.-high #help { max-height: 96%; }
    """

    def __init__(
        self,
        subject: Subject | None = None,
        *,
        ended: bool = False,
        in_field: bool = False,
        has_ranks: bool = False,
        keys: Mapping[str, Sequence[Key]] | None = None,
    ) -> None:
        """Show the keys that apply to a script that is watched, which may have ended, or to rnn-tui's own runs.

        `has_ranks`: several processes share each batch; `keys`: those of another screen, in their groups.
        """
        super().__init__()
        self._page = _FIRST
        self._subject = subject
        self._has_ranks = has_ranks
        found = groups_for(subject, ended=ended, in_field=in_field, has_ranks=has_ranks)
        self._keys: Mapping[str, Sequence[Key]] = found if keys is None else keys

    def compose(self) -> ComposeResult:
        """Lay out the topics, beside them keys and panes or a page of the manual; a search may cover both."""
        with Vertical(id="help", classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = _HINT
            with Container(id="help-body"):  # one child, of which each part is shown in turn
                with Vertical(id="help-search"):
                    yield Input(id="help-words", placeholder="search the manual", compact=True, select_on_focus=False)
                    yield Static("No line has all of these words.", id="help-none", markup=False)
                    yield Hits(id="help-hits")
                with Horizontal(id="help-both"):
                    topics = OptionList(
                        *(Option(each) for each in _PAGES), id="help-topics", compact=True, markup=False
                    )
                    topics.can_focus = False  # the arrow keys are the page's
                    yield topics
                    with VerticalScroll(id="help-text"):
                        groups = [_group(name, Rows(_rows(each), names=_NAMES)) for name, each in self._keys.items()]
                        notes = () if self._subject is None else self._subject.notes
                        if notes:
                            rows = Rows([("Note", safe(note)) for note in notes], names=_NAMES)
                            groups.append(_group("What cannot be seen of this script", rows))
                        with Vertical(id="help-keys"):
                            yield from groups[:_ON_THE_LEFT]
                        with Vertical(id="help-panes"):
                            yield from groups[_ON_THE_LEFT:]
                            yield _group(
                                "How to read the panes", *(Rows([pane], names=_NAMES) for pane in self._panes())
                            )
                    yield ManualPage(id="help-page")

    def _panes(self) -> list[tuple[str, str]]:
        """Return how to read the panes; of a script that is watched, without what it cannot have."""
        if self._has_ranks and self._subject is None:
            return [*(pane for pane in _PANES if pane[0] not in _OWN_PANES), _RANKS]
        if self._subject is None:
            return list(_PANES)
        return [(name, _SCRIPT_PANES.get(name, about)) for name, about in _PANES if name not in _OWN_PANES]

    def on_mount(self) -> None:
        """Mark the first page."""
        self._topics.highlighted = 0

    @property
    def _topics(self) -> OptionList:
        return self.query_one("#help-topics", OptionList)

    @property
    def _is_searching(self) -> bool:
        return bool(self.query_one("#help-search").display)

    async def _show(self, page: str, line: int = 0) -> None:
        """Show that page, scrolled to the block with that line of its source."""
        self._page = page
        self._topics.highlighted = _PAGES.index(page)
        text, manual = self.query_one("#help-text"), self.query_one(ManualPage)
        text.display, manual.display = page == _FIRST, page != _FIRST
        if page == _FIRST:
            text.focus()
        else:
            await manual.show(page, line)
            manual.focus()

    def _search(self, on: bool) -> None:
        """Show the search in place of the pages, or the pages again."""
        self.query_one("#help-search").display = on
        self.query_one("#help-both").display = not on
        self.query_one("#help").border_subtitle = _in_words(self, _SEARCH_HINT if on else _HINT)
        self.tell_keys()
        if on:
            self.query_one(Input).focus()
        else:
            self.query_one("#help-text" if self._page == _FIRST else "#help-page").focus()

    @on(OptionList.OptionSelected, "#help-topics")
    async def _chosen(self, event: OptionList.OptionSelected) -> None:
        await self._show(_PAGES[event.option_index])

    @on(Markdown.LinkClicked)
    async def _followed(self, event: Markdown.LinkClicked) -> None:
        topic = event.href.partition("#")[0].removesuffix(".md")
        if topic in TOPICS:
            await self._show(topic)

    @on(Input.Changed, "#help-words")
    def _typed(self, event: Input.Changed) -> None:
        found = self.query_one(Hits).find(event.value)
        self.query_one("#help-none").display = bool(event.value.strip()) and not found

    @on(Input.Submitted, "#help-words")
    @on(OptionList.OptionSelected, "#help-hits")
    async def _found(self) -> None:
        hit = self.query_one(Hits).chosen
        if hit is not None:
            self._search(False)
            await self._show(hit.topic, hit.line)

    def action_search(self) -> None:
        """Search all pages."""
        self._search(True)

    def action_move(self, by: int) -> None:
        """Choose another hit."""
        if self._is_searching:
            hits = self.query_one(Hits)
            (hits.action_cursor_down if by > 0 else hits.action_cursor_up)()

    async def action_turn(self, by: int) -> None:
        """Turn to another page."""
        if not self._is_searching:
            await self._show(_PAGES[(_PAGES.index(self._page) + by) % len(_PAGES)])

    def action_back(self) -> None:
        """Leave the search, else the help."""
        if self._is_searching:
            self._search(False)
        else:
            self.leave()

    def action_leave(self) -> None:
        """Return to the panes."""
        self.leave()


def _in_words(screen: HelpScreen, hint: str) -> str:
    return spelled(hint) if is_ascii(screen.app) else hint


def _rows(keys: Sequence[Key]) -> list[tuple[str, str]]:
    return [(key.shown, key.about) for key in keys]


def _group(title: str, *rows: Rows) -> Vertical:
    group = Vertical(*rows, classes="help-group")
    group.border_title = f" {title} "
    return group
