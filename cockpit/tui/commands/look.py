"""The commands that change nothing in the world: going about, and in and out of the cockpit."""

from __future__ import annotations

from cockpit.tui.command import CHANNEL, EVERYWHERE, PAGERDUTY, REPLY, WRITING, Command


class FocusProcess(Command):
    """Go to the checklist."""

    key, title, group = "1", "process", "Look"


class FocusPagerduty(Command):
    """Go to the PagerDuty incident."""

    key, title, group = "2", "PagerDuty", "Look"


class FocusChannel(Command):
    """Go to the channel."""

    key, title, group = "3", "channel", "Look"


class FocusReply(Command):
    """Go to the tickets and the reply."""

    key, title, group = "4", "reply pane", "Look"


class NextPane(Command):
    """The next pane."""

    key, title, group = "tab", "next pane", "Look"


class PreviousPane(Command):
    """The previous pane."""

    key, title, group = "shift+tab", "previous pane", "Look"


class Zoom(Command):
    """Give the whole screen to this pane, or take it back."""

    key, title, group = "plus,equals_sign", "zoom", "Look"


class Filter(Command):
    """Show only what holds some words: steps, entries or messages, by the pane."""

    key, title, group, hinted = "slash", "filter", "Look", (CHANNEL,)


class OpenInBrowser(Command):
    """Open what is selected in the browser: the evidence, the incident, the channel or the ticket."""

    key, title, group, hinted = "o", "open", "Look", (REPLY, PAGERDUTY)


class Copy(Command):
    """Copy what is selected to the clipboard, through the terminal."""

    key, title, group = "y", "copy", "Look"


class Refresh(Command):
    """Ask all three services now."""

    key, title, group = "r", "refresh", "Look"


class ShowOutbox(Command):
    """Show what hasn't been delivered, or may not have been, and decide on it."""

    key, title = "O", "outbox"


class PickIncident(Command):
    """Go to another incident, or begin one."""

    key, title = "i", "incidents"


class Help(Command):
    """The keys, and what each does."""

    key, title, hinted = "question_mark,f1", "help", (*EVERYWHERE, WRITING)


class Back(Command):
    """One level out: out of the text, the filter, the zoom, the screen."""

    key, title, hinted = "escape", "out", (WRITING,)


class Quit(Command):
    """Leave. Nothing is lost: drafts are saved as they are typed and the outbox is on disk."""

    key, title = "q", "quit"
