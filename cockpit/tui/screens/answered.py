"""What every screen that asks something has in common: it is answered once."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType

if TYPE_CHECKING:
    from textual.message import Message

GONE = 1.0
"""Seconds after which Textual itself has let go of a screen that was taken down."""


class AnsweredOnce(Screen[ScreenResultType]):
    """A screen that is there until it is dismissed.

    On a slow machine keys are typed ahead of what they bring about. The one that answers is the last that counts: a
    second `s` doesn't send twice, and nothing falls through to the screen below. Beside `ModalScreen` it stands second:
    Textual takes the style from the first.
    """

    _answered = False

    @property
    def gone(self) -> bool:
        """Whether it is answered or taken down: what a worker brings now has no place any more."""
        return self._answered or self not in self.app.screen_stack

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Give the answer; a second one is no answer."""
        if self._answered:
            nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
            return nothing
        self._answered = True
        return super().dismiss(result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is done before everything is there, nor after it is answered."""
        return self.is_mounted and not self.gone and super().check_action(action, parameters)

    def on_unmount(self) -> None:
        """Let go of what was drawn: Textual remembers the pictures of a thousand widgets that are gone.

        They hold each other, and would lie in the way of what is kept until Python looks for such, minutes later.
        """
        StylesCache.get_inner_outer.cache_clear()
        self.app.set_timer(GONE, gc.collect)

    async def _on_message(self, message: Message) -> None:
        # What bubbles up here is what a person did: keys, buttons, choices. The rest takes the screen down.
        if not (self._answered and message.bubble):
            await super()._on_message(message)
