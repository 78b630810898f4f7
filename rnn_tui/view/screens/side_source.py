"""An engine whose runs are shown side by side: a single run, or several members of a field on one link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from textual.app import App
from textual.message import Message

from rnn_tui.client.link import EngineError, EngineLink
from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.commands import Play, TakeControls
from rnn_tui.protocol.core import Detach, Greeting, Refused
from rnn_tui.protocol.engine_messages import Frame, Left
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.terminal.frame_loop import FrameLoop

__all__ = ["EngineLeft", "SideSource"]


@dataclass
class EngineLeft(Message):
    """An engine has said goodbye: it goes on without this view, or has been stopped by another."""

    left: Left


class SideSource:
    """Listens to an engine, and asks it for frames of its runs.

    Members of a field have one link together, which takes the controls, so that their pictures come as often as
    those of a run that is alone on the screen.
    """

    def __init__(
        self,
        app: App[int],
        link: EngineLink,
        runs: Sequence[SideRun],
        fps: float,
        *,
        wanted: Callable[[SideRun], tuple[Wanted, CurveWanted | None] | None],
        changed: Callable[[], None],
    ) -> None:
        """Begin without a word. `wanted` says what is shown of a run, None: nothing is; `changed` draws what came."""
        self.runs = list(runs)
        self._app, self._link = app, link
        self._is_left = False
        self._wanted_of, self._changed = wanted, changed
        self.frames = FrameLoop(app, fps, wanted=self._wanted, send=link.send, show_waiting=lambda _: None)

    @property
    def _members(self) -> tuple[int, ...]:
        """The members of a field that are shown; empty: it has a single run."""
        return tuple(run.member for run in self.runs if run.member is not None)

    async def listen(self) -> None:
        """Take in what the engine says, until it ends."""
        try:
            async for message in self._link.messages():
                match message:
                    case Greeting():
                        self._begin()
                    case Refused(problem=problem):
                        self._lose(safe(problem))
                    case Frame():
                        self._take(message)
                    case Left():
                        self._is_left = True
                        self._app.post_message(EngineLeft(message))
        except EngineError as error:
            self._lose(str(error).partition("\n")[0])

    def look_again(self) -> None:
        """Ask at once for what is shown now, another curve with it."""
        self.frames.curve_changed()
        if self.runs[0].frame is not None:
            self.frames.ask_now()

    def toggle_play(self) -> None:
        """Play or pause a field; a single run is only looked at."""
        frame = self.runs[0].frame
        if self._members and frame is not None:
            self._link.send(Play(on=frame.status.state != "playing"))

    @property
    def is_own_field(self) -> bool:
        """Whether its networks were begun for this view, and would end with it."""
        return isinstance(self.runs[0].first, OpenField)

    def detach(self) -> None:
        """Ask the engine to go on without this view."""
        self._link.send(Detach())

    def hang_up(self) -> None:
        """End the engine if it was started for this, else let it go on."""
        if self.runs[0].first is not None and not self._is_left:
            self._link.close()
        else:
            self._link.let_go()

    def _begin(self) -> None:
        first = self.runs[0].first
        if first is not None:
            self._link.send(first)
        elif self._members:
            self._link.send(TakeControls())
        self.frames.ask_now()

    def _lose(self, words: str) -> None:
        for run in self.runs:
            run.lost = words
        self._changed()

    def _take(self, frame: Frame) -> None:
        self.frames.arrived(frame)
        opened = frame.opened
        descriptions = [None] * len(self.runs) if opened is None else [opened, *opened.beside]
        for run, each, its in zip(self.runs, (frame, *frame.beside), descriptions, strict=False):
            run.update(each if its is None else msgspec.structs.replace(each, opened=its))
        self._changed()
        self.frames.ask()

    def _wanted(self) -> tuple[Wanted, CurveWanted | None] | None:
        found = self._wanted_of(self.runs[0])
        if found is None or not self._members:
            return found
        member, *beside = self._members
        return msgspec.structs.replace(found[0], member=member, beside=tuple(beside)), found[1]
