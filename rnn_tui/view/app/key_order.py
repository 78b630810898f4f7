"""Keys one after the other: each is handed on when the one before has done all that it does.

A key may open a dialog, which is not there at once, or move the focus. What is typed meanwhile is for what comes, not
for what was there.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

__all__ = ["KeyOrder"]

_PATIENCE = (
    0.5  # seconds between two looks whether what has the key is still there: a widget takes its messages with it
)


class KeyOrder:
    """Holds keys back until the one before has gone all its way: up from the widget with the focus, and to the app."""

    def __init__(self, app: App[int], hand_on: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app, self._hand_on = app, hand_on
        self._waiting: deque[events.Key] = deque()
        self._number = 0  # of the key that is under way; it is done once another number stands here
        self._is_busy = False
        self._awaited: MessagePump = app  # what is to read its messages next

    def holds(self, event: events.Key) -> bool:
        """Return whether this key has to wait; it is handed on later."""
        if self._is_busy:
            self._waiting.append(event)
        return self._is_busy

    async def follow(self, event: events.Key) -> None:
        """Pass a key on, and the next one after all that it brings about."""
        app = self._app
        self._is_busy = True
        self._number += 1
        way: list[MessagePump] = [*(app.focused or app.screen).ancestors_with_self] if app.screen_stack else []
        await self._hand_on(event)
        self._look_again(self._number)
        self._go(way, self._number)

    def _go(self, way: Sequence[MessagePump], number: int) -> None:
        """Let messages of all these be read, one after the other, as the key is; then those of what has come."""
        app = self._app
        for at, each in enumerate(way):
            self._awaited = each
            if each.call_later(self._go, way[at + 1 :], number):
                return
        self._awaited = app.screen if app.screen_stack else app
        if self._awaited is app or not self._awaited.call_later(app.call_later, self._done, number):
            app.call_later(self._done, number)

    def _look_again(self, number: int) -> None:
        """Look, in a while, whether what is to read its messages next is still there; without it the key is done."""
        self._app.set_timer(_PATIENCE, partial(self._look, number))

    async def _look(self, number: int) -> None:
        if number == self._number and self._is_busy and self._awaited.is_running:
            self._look_again(number)
        else:
            await self._done(number)

    async def _done(self, number: int) -> None:
        """Go on with the next key, if this one is the last that was passed on."""
        if number != self._number or not self._is_busy:
            return
        self._is_busy = False
        if self._waiting:
            await self.follow(self._waiting.popleft())
