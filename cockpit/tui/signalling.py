"""What is said to the terminal itself, beside the screen: the bell, its title, a desktop notification of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.incident.deadlines import Due
from cockpit.incident.text import one_line
from cockpit.tui import signs

if TYPE_CHECKING:
    from cockpit.engine.view import View

BELL = "\a"
KEEP_TITLE, GIVE_BACK_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""xterm's window operations: put the title on its stack, take it back from there. Others don't heed them."""

_END = "\x1b\\"
LONGEST = 200
"""Characters of a title or notification: what is more, no desktop shows."""

OSC_9 = frozenset({"iTerm.app", "WezTerm", "ghostty"})
"""Terminals, as $TERM_PROGRAM names them, that notify at OSC 9. Elsewhere that sequence may be a progress bar's."""
OSC_777 = ("foot", "rxvt-unicode")
"""How $TERM begins in terminals that notify at OSC 777."""


def title(words: str) -> str:
    """OSC 2: the window's title."""
    return f"\x1b]2;{_plain(words)}{_END}"


def notification(words: str, environment: Mapping[str, str]) -> str | None:
    """A desktop notification by the terminal that the environment tells of; None: it is not known to have any.

    Inside tmux and screen the terminal isn't reached, and the sequence would be theirs to misread.
    """
    if environment.get("TMUX") or environment.get("STY"):
        return None
    term = environment.get("TERM", "")
    if environment.get("TERM_PROGRAM") in OSC_9 or term.startswith("xterm-kitty"):
        return f"\x1b]9;{_plain(words)}{_END}"
    if term.startswith(OSC_777):
        return f"\x1b]777;notify;cockpit;{_plain(words).replace(';', ',')}{_END}"
    return None


def title_of(view: View) -> str:
    """The title for a view: what is late or due soon, and the incident. It changes only when one of these does."""
    case = view.case
    name = f"#{case.number} {case.title}" if case.number else case.title
    urgent = [one for one in view.assessment.deadlines if one.state in (Due.SOON, Due.OVERDUE)]
    if not urgent:
        return f"{name} · cockpit"
    sign = signs.DUE[urgent[0].state]
    more = f" (and {len(urgent) - 1} more)" if len(urgent) > 1 else ""
    return f"{sign.sign} {urgent[0].title} {sign.word}{more} · {name}"


def _plain(words: str) -> str:
    """Without anything that could end the sequence, or begin another one."""
    return one_line(words, LONGEST)
