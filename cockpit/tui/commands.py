"""The commands: what a person can tell the cockpit to do.

A command is a class. Its docstring is its tooltip and its row in the help screen, its name in snake case is the id
under which `[keys]` in the config rebinds it and the name of the screen's `action_` that does it. The hint line, the
palette, the help screen and the bindings are all made from these classes, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.binding import BindingType

from cockpit.tui.command import CHANNEL, EVERYWHERE, PAGERDUTY, PROCESS, REPLY, WRITING, Command

if TYPE_CHECKING:
    from cockpit.incident.process import Words


class Do(Command):
    """Do what the selected step asks for: acknowledge, promote, write, reply… On a phase: fold or unfold it."""

    key, title, group, hinted = "enter", "do it", "Step", (PROCESS,)


class Attest(Command):
    """Say that the selected step is done; a note is asked for and may stay empty."""

    key, title, group, hinted = "space", "attest", "Step", (PROCESS,)
    writes = True


class SetAside(Command):
    """Override the selected step, or say that it does not apply or is put off, with the reason."""

    key, title, group, hinted = "x", "set aside", "Step", (PROCESS,)
    writes = True


class Retract(Command):
    """Take back what was attested or set aside on the selected step."""

    key, title, group = "u", "retract", "Step"
    writes = True


class Evidence(Command):
    """Show everything about the selected step, entry or message: what was read, from where, when, and its link."""

    key, title, group, hinted = "e", "evidence", "Step", (PROCESS, PAGERDUTY)


class NextStep(Command):
    """Go to the step that comes next."""

    key, title, group = "full_stop", "next step", "Step"


class Acknowledge(Command):
    """Acknowledge the incident in PagerDuty."""

    key, title, group, kind, hinted = "a", "acknowledge", "Incident", "acknowledge", (PROCESS, PAGERDUTY)


class Promote(Command):
    """Set the incident's priority to {priority}: it is an outage."""

    key, title, group, kind, hinted = "p", "make it {priority}", "Incident", "set_priority", (PROCESS, PAGERDUTY)

    @classmethod
    def data(cls, words: Words) -> Mapping[str, Any]:
        """The process's priority."""
        return {"priority": words.priority}


class Declare(Command):
    """Create the {priority} in PagerDuty: its title, the impacted service, its tickets."""

    key, title, group, kind = "d", "declare", "Incident", "declare"


class OpenChannel(Command):
    """Create the incident's Slack channel, or adopt the one that is there."""

    title, group, kind = "open the channel", "Incident", "open_channel"


class Resolve(Command):
    """Resolve the incident in PagerDuty; asks first."""

    key, title, group, kind, hinted = "R", "resolve", "Incident", "resolve_incident", (PAGERDUTY,)


class Reopen(Command):
    """Reopen the incident in PagerDuty, and its resolved tickets: it is not over after all. Asks first."""

    key, title, group, kind = "b", "reopen", "Incident", "reopen_incident"


class IncidentNote(Command):
    """Write a note on the PagerDuty incident."""

    key, title, group, kind, hinted = "N", "PagerDuty note", "Incident", "incident_note", (PAGERDUTY,)


class Note(Command):
    """Write in the incident's channel. Before there is a channel the note waits for it."""

    key, title, group, kind, hinted = "n", "note", "Channel", "note", EVERYWHERE


class Lift(Command):
    """Re-post the replies of a thread top-level, one by one, with author and time, so that the report has them."""

    key, title, group, kind, hinted = "t", "lift thread", "Channel", "lift", (CHANNEL,)


class LiftAll(Command):
    """Lift every reply in any thread that isn't top-level yet, oldest first."""

    key, title, group, kind = "T", "lift all threads", "Channel", "lift"


class HandOver(Command):
    """Hand the incident to the next responder, and the tickets to the next liaison; shows the brief first."""

    key, title, group, kind = "H", "hand over", "People", "handoff"


class Brief(Command):
    """Read the brief: as it was handed over, and as of now."""

    key, title, group = "B", "brief", "People"


class PullIn(Command):
    """Search a colleague by name; ask them to respond, invite them into the channel, or give them a role."""

    key, title, group = "I", "pull in people", "People"
    writes = True


class AssignTicket(Command):
    """Say who answers the ticket in the reply pane; asks first."""

    title, group = "who answers this ticket", "People"
    writes = True


class Snooze(Command):
    """Keep a clock quiet for a while, with a reason that everyone can read."""

    key, title, group = "z", "snooze a clock", "Incident"
    writes = True


class Report(Command):
    """Write the incident's report to a file and open it in $VISUAL or $EDITOR; one that is there keeps your words."""

    key, title, group = "D", "draft the report", "Report"


class Impact(Command):
    """Say when users were first and last hit, where the alert came late or the resolution came later."""

    key, title, group, kind = "m", "mark the impact", "Report", "impact"


class Compose(Command):
    """Write to the community; the text to begin with is chosen by where the incident stands."""

    key, title, group, hinted = "c", "reply", "Reply", (*EVERYWHERE,)
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


COMMANDS: tuple[type[Command], ...] = (
    Do, Attest, SetAside, Retract, NextStep, Evidence,
    Acknowledge, Promote, Declare, OpenChannel, Resolve, Reopen, IncidentNote,
    Snooze,
    HandOver, Brief, PullIn, AssignTicket,
    Note, Lift, LiftAll,
    Compose, Review, Template, EditElsewhere, PrivateNote, NextTicket, PreviousTicket, WriteFirst, LinkTicket,
    UnlinkTicket, ResolveTicket,
    Report, Impact,
    FocusProcess, FocusPagerduty, FocusChannel, FocusReply, NextPane, PreviousPane, Zoom, Filter, OpenInBrowser, Copy,
    Refresh,
    ShowOutbox, PickIncident, Help, Back, Quit,
)  # fmt: skip
"""Every command, in the order of the help screen."""


def bindings() -> list[BindingType]:
    """The bindings of every command that has a key."""
    return [command.binding() for command in COMMANDS if command.key]
