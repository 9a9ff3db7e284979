"""The journal and the channel's log read together: what was done, and what has yet to go out. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions import KINDS
from cockpit.engine.actions.kind import NOTES, record_of
from cockpit.engine.view import Case, Delivery, DeliveryState, Outbox, Part

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.incident.facts import Message, Record


def records_of(
    messages: Sequence[Message], entries: Iterable[Entry], remembered: Iterable[Record] = ()
) -> tuple[Record, ...]:
    """The shared log, ordered by (`at`, `id`), one record an id.

    The channel's word comes first. From the journal come only the records that the channel can't show yet: those
    whose note isn't posted, or was posted after the channel's last reading. So two cockpits on one channel agree.
    `remembered` stands in for the channel while it hasn't been read.
    """
    records = {record.id: record for record in remembered}
    newest = ""
    for message in messages:
        newest = max(newest, message.ts)
        if message.record is not None and not message.deleted:
            records.setdefault(message.record.id, message.record)
    entries = tuple(entries)
    outcomes = {entry.action.id: entry.outcome for entry in entries if entry.part is Part.EFFECT}
    for entry in entries:
        happened = entry.part is Part.NOTE  # a note is queued only when its effect is known to have happened
        posted = entry.state is DeliveryState.DONE and str(entry.outcome.get("ts", "")) <= newest
        if happened and not posted:
            kind = KINDS[entry.action.kind]
            records.setdefault(entry.action.id, record_of(kind, entry.action, outcomes.get(entry.action.id, {})))
    return tuple(sorted(records.values(), key=lambda record: (record.at, record.id)))


def learnt(case: Case, entries: Iterable[Entry]) -> Case:
    """The case with what done deliveries taught of it, should the program have stopped before it was kept."""
    for entry in entries:
        if entry.part is Part.EFFECT and entry.state is DeliveryState.DONE and entry.outcome:
            case = KINDS[entry.action.kind].settle(case, entry.action, entry.outcome)
    return case


def delivery_of(entry: Entry, now: datetime) -> Delivery:
    """An entry as a person sees it. `now` is the incident's clock: the time to wait is counted from it."""
    wait = None if entry.not_before is None else max(entry.not_before - datetime.now(UTC), _NO_TIME)
    return Delivery(
        seq=entry.seq,
        action_id=entry.action.id,
        kind=entry.action.kind,
        part=entry.part,
        title=title_of(entry.action, entry.part),
        destination=entry.destination,
        state=entry.state,
        actor=entry.action.actor,
        at=entry.action.at,
        error=entry.error,
        asks=entry.asks,
        held=entry.held,
        retry_at=None if wait is None else now + wait,
        found_by=entry.outcome.get("found_by"),
        data=entry.action.data,
    )


def title_of(action: Action, part: Part) -> str:
    """A delivery in words; those of a kind that this version doesn't know are the kind's name.

    In the words of the kind alone where nobody could tell whether a secret is in a person's.
    """
    kind = KINDS.get(action.kind)
    if kind is None:
        return action.kind
    title = kind.title if action.data.get("undecided") else kind.words(action)
    return title if part is Part.EFFECT or kind.service is None else f"note: {title}"


_NO_TIME = timedelta(0)


def outbox_of(entries: Iterable[Entry], case: Case, now: datetime) -> Outbox:
    """What hasn't ended well yet."""
    open_entries = [entry for entry in entries if entry.state is not DeliveryState.DONE]
    counts = {state: sum(entry.state is state for entry in open_entries) for state in DeliveryState}
    waiting = sum(entry.destination == NOTES and entry.state is DeliveryState.QUEUED for entry in open_entries)
    return Outbox(
        queued=counts[DeliveryState.QUEUED],
        sending=counts[DeliveryState.SENDING],
        unknown=counts[DeliveryState.UNKNOWN],
        refused=counts[DeliveryState.REFUSED],
        waiting=waiting if case.channel_id is None else 0,
        deliveries=tuple(delivery_of(entry, now) for entry in open_entries),
    )
