"""The record of an action in a Slack message's metadata, both ways; and what a message's `ts` says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from sys import intern
from types import MappingProxyType
from typing import Any

from cockpit.incident.facts import Anchor, Record
from cockpit.incident.text import clean
from cockpit.services.call import Unreadable
from cockpit.services.wire import Json, line, moment, obj

EVENT_TYPE = "cockpit_action"
"""The `event_type` of the metadata that makes a message a line of the shared log."""

CARD_TYPE = "cockpit_card"
"""The same for the status card, which is no line of the log."""

DEEPEST = 8
"""How many levels a record's data may have; ours have two."""

GRAIN = 10
"""Seconds to which a laptop's clock is set right: a post takes a while, and two acts of one moment keep their order."""


def ts_moment(ts: str) -> datetime:
    """The time in a message's `ts` (`"1763892000.000100"`, seconds); `Unreadable` where it holds none."""
    try:
        return epoch_moment(float(ts))
    except ValueError:
        raise Unreadable("a message without a time") from None


def order(ts: str) -> tuple[int, str]:
    """What sorts timestamps as Slack does, also should one have fewer digits."""
    whole, _, part = ts.partition(".")
    return (int(whole) if whole.isdecimal() else 0, part)


def epoch_moment(seconds: float) -> datetime:
    """So many seconds after 1970 (UTC); `Unreadable` where that is no moment."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable("a time out of bounds") from None


def metadata(action: Record, told: datetime | None = None) -> Json:
    """The `metadata` argument that makes a message carry this record.

    `told` is when it is posted, by the clock that its `at` was read from: see `_acted`.
    """
    payload = {
        "id": action.id,
        "kind": action.kind,
        "step": action.step,
        "actor": action.actor,
        "at": action.at.astimezone(UTC).isoformat(),
        "data": dict(action.data),
        **({} if told is None else {"told": told.astimezone(UTC).isoformat()}),
    }
    if (proof := action.audit) is not None:
        payload["audit"] = {"log": proof.log, "number": proof.number, "hash": proof.hash}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def card_metadata() -> Json:
    """The `metadata` argument that makes a message the status card."""
    return {"event_type": CARD_TYPE, "event_payload": {"kind": "card"}}


def record(value: object, ts: str) -> Record | None:
    """The record in a message's `metadata`; None where there is none of ours, or it isn't well-formed.

    Whether the message's poster is to be believed is a matter of `Trust`.
    """
    payload = obj(obj(value).get("event_payload"))
    if obj(value).get("event_type") != EVENT_TYPE:
        return None
    known, kind, actor = (payload.get(name) for name in ("id", "kind", "actor"))
    step, data = payload.get("step"), payload.get("data", {})
    at = _acted(payload.get("at"), moment(payload.get("told")), ts_moment(ts))
    if not (isinstance(known, str) and known and isinstance(kind, str) and kind and isinstance(actor, str)):
        return None
    if at is None or not isinstance(step, str | None) or not isinstance(data, dict) or _depth(data) > DEEPEST:
        return None
    told = MappingProxyType(_cleaned(data))
    audit = _anchor(payload.get("audit"))
    return Record(line(known), _word(kind), _word(step) or None, _word(actor), at, told, ts, audit)


def _word(value: object) -> str:
    """A word that hundreds of records have in common, kept once."""
    return intern(line(value))


def _acted(value: object, told: datetime | None, posted: datetime) -> datetime | None:
    """When the act was, by Slack's clock, which all cockpits share; None where that isn't a moment.

    Of two people's words on a step the later one counts, and a laptop's clock may be an hour off. It was that much off
    when the note was posted (`told`) too, and then Slack's clock was read: the difference is taken away. And no act is
    later than its own note: it would stand over all that comes after it.
    """
    at = moment(value)
    if at is None or datetime.fromisoformat(str(value)).tzinfo is None:
        return None
    if told is None:
        return min(at, posted)
    grain = timedelta(seconds=GRAIN)
    try:
        return min(at + round((posted - told) / grain) * grain, posted + grain)
    except OverflowError:
        return min(at, posted)


def _anchor(value: object) -> Anchor | None:
    one = obj(value)
    log, count, known = one.get("log"), one.get("number"), one.get("hash")
    if isinstance(log, str) and type(count) is int and count > 0 and isinstance(known, str):
        return Anchor(_word(log), count, line(known))
    return None


def _depth(value: object) -> int:
    """How many levels there are, counted no further than is too many."""
    level, found = [value], 0
    while level and found <= DEEPEST:
        level = [inner for one in level if isinstance(one, dict | list)
                 for inner in (one.values() if isinstance(one, dict) else one)]  # fmt: skip
        found += 1
    return found


def record_id(value: object) -> str | None:
    """The id alone of the record in a message, whoever posted it."""
    found = obj(obj(value).get("metadata"))
    known = obj(found.get("event_payload")).get("id")
    return known if found.get("event_type") == EVENT_TYPE and isinstance(known, str) else None


def _cleaned(value: Any) -> Any:
    """Plain data with its text made safe to draw."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {_word(key): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return value
