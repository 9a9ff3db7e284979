"""What a session shows its listeners: one frozen `View`, complete in itself.

The interface, `status` and the tests are functions of it. A part that hasn't changed is the same object as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cockpit.incident.checklist import Assessment
from cockpit.incident.facts import Snapshot
from cockpit.incident.guards import USUAL, Guard

READ_ONLY = "Read-only: no write leaves this cockpit."
"""Why nothing can be done, where the settings say so."""


class DeliveryState(StrEnum):
    """Where one delivery is in its life: queued -> sending -> done | refused | unknown."""

    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """Which half of an action a delivery is: its effect in a service, or its note in the channel."""

    EFFECT = "effect"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Case:
    """One incident as this machine's journal knows it; each of its outside parts may still be missing.

    `key` is the journal's own. `incident_id` and `number` are PagerDuty's, `channel_id` Slack's. `title` is there
    from the first moment (the incident's, else the ticket's subject).
    """

    key: str
    title: str
    incident_id: str | None = None
    number: int | None = None
    channel_id: str | None = None
    channel_name: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that a person may want to see: what, to where, how it stands, and what can be done.

    `seq` is its place in the outbox. `title` is in words ("reply to ticket 4038"). `error` says what happened and
    what to do next. `asks` is true when only a person can tell whether it arrived: `settle` answers it. `held` is
    true when a guard stopped it before anything went out; `retry` sends it again after a look at the facts.
    """

    seq: int
    action_id: str
    kind: str
    part: Part
    title: str
    destination: str
    state: DeliveryState
    actor: str
    at: datetime
    error: str | None = None
    asks: bool = False
    held: bool = False
    retry_at: datetime | None = None
    found_by: str | None = None
    """What it was found by where its answer was lost; None: the service answered, or a person decided."""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Counts of what hasn't ended well yet, and those deliveries themselves, oldest first.

    `waiting` counts the queued notes that wait for a channel to exist (they are in `queued` too).
    """

    queued: int = 0
    sending: int = 0
    unknown: int = 0
    refused: int = 0
    waiting: int = 0
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Everything there is to show at `now` (UTC). `loading`: nothing was read yet and nothing was remembered."""

    case: Case
    snapshot: Snapshot
    assessment: Assessment
    outbox: Outbox
    now: datetime
    notices: tuple[str, ...] = ()
    """What is wrong around the incident, each a sentence or two with what to do; worth saying once."""
    me: str = ""
    """The name under which this cockpit's acts are told."""
    loading: bool = False
    remembered_at: datetime | None = None
    """When the facts were saved, while they still come from the journal and not from the services."""
    guard: Guard = USUAL
    """What is watched for in texts that go out."""
    unsaved: frozenset[str] = frozenset()
    """The keys of what waits for the journal while another process holds it, texts being written among them."""
