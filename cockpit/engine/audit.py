"""The audit: what happened to each delivery, a line an event, chained by hash.

A line's `hash` is SHA-256 over the hash of the line before it (`GENESIS` before the first) and the canonical JSON of
all that the line says. So a line that was altered, left out or put elsewhere shows, in the journal and in what
`cockpit log --json` printed. That lines are missing at the end shows by the channel: a note there carries the `Anchor`
of the newest line there was. `audit_check` looks.

No text of a community and no secret is in a line: what a person wrote is there as a digest, but for the delivery's
title, by which `cockpit log` calls it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cockpit.engine.ledger import title_of
from cockpit.engine.view import DeliveryState
from cockpit.incident.moments import zulu

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.engine.journal import Action, Entry

Line = Mapping[str, Any]
"""A line as JSON has it, its `hash` included."""

GENESIS = "0" * 64
"""What stands for the hash of the line before the first."""

DROPPED = "dropped"
"""The state of a delivery that a person gave up: it isn't in the journal any more, only in its audit."""


class Event(StrEnum):
    """What a line tells. `by` is in it where a person brought it about otherwise than by acting."""

    CARRIED = "carried"
    """It was in the journal before the journal had an audit."""
    JOURNALLED = "journalled"
    QUEUED = "queued"
    """The note of an effect that is done."""
    SENDING = "sending"
    DONE = "done"
    ALREADY = "already"
    """Nothing was sent: the world was as the action wanted it."""
    FOUND = "found"
    """It had arrived: a look-up shows it."""
    CONFIRMED = "confirmed"
    """It had arrived, as a person says."""
    REFUSED = "refused"
    HELD = "held"
    """A guard stopped it before anything went out."""
    UNKNOWN = "unknown"
    ASKS = "asks"
    """Look-ups can't tell whether it arrived: a person must."""
    ORPHANED = "orphaned"
    """Its process died while it was on its way."""
    POSTPONED = "postponed"
    """Nothing went out; it waits for another attempt."""
    ABSENT = "absent"
    """It hadn't arrived, look-ups show; it is sent again."""
    SENT_AGAIN = "sent_again"
    """It is sent again, as a person decided who looked."""
    RETRIED = "retried"
    """A person has what was refused or held sent again."""
    DROPPED = DROPPED


def event_of(before: Entry, after: Entry, by: str | None) -> Event | None:
    """What a change of a delivery is to the audit; None where a person is shown the same as before."""
    if _shown(before) == _shown(after):
        return None
    match after.state:
        case DeliveryState.SENDING:
            return Event.SENDING
        case DeliveryState.DONE if by is not None:
            return Event.CONFIRMED
        case DeliveryState.DONE:
            arrived = {DeliveryState.QUEUED: Event.ALREADY, DeliveryState.UNKNOWN: Event.FOUND}
            return arrived.get(before.state, Event.DONE)
        case DeliveryState.REFUSED:
            return Event.HELD if after.held else Event.REFUSED
        case DeliveryState.UNKNOWN:
            return Event.ASKS if after.asks else Event.UNKNOWN
    if before.state is DeliveryState.REFUSED:
        return Event.RETRIED
    if before.state is DeliveryState.UNKNOWN:
        return Event.ABSENT if by is None else Event.SENT_AGAIN
    return Event.POSTPONED


def _shown(entry: Entry) -> tuple[object, ...]:
    return entry.state, entry.held, entry.asks, entry.error


def canonical(content: Line) -> str:
    """The JSON that is hashed: keys in order, no spaces, nothing escaped that needn't be."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chained(previous: str, content: str) -> str:
    """The hash of a line with that canonical `content`, after the line with the hash `previous`."""
    return digest(previous + content)


def digest(text: str) -> str:
    """What proves a text without telling it."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def meant(action: Action) -> str:
    """The digest of all that a person meant."""
    return digest(
        canonical(
            {
                "id": action.id, "kind": action.kind, "step": action.step, "actor": action.actor,
                "at": action.at.isoformat(), "data": dict(action.data),
            }
        )
    )  # fmt: skip


def content_of(event: Event, entry: Entry, now: datetime, by: str | None = None) -> dict[str, Any]:
    """What a line says of a delivery as it is now, but for the line's number."""
    action = entry.action
    content: dict[str, Any] = {
        "log": action.case_key,
        "at": zulu(now),
        "event": event,
        "delivery": entry.seq,
        "action": action.id,
        "state": DROPPED if event is Event.DROPPED else entry.state,
        "held": entry.held,
        "asks": entry.asks,
        "error_sha256": None if entry.error is None else digest(entry.error),
    }
    if by is not None:
        content["by"] = by
    if entry.state is DeliveryState.DONE:
        content["outcome"] = dict(entry.outcome)
    if event in (Event.CARRIED, Event.JOURNALLED, Event.QUEUED):
        content |= {
            "kind": action.kind, "step": action.step, "part": entry.part, "title": title_of(action, entry.part),
            "destination": entry.destination, "actor": action.actor, "acted_at": zulu(action.at),
            "action_sha256": meant(action),
        }  # fmt: skip
    return content
