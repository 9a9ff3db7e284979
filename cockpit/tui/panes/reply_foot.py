"""The lines under a reply's text: what it is for, whether it is saved, why it can't be sent yet."""

from __future__ import annotations

from cockpit.incident.replies import Purpose
from cockpit.tui.ink import Line, Lines, paragraph

PURPOSES = {
    Purpose.FIRST_RESPONSE: "first response",
    Purpose.UPDATE: "update",
    Purpose.RESOLUTION: "resolution",
    Purpose.NEED_MORE: "asking for more",
    Purpose.REPORT_LINK: "report link",
    Purpose.PLAIN: "plain reply",
}
"""What a reply is for, in words."""


class ReplyFoot(Lines):
    """How the text stands."""

    def __init__(self) -> None:
        super().__init__(id="reply-foot")
        self._lines: tuple[tuple[str, str], ...] = ()

    def show(self, *lines: tuple[str, str]) -> None:
        """Show these lines, each a text and its ink."""
        self._lines = lines
        self.repaint()

    def draw(self, width: int) -> list[Line]:
        """Each from a line of its own on."""
        return [line for text, ink in self._lines for line in paragraph(text, ink, width)]


def first_of(found: tuple[str, ...]) -> str:
    """The first of what was found, and how many more there are."""
    return found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
