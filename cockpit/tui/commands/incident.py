"""The commands on the incident: its steps, its standing, its channel, its people, its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cockpit.tui.command import CHANNEL, EVERYWHERE, PAGERDUTY, PROCESS, Command

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
