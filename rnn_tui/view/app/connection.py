"""The view's connection to its engine: messages are posted to the app, and commands wait until there is an engine."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.app import App
from textual.message import Message
from textual.worker import Worker

from rnn_tui.client.link import EngineError, EngineLink
from rnn_tui.protocol.commands import Command, Open
from rnn_tui.protocol.core import Detach, Stop
from rnn_tui.protocol.engine_messages import EngineMessage as EngineMessage
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.script_log import ReadLog

__all__ = ["EngineConnection"]


class EngineConnection:
    """One engine at a time. Until it has greeted, commands are kept for it."""

    @dataclass
    class Heard(Message):
        """The engine has said something."""

        message: EngineMessage
        source: "EngineConnection"

    @dataclass
    class Lost(Message):
        """The engine has gone, or speaks nonsense; `words` is what can be told about it."""

        words: str
        source: "EngineConnection"

    def __init__(self, app: App[int], engine: EngineLink) -> None:
        self._app = app
        self._engine = engine
        self._listener: Worker[None] | None = None
        self._kept: list[Command] = []
        self.is_greeted = False

    @property
    def is_joined(self) -> bool:
        """Whether the engine was there before this view, with its run."""
        return self._engine.joined

    @property
    def has_process(self) -> bool:
        """Whether this view has started the process of the engine, or the script that is watched."""
        return bool(self._engine.pid)

    def listen(self) -> None:
        """Listen to the engine: every message is posted as `Heard`, its end as `Lost`."""
        self._listener = self._app.run_worker(self._listen(self._engine), exit_on_error=False)

    async def _listen(self, engine: EngineLink) -> None:
        try:
            async for message in engine.messages():
                self._app.post_message(self.Heard(message, self))
        except EngineError as error:
            self._app.post_message(self.Lost(str(error), self))

    def send(self, command: Command) -> None:
        """Send a command, or keep it until the engine has greeted.

        `Stop` cannot wait, since the view goes; what a script has printed can be read without the engine.
        """
        if self.is_greeted or isinstance(command, Stop):
            self._engine.send(command)
            return
        printed = self._engine.read_log(command) if isinstance(command, ReadLog) else None
        if printed is None:
            self._kept.append(command)
        else:
            self._app.post_message(self.Heard(printed, self))

    def greeted(self, first: Open | OpenField) -> bool:
        """Open the run, unless the engine has one already, then send what was kept.

        Returns whether the view goes on looking at it: not if the user has left it meanwhile.
        """
        kept, self._kept = self._kept, []
        self.is_greeted = True
        if not self.is_joined:
            self.send(first)
            kept = [each for each in kept if not isinstance(each, Open | OpenField)]  # `first` opens the last of those
        for command in kept:
            self.send(command)
        return Detach() not in kept

    def restart(self, start: Callable[[], EngineLink]) -> None:
        """Replace an engine that has gone by another one, and listen to it."""
        self._engine.close()
        self._engine = start()
        self.is_greeted = False
        self.listen()

    def another(self) -> EngineLink:
        """Return another link to the same engine. Raises OSError if it has ended."""
        return self._engine.another()

    def stop(self) -> None:
        """End the engine without waiting for it, and listen to it no more."""
        self.send(Stop())
        if self._listener is not None:
            self._listener.cancel()
        self._engine.let_go()
        self._app.run_worker(self._engine.close, thread=True, exit_on_error=False)

    def note_end(self) -> None:
        """Note that the script has ended, which another link has told."""
        self._engine.has_ended = True

    def close(self, *, ends_run: bool) -> None:
        """Hang up. `ends_run`: end the engine too, if this view has started it."""
        if ends_run:
            self._engine.close()
        else:
            self._engine.let_go()
