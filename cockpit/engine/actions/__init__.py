"""The catalogue of actions: everything that a person can do, by name. To add one, write its class and list it."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.engine.actions.assign import Assign, AssignTicket
from cockpit.engine.actions.clocks import Snooze
from cockpit.engine.actions.declare import Declare
from cockpit.engine.actions.freshdesk import ReopenTicket, Reply, ResolveTicket
from cockpit.engine.actions.handoff import Handoff
from cockpit.engine.actions.incident_note import AddIncidentNote
from cockpit.engine.actions.kind import ActionKind, Impossible
from cockpit.engine.actions.log import (
    Attest,
    Defer,
    Lift,
    LinkTicket,
    NotApplicable,
    Note,
    Override,
    Retract,
    UnlinkTicket,
)
from cockpit.engine.actions.outbound import OpenTicket
from cockpit.engine.actions.pagerduty import Acknowledge, ReopenIncident, ResolveIncident, SetPriority
from cockpit.engine.actions.people import Invite, RequestResponders
from cockpit.engine.actions.report import Impact, WriteReport
from cockpit.engine.actions.run import RunCommand
from cockpit.engine.actions.slack import OpenChannel
from cockpit.engine.actions.ticket_note import TicketNote

KINDS: Mapping[str, ActionKind] = {
    kind.name: kind
    for kind in (
        Acknowledge(),
        SetPriority(),
        Declare(),
        OpenChannel(),
        Note(),
        RunCommand(),
        AddIncidentNote(),
        Attest(),
        Override(),
        NotApplicable(),
        Defer(),
        Retract(),
        LinkTicket(),
        UnlinkTicket(),
        Reply(),
        TicketNote(),
        ResolveIncident(),
        ReopenIncident(),
        ResolveTicket(),
        ReopenTicket(),
        Lift(),
        RequestResponders(),
        Invite(),
        Assign(),
        AssignTicket(),
        Handoff(),
        OpenTicket(),
        Snooze(),
        Impact(),
        WriteReport(),
    )
}
"""Every kind of action by its name."""

__all__ = ["KINDS", "ActionKind", "Impossible"]
