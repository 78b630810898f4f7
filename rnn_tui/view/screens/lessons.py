"""The lessons on `l`: a list, and a description of the highlighted one."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.draw.status import describe_network
from rnn_tui.experiment.course import COURSE
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.widgets.rows import Rows

__all__ = ["LessonsScreen"]

_NAMES = max(map(len, LESSONS)) + 2  # cells of the column of names


class LessonsScreen(Dialog[Experiment | None]):
    """Choose a lesson, and return its experiment, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "close", tooltip="Leave the filter, or close the list"),
        Binding("slash", "filter", "filter", tooltip="Show only the lessons with a word"),
        Binding("down", "move(1)", "next", show=False),
        Binding("up", "move(-1)", "previous", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    #lessons-filter { margin: 0 0 1 0; background: $panel; }
    #lessons-list {
        height: auto; border: none; padding: 0; background: $surface; background-tint: transparent;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 30%;
        text-wrap: nowrap; text-overflow: ellipsis;
        & > .option-list--option { padding: 0 1; }
        & > .option-list--option-highlighted { color: $foreground; background: $primary 15%; }
        &:focus > .option-list--option-highlighted {
            color: $foreground; background: $primary 30%; text-style: bold;
        }
    }
    #lessons-none { display: none; color: $foreground 65%; padding: 0 1; }
    #lesson { height: auto; overflow-y: auto; scrollbar-size-vertical: 1; }
    #lesson-name { text-style: bold; color: $accent; }
    #lesson-about { margin: 0 0 1 0; }
    LessonsScreen.-wide {
        #lessons-both { layout: horizontal; height: auto; }
        #lessons-left { width: 61; height: 18; }
        #lesson { width: 1fr; height: 18; padding: 0 0 0 2; margin: 0 0 0 1; }
        #lesson { border-left: solid $foreground 20%; }
    }
    LessonsScreen.-narrow {
        #lessons-both { height: auto; }
        #lessons-left { height: 18; }
        #lesson { height: 11; border-top: solid $foreground 20%; }
    }
    LessonsScreen.-narrow.-short #lessons-both, LessonsScreen.-narrow.-short #lessons-left { height: 1fr; }
    LessonsScreen.-narrow.-short #lesson { height: 12; }
    LessonsScreen.-narrow.-short #lesson-name { display: none; }
    """
    CSS = """
    LessonsScreen.-wide #lessons { width: 96%; max-width: 124; }
    LessonsScreen.-short #lessons { padding: 0 2; max-height: 100%; }
    LessonsScreen.-narrow #lessons { max-height: 100%; }
    LessonsScreen.-narrow.-short #lessons { height: 100%; }
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        """Lay out filter, list and description."""
        with Vertical(id="lessons", classes="dialog") as dialog:
            dialog.border_title = "Lessons"
            dialog.border_subtitle = "↑ ↓ choose · enter open · type to filter · esc close"
            yield Input(id="lessons-filter", placeholder="type to filter", compact=True, select_on_focus=False)
            with Container(id="lessons-both"):
                with Container(id="lessons-left"):
                    yield OptionList(id="lessons-list", compact=True, markup=False)
                    yield Static("No lesson has all of these words.", id="lessons-none", markup=False)
                with Container(id="lesson"):
                    yield Static(id="lesson-name", markup=False)
                    yield Static(id="lesson-about", markup=False)
                    yield Rows(names=9, classes="calm")

    def on_mount(self) -> None:
        """List all lessons, with the current one highlighted."""
        self._fill("")
        self._list.focus()

    def on_resize(self) -> None:
        """Keep the highlighted lesson in sight; the list has its new height only after a refresh."""
        self.call_after_refresh(self.call_after_refresh, self._list.scroll_to_highlight)

    @property
    def _list(self) -> OptionList:
        return self.query_one("#lessons-list", OptionList)

    def _fill(self, words: str) -> None:
        """List the lessons with all these words; highlight the name that is typed, or the same one as before."""
        highlighted = self._list.highlighted_option
        wanted = self._current if highlighted is None else highlighted.id
        found = [lesson for lesson in LESSONS.values() if _holds(lesson, words.casefold().split())]
        self._list.clear_options()
        for heading, purposes in _parts([lesson.name for lesson in found]):
            self._list.add_option(Option(Content.styled(heading, "bold $primary"), disabled=True))
            for name, purpose in purposes.items():
                self._list.add_option(Option(_line(name, purpose, current=name == self._current), id=name))
        self._list.display = bool(found)
        self.query_one("#lessons-none").display = not found
        self.query_one("#lesson").visible = bool(found)
        if found:
            names = [lesson.name for lesson in found]
            typed = words.strip().casefold()
            begin = [name for name in names if name.startswith(typed)]
            best = (typed, wanted if wanted in begin or not begin else begin[0], names[0])
            self._list.highlighted = self._list.get_option_index(next(name for name in best if name in names))

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(OptionList.OptionHighlighted)
    def _tell(self, event: OptionList.OptionHighlighted) -> None:
        lesson = LESSONS.get(event.option_id or "")
        if lesson is not None:
            self.query_one("#lesson-name", Static).update(lesson.name)
            self.query_one("#lesson-about", Static).update(lesson.about)
            self.query_one(Rows).tell(_facts(lesson))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.leave(LESSONS[event.option_id or ""])

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._list.action_select()

    def on_key(self, event: events.Key) -> None:
        """Type letters into the filter, wherever the focus is."""
        is_letter = event.is_printable and "+" not in event.key and event.character not in (None, " ", "/")
        if is_letter and self.focused is self._list:
            event.stop()
            event.prevent_default()
            filter_ = self.query_one(Input)
            filter_.focus()
            filter_.insert_text_at_cursor(event.character or "")

    def action_filter(self) -> None:
        """Move the focus to the filter."""
        self.query_one(Input).focus()

    def action_move(self, by: int) -> None:
        """Highlight another lesson, while the filter has the focus."""
        if by > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_back(self) -> None:
        """Leave the filter, or close."""
        if self.focused is self.query_one(Input):
            self.query_one(Input).clear()
            self._list.focus()
        else:
            self.leave()


