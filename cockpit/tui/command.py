"""What a command is: something that a person can tell the cockpit to do, from which keys, hints and help are made."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.keys import format_key

if TYPE_CHECKING:
    from cockpit.incident.process import Words

PROCESS, PAGERDUTY, CHANNEL, REPLY, WRITING = "process", "pagerduty", "channel", "reply", "writing"
"""Where the person is: one of the four panes, or writing in the channel's or the reply's text."""

WRITTEN = {"enter": "enter", "escape": "esc", "space": "space"}
"""Keys whose printed name is a word rather than a sign."""

EVERYWHERE = (PROCESS, PAGERDUTY, CHANNEL, REPLY)


def worded(text: str, words: Words) -> str:
    """`text` with the process's own word where it has `{priority}`."""
    return text.replace("{priority}", words.priority)


class Command:
    """Something that a person can do from the cockpit. Its title and its docstring may hold what `worded` fills in."""

    key: ClassVar[str] = ""
    """The default key or, comma-separated, keys; empty: only in the palette."""
    title: ClassVar[str] = ""
    """Two or three words, for the hint line and the palette."""
    group: ClassVar[str] = "Cockpit"
    """The heading under which the help screen lists it."""
    kind: ClassVar[str | None] = None
    """The kind of action behind it, which the session can say is possible now or why not."""
    writes: ClassVar[bool] = False
    """Whether it writes without one certain kind of action behind it: then a read-only cockpit hasn't got it."""
    hinted: ClassVar[tuple[str, ...]] = ()
    """Where the hint line offers it."""
    priority: ClassVar[bool] = False
    """Whether its key works even while text is being written."""

    @classmethod
    def id(cls) -> str:
        """Its name in the config's `[keys]` and of the screen's action."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def data(cls, words: Words) -> Mapping[str, Any]:
        """The data of that kind that the question needs."""
        return {}

    @classmethod
    def named(cls, words: Words) -> str:
        """Its title, in the process's words."""
        return worded(cls.title, words)

    @classmethod
    def help(cls, words: Words) -> str:
        """What it does, in a sentence or two, in the process's words."""
        return worded(inspect.cleandoc(cls.__doc__ or "").replace("\n", " "), words)

    @classmethod
    def binding(cls) -> Binding:
        """The key binding; the config can replace its key."""
        return Binding(cls.key, cls.id(), cls.title, show=False, id=cls.id(), priority=cls.priority)

    @classmethod
    def keys(cls, keymap: Mapping[str, str]) -> tuple[str, ...]:
        """The keys that work, as printed on them, first the one to show."""
        names = (name.strip() for name in keymap.get(cls.id(), cls.key).split(","))
        return tuple(WRITTEN.get(name) or format_key(name) for name in names if name)
