"""What the application says to the terminal beside the screen, and how it lends it, leaves it, and falls over in it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cockpit.incident.text import one_line
from cockpit.tui import lending, signalling
from cockpit.tui.browser import browse
from cockpit.tui.in_turn import InTurn
from cockpit.tui.window import lasting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.driver import Driver

FELL_OVER = (
    "A fault in the cockpit ended it: please report the lines above. Nothing that was done is lost: `cockpit` goes on "
    "from what is on disk, and `cockpit log` shows it."
)
"""What is said after the report of a fault of ours."""


class OnTerminal(InTurn[None]):
    """An application in a terminal that it shares with the person's editor, and leaves as it was."""

    def __init__(self, signals: frozenset[str]) -> None:
        """`signals` are the ways, of `settings.SIGNALS`, in which it may call."""
        super().__init__()
        self._signals = signals
        self._entitled: str | None = None
        self._missed: list[str] | None = None
        """What wasn't signalled while the terminal is lent; None: it is ours."""

    def signal(self, words: Sequence[str]) -> None:
        """One quiet signal, by the ways that the config names, for all that has just turned."""
        if self._missed is not None:
            self._missed += words
            return
        if "notify" in self._signals and (told := signalling.notification(" · ".join(words), os.environ)) is not None:
            self._tell_terminal(told)
        if "bell" in self._signals:
            self._tell_terminal(signalling.BELL)

    def entitle(self, words: str) -> None:
        """Write the terminal's title, if it isn't that already."""
        if words != self._entitled:
            keep = signalling.KEEP_TITLE if self._entitled is None else ""
            self._entitled = words
            self._tell_terminal(keep + signalling.title(words))

    def give_back_title(self) -> None:
        """Write the title that was there before."""
        if self._entitled is not None:
            self._tell_terminal(signalling.GIVE_BACK_TITLE)

    async def lend(self, argv: Sequence[str]) -> int:
        """Give the terminal to a program until it ends, and then tell what has turned meanwhile; its exit code.

        Raises OSError and SuspendNotSupported, as `lending.lend` does.
        """
        self._missed = []
        try:
            return await lending.lend(self, argv)
        finally:
            missed, self._missed = self._missed, None
            if self._entitled is not None:  # the program may have written one of its own
                self._tell_terminal(signalling.title(self._entitled))
            if missed:
                self.signal(missed)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver, which a closed window doesn't stop from ending."""
        return lasting(super().get_driver_class())

    def _tell_terminal(self, sequence: str) -> None:
        # The driver alone writes to the terminal: anything else would break into what it is drawing.
        if self._driver is not None:
            self._driver.write(sequence)

    def _fatal_error(self) -> None:
        """A fault of ours ends the program: say where, without the values that Textual's own report would print.

        The frames of the network libraries hold the headers, and those the tokens.
        """
        from rich.console import Group
        from rich.traceback import Traceback

        report = Traceback(show_locals=False, width=None)
        self.panic(Group(report, FELL_OVER))

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open a web address in the browser. What a service calls an address may be a command to it: then not."""
        if not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
            self.notify(f"Not opened, since it is no web address: {one_line(url, 120)}", timeout=8, markup=False)
            return
        if self.is_web:
            super().open_url(url, new_tab=new_tab)
            return
        browse(url)
