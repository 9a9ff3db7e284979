"""The commands on what is written to the communities, and on their tickets."""

from __future__ import annotations

from cockpit.tui.command import EVERYWHERE, REPLY, WRITING, Command


class Compose(Command):
    """Write to the community; the text to begin with is chosen by where the incident stands."""

    key, title, group, hinted = "c", "reply", "Reply", EVERYWHERE
    writes = True


class Template(Command):
    """Begin the reply from another text: first response, update, resolution, more information, report link."""

    key, title, group, hinted, priority = "ctrl+t", "template", "Reply", (REPLY, WRITING), True
    writes = True


class Review(Command):
    """See what goes to whom, exactly as they will read it, and send it from there."""

    key, title, group, hinted, priority = "ctrl+s,f9", "review & send", "Reply", (REPLY, WRITING), True
    writes = True


class PrivateNote(Command):
    """Write a private note on the ticket in the reply pane: colleagues read it, the community doesn't."""

    key, title, group, kind = "P", "private note", "Reply", "ticket_note"


class EditElsewhere(Command):
    """Edit the reply in $VISUAL or $EDITOR."""

    key, title, group, hinted, priority = "ctrl+e,f4", "editor", "Reply", (WRITING,), True
    writes = True


class NextTicket(Command):
    """The next linked ticket."""

    key, title, group = "right_square_bracket", "next ticket", "Reply"


class PreviousTicket(Command):
    """The previous linked ticket."""

    key, title, group = "left_square_bracket", "previous ticket", "Reply"


class WriteFirst(Command):
    """Write to a community that hasn't written: the letter opens a ticket, which is then linked."""

    key, title, group, kind = "w", "write first", "Reply", "open_ticket"


class LinkTicket(Command):
    """Link a Freshdesk ticket to the incident."""

    key, title, group, hinted = "l", "link ticket", "Reply", (REPLY,)
    writes = True


class UnlinkTicket(Command):
    """Take the ticket in the reply pane off the incident; asks first."""

    title, group = "unlink ticket", "Reply"
    writes = True


class ResolveTicket(Command):
    """Set the ticket in the reply pane to Resolved, which sends its satisfaction survey; asks first."""

    title, group = "resolve ticket", "Reply"
    writes = True
