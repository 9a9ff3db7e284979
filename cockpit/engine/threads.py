"""Replies inside threads, which the report can't import: which there are, and lifting them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.incident.history import channel_history
from cockpit.incident.moments import moment

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.incident.facts import Message, Snapshot


def unlifted(snapshot: Snapshot) -> tuple[Message, ...]:
    """The replies that aren't top-level yet, oldest first."""
    if snapshot.slack is None:
        return ()
    lifted = {str(record.data.get("ts")) for record in snapshot.records if record.kind == "lift"}
    return tuple(reply for reply in channel_history(snapshot.slack).threaded if reply.ts not in lifted)


def lift_data(reply: Message, now: datetime) -> dict[str, Any]:
    """What the action `lift` needs to post that reply at top level."""
    return {"ts": reply.ts, "author": reply.author.name, "at": moment(reply.at, now), "text": reply.text}
