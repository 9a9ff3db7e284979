"""The timeline note of an action: how it reads, and how it is delivered to the channel.

A note carries its action's id in the message's metadata, so that whether it arrived is certain.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import (
    LOOK_BACK,
    Absent,
    ActionKind,
    Data,
    Found,
    Held,
    Reach,
    Recognition,
    record_of,
)
from cockpit.services.errors import Refused

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.incident.facts import Anchor

LATE = timedelta(minutes=2)
"""A note posted later than this after the act says when the act was."""


BY_HAND = {"confirmed_by_hand": " (arrival confirmed by hand)", "sent_again_by_hand": " (sent again by hand)"}
"""What a note adds where nobody but a person could tell whether the effect had happened."""


def note_text(kind: ActionKind, reach: Reach, action: Action, outcome: Data, posted_at: datetime) -> str:
    """The note as people read it: what was done, by whom and, if it is told late, when (UTC)."""
    known = next((words for name, words in BY_HAND.items() if outcome.get(name)), "")
    if outcome.get("likely"):
        known += f" (no answer came; taken for arrived by {outcome['found_by']})"
    text = f"{kind.tell(reach.case, action, outcome)}{known} — {action.actor}"
    if posted_at - action.at < LATE:
        return text
    same_day = posted_at.date() == action.at.date()
    return f"{text} ({action.at:%H:%M} UTC)" if same_day else f"{text} ({action.at:%Y-%m-%d %H:%M} UTC)"


class Telling:
    """Delivers one action's note. It has the three strokes of an `ActionKind`, over the channel.

    `outcome` is the effect's, which the note may tell of; `anchor` is the newest line of the audit, which it proves.
    """

    def __init__(self, kind: ActionKind, outcome: Data, posted_at: datetime, anchor: Anchor | None = None) -> None:
        self._kind = kind
        self._outcome = outcome
        self._posted_at = posted_at
        self._anchor = anchor

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """A note needs nothing but a channel. Raises `Held` without one.

        A kind whose note is all of it may look first: `Already` if another cockpit has told it, or a `ServiceError`.
        """
        _channel(reach)
        if self._kind.service is None:
            await self._kind.prepare(reach, action)
        return {}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One message, top-level, with the record in its metadata.

        Our bot may not be in the channel yet (PagerDuty has just made it) or any more: it joins, and posts then. The
        first post was refused for that reason, so there can't be two.
        """
        text = note_text(self._kind, reach, action, self._outcome, self._posted_at)
        record = replace(record_of(self._kind, action, self._outcome), audit=self._anchor)
        channel = _channel(reach)
        try:
            return {"ts": await reach.slack.post(channel, text, record)}
        except Refused as refused:
            if refused.code != "not_in_channel":
                raise
        await reach.slack.join(channel)
        return {"ts": await reach.slack.post(channel, text, record)}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the action's id in the metadata of what was posted since.

        Looked for far back, since a wrong clock, here or there, would otherwise post a note twice.
        """
        since = (entry.sent_at or entry.changed_at) - LOOK_BACK
        ts = await reach.slack.find_post(_channel(reach), entry.action.id, since)
        return Absent() if ts is None else Found({"ts": ts}, "its id in the channel")


def _channel(reach: Reach) -> str:
    if reach.case.channel_id is None:
        raise Held("There is no channel yet.")
    return reach.case.channel_id