def _holds(lesson: Experiment, words: list[str]) -> bool:
    text = " ".join((lesson.name, lesson.about, describe_network(lesson), _facts(lesson)[0][1])).casefold()
    return all(word in text for word in words)


def _parts(names: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Return the lessons with their purposes, under their headings; those of no course under one of their own."""
    parts = [(heading, {name: of[name] for name in of if name in names}) for heading, of in COURSE.items()]
    known = {name for _, purposes in parts for name in purposes}
    others = {name: describe_network(LESSONS[name]) for name in names if name not in known}
    return [(heading, purposes) for heading, purposes in [*parts, ("More", others)] if purposes]


def _line(name: str, purpose: str, *, current: bool) -> Content:
    mark = "▸ " if current else "  "
    return Content.assemble((mark, "$accent"), name.ljust(_NAMES), (purpose, "dim"))


def _facts(lesson: Experiment) -> list[tuple[str, str]]:
    data, training = lesson.data, lesson.training
    rows = [safe(row) for row in data.inputs or (data.file,)]
    text = f"{rows[0]} → {safe(data.targets[0])}" if data.targets else " · ".join(rows)
    if not training.learn:
        how = f"forward only, by {training.tick}"
        floor = "no loss, no update"
    else:
        epochs = f"{count(training.epochs)} epochs" if training.epochs else "no end"
        loss = {"sum": "loss summed", "mean": "loss averaged"}[training.reduction]
        how = f"{training.optimizer} lr {training.lr:g}, by {training.tick}, {loss}, {epochs}, seed {training.seed}"
        floor = (
            "none: the loss can fall towards 0"
            if lesson.floor is None
            else (f"{compact(lesson.floor)}, since the state is the logits")
        )
    return [
        ("data", text),
        ("network", f"{describe_network(lesson)}, {count(lesson.weights)} weights"),
        ("training", how),
        ("floor", floor),
    ]
