"""Keys in turn: what one does is done before the next one is looked at.

Textual hands a key to the widget that has the focus and takes the next one at once. On a machine that has stalled, or
over a connection that brings a second's typing in one piece, the letters of a note would go to the pane in which `n`
was pressed, and there letters are commands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from textual import events
from textual.app import App, ReturnType
from textual.widgets import Input, TextArea

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from textual.message import Message
    from textual.message_pump import MessagePump
    from textual.screen import Screen

Typed = events.Key | events.Paste
T = TypeVar("T")

MOST_ROUNDS = 8
"""How often the way of a key is gone again for what its handlers have posted: a clock that ticks posts for ever."""

PIECE, PIECES = 0.1, 100
"""Seconds at a time, and how often, that a key is waited for. It is for a fault of ours: no key deadens the others."""


async def passed(pump: MessagePump) -> None:
    """Wait until a message pump has dealt with what lies in its queue now; one that is closing takes no more."""
    here = asyncio.Event()
    if pump.call_later(here.set):
        await here.wait()


class InTurn(App[ReturnType]):
    """An application that takes keys and pastes one after the other. The key that leaves it is never held."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead: deque[Typed] = deque()
        """What was typed while an earlier key was having its effect."""
        self._next: Typed | None = None
        """What was held and has its turn now."""
        self._way: Sequence[MessagePump] = ()
        """Whom the last key has met, or could have: from the widget that had the focus up to the application."""
        self._known: Screen[object] | None = None
        """The screen that was on top when the last key had had its effect."""
        self._turns: asyncio.Task[None] | None = None

    @property
    def typed_out(self) -> bool:
        """Whether everything that was typed has had its effect."""
        return self._turns is None

    async def on_event(self, event: events.Event) -> None:
        """Hold what is typed while an earlier key has its effect or the screen on top is still being made."""
        if not self._holdable(event):
            await super().on_event(event)
        elif event is self._next or (self._turns is None and self._known is self.screen):
            into = self.focused or self.screen
            # A letter in a text moves neither the focus nor a screen: a line that comes in one piece is taken as fast.
            writes = isinstance(event, events.Key) and event.is_printable and isinstance(into, Input | TextArea)
            self._way = () if writes else into.ancestors_with_self
            await super().on_event(event)
            if self._way:
                self._follow(event)
        else:
            self._ahead.append(event)
            if self._turns is None:
                self._way = (self,)
                self._follow(None)

    def _holdable(self, event: Message) -> TypeGuard[Typed]:
        if isinstance(event, events.Key):
            bound = self._bindings.key_to_bindings.get(event.key, ())
            leaving = any(binding.priority and binding.action == "quit" for binding in bound)
            return not leaving and not event.is_forwarded
        return isinstance(event, events.Paste) and not event.is_forwarded

    def _follow(self, event: Typed | None) -> None:
        if self._turns is None:
            self._turns = asyncio.create_task(self._take_turns(event), name="keys in turn")

    async def _take_turns(self, event: Typed | None) -> None:
        """Wait for what a key does; then it is the next one's turn, until there is none."""
        try:
            while True:
                elsewhere = bool(self._way) and await self._patiently(self._has_effect())
                if elsewhere and isinstance(event, events.Key):
                    self._let_go(event.key)
                if not self._ahead:
                    return
                event = self._next = self._ahead.popleft()
                self.post_message(event)
                await self._patiently(passed(self))
        finally:
            self._turns = self._next = None
            self._way = ()

    async def _patiently(self, waiting: Coroutine[None, None, T]) -> T | None:
        """Wait, but not for ever: then what was typed meanwhile is let go, and it is said. None: in vain."""
        task = asyncio.create_task(waiting)
        try:
            for _ in range(PIECES):
                # Piece by piece: a process that was stopped, or had no turn, has not waited.
                await asyncio.wait((task,), timeout=PIECE)
                if task.done():
                    return task.result()
            if lost := len(self._ahead):
                words = f"The screen didn't follow the keys: the last {lost} were let go. Type them again."
                self.notify(words, severity="warning", timeout=10, markup=False)
            self._ahead.clear()
            return None
        finally:
            task.cancel()

    async def _has_effect(self) -> bool:
        """Wait for it. Returns whether another screen is on top now."""
        for _ in range(MOST_ROUNDS):
            for pump in self._way:
                await passed(pump)
            if not any(pump.message_queue_size for pump in self._way):
                break
        before = self._known
        while self._known is not self.screen:
            # Once more for a screen that came on top meanwhile. What moves the focus is done by the application.
            self._known = self.screen
            for pump in (self, self._known, self):
                await passed(pump)
        return before is not None and self._known is not before

    def _let_go(self, key: str) -> None:
        """Let go of a key that was only pressed again because nothing was to be seen yet: it answers nothing else."""
        while self._ahead and isinstance(again := self._ahead[0], events.Key) and again.key == key:
            self._ahead.popleft()

    async def on_unmount(self) -> None:
        """Nothing is followed any more."""
        if self._turns is not None:
            self._turns.cancel()
