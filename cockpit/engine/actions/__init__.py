"""The catalogue of actions: everything that a person can do, by name. To add one, write its class and list it."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.engine.actions.freshdesk import ReopenTicket, Reply, ResolveTicket
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
from cockpit.engine.actions.pagerduty import (
    Acknowledge,
    AddIncidentNote,
    Declare,
    ReopenIncident,
    ResolveIncident,
    SetPriority,
)
from cockpit.engine.actions.slack import OpenChannel

KINDS: Mapping[str, ActionKind] = {
    kind.name: kind
    for kind in (
        Acknowledge(),
        SetPriority(),
        Declare(),
        OpenChannel(),
        Note(),
        AddIncidentNote(),
        Attest(),
        Override(),
        NotApplicable(),
        Defer(),
        Retract(),
        LinkTicket(),
        UnlinkTicket(),
        Reply(),
        ResolveIncident(),
        ReopenIncident(),
        ResolveTicket(),
        ReopenTicket(),
        Lift(),
    )
}
"""Every kind of action by its name."""

__all__ = ["KINDS", "ActionKind", "Impossible"]
