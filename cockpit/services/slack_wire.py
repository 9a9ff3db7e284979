"""Slack's JSON as facts, and the record of an action in a message's metadata, both ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cockpit.incident.facts import Anchor, Channel, Message, Person, Record
from cockpit.incident.text import clean, from_slack
from cockpit.services.call import Unreadable
from cockpit.services.wire import Json, identifier, items, line, moment, number, obj, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVENT_TYPE = "cockpit_action"
"""The `event_type` of the metadata that makes a message a line of the shared log."""

CARD_TYPE = "cockpit_card"
"""The same for the status card, which is no line of the log."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a Slack token is.

    `bot_id` is None for a person's token; `url` is the workspace's; `scopes` its rights.
    """

    user_id: str
    bot_id: str | None
    team_id: str
    team: str
    url: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose records count: our own bot's, and those of apps or bots named in the configuration.

    Through which app a person's token posts, Slack doesn't tell: with one, only the configuration's count.
    """

    identity: Identity
    apps: frozenset[str] = frozenset()

    @property
    def anybody(self) -> bool:
        """Whether there is anybody at all whose word is taken."""
        return bool(self.identity.bot_id or self.apps)

    def covers(self, message: Json) -> bool:
        """Whether the poster's word is taken. The ids are Slack's; a poster can't choose them, as they can a name."""
        profile = obj(message.get("bot_profile"))
        bot = line(message.get("bot_id")) or line(profile.get("id"))
        app = line(message.get("app_id")) or line(profile.get("app_id"))
        ours = bool(bot) and bot == self.identity.bot_id
        return ours or bool(({bot, app} - {""}) & self.apps)


def identity(body: Json, scopes: str) -> Identity:
    """From `auth.test`; `scopes` is the answer's `X-OAuth-Scopes` header."""
    return Identity(
        user_id=identifier(body.get("user_id"), "a token's user"),
        bot_id=line(body.get("bot_id")) or None,
        team_id=line(body.get("team_id")),
        team=line(body.get("team")),
        url=line(body.get("url"), 2000),
        scopes=frozenset(filter(None, (scope.strip() for scope in scopes.split(",")))),
    )


def person(value: object) -> Person:
    """A user.

    The real name is shown, for a report is read by people who don't know each other's nicknames.
    """
    one = obj(value)
    profile = obj(one.get("profile"))
    known = identifier(one.get("id"), "a user")
    names = (profile.get("real_name"), one.get("real_name"), profile.get("display_name"), one.get("name"))
    return Person(known, next(filter(None, map(line, names)), known), line(profile.get("email")) or None)


def absent(value: Json) -> bool:
    """Whether a user is nobody to be reached: a bot, or somebody who has left."""
    return bool(value.get("is_bot")) or bool(value.get("deleted")) or value.get("id") == "USLACKBOT"


def channel(value: object, workspace_url: str) -> Channel:
    """A channel; `workspace_url` (of `auth.test`) gives its address."""
    one = obj(value)
    known = identifier(one.get("id"), "a channel")
    seconds = one.get("created")
    return Channel(
        id=known,
        name=line(one.get("name")) or known,
        url=f"{workspace_url.rstrip('/')}/archives/{known}",
        created_at=_moment(seconds if isinstance(seconds, int | float) else 0),
        private=bool(one.get("is_private")),
        archived=bool(one.get("is_archived")),
        member=bool(one.get("is_member")),
        topic=from_slack(text(obj(one.get("topic")).get("value"))),
    )


def people_in(messages: Iterable[object]) -> set[str]:
    """The ids of all users that these messages are by, or mention."""
    found: set[str] = set()
    for value in messages:
        one = obj(value)
        found.update(filter(None, (line(one.get("user")),)))
        found.update(_MENTION.findall(_wire_text(one)))
    return found


def names(people: Mapping[str, Person]) -> Mapping[str, str]:
    """What a mention of a user id reads as; made once for many messages."""
    return {known: each.name for known, each in people.items()}


def message(
    value: object,
    people: Mapping[str, Person],
    mentions: Mapping[str, str],
    trust: Trust,
    *,
    reply: bool = False,
) -> Message:
    """A message; `mentions` is `names(people)`.

    With `reply` it was read from a thread, and keeps its `thread_ts`; at top level that is None.
    """
    one = obj(value)
    ts = identifier(one.get("ts"), "a message")
    subtype = line(one.get("subtype")) or None
    trusted = trust.covers(one)
    count = number(one.get("reply_count")) or 0
    return Message(
        ts=ts,
        at=ts_moment(ts),
        author=_author(one, people),
        text=from_slack(_wire_text(one), mentions),
        subtype=subtype,
        thread_ts=(line(one.get("thread_ts")) or None) if reply else None,
        reply_count=count,
        latest_reply=(line(one.get("latest_reply")) or None) if count else None,
        edited=bool(obj(one.get("edited"))),
        deleted=subtype == "tombstone",
        bot=bool(one.get("bot_id")) or subtype == "bot_message",
        record=record(one.get("metadata"), ts) if trusted else None,
        card=trusted and obj(one.get("metadata")).get("event_type") == CARD_TYPE,
    )


def _author(one: Json, people: Mapping[str, Person]) -> Person:
    shown = line(one.get("username"))
    known = line(one.get("user"))
    if known:
        found = people.get(known) or Person(known, line(obj(one.get("user_profile")).get("real_name")) or known)
        return Person(found.id, shown, found.email) if shown else found
    bot = line(one.get("bot_id"))
    return Person(bot, shown or line(obj(one.get("bot_profile")).get("name")) or bot or "somebody")


def _wire_text(one: Json) -> str:
    """The words in wire form: `text` or, where that is empty, blocks and attachments; then files."""
    words = one.get("text") if isinstance(one.get("text"), str) else ""
    parts = [words] if words else _block_texts(one.get("blocks"))
    if not parts:
        for each in map(obj, items(one.get("attachments"))):
            said = [each.get("pretext"), each.get("title"), each.get("text")]
            parts.extend(found for found in said if isinstance(found, str) and found)
            if not any(said) and isinstance(each.get("fallback"), str):
                parts.append(each["fallback"])
    for each in map(obj, items(one.get("files"))):
        parts.append(f"[file: {each.get('title') or each.get('name') or each.get('id')}]")
    return "\n".join(parts)


def _block_texts(blocks: object) -> list[str]:
    found: list[str] = []
    waiting = list(reversed(items(blocks)))
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("text"), str):
                found.append(one["text"])
            waiting.extend(reversed([inner for inner in one.values() if isinstance(inner, dict | list)]))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
    return found


def ts_moment(ts: str) -> datetime:
    """The time in a message's `ts` (`"1763892000.000100"`, seconds); `Unreadable` where it holds none."""
    try:
        return _moment(float(ts))
    except ValueError:
        raise Unreadable("a message without a time") from None


def order(ts: str) -> tuple[int, str]:
    """What sorts timestamps as Slack does, also should one have fewer digits."""
    whole, _, part = ts.partition(".")
    return (int(whole) if whole.isdecimal() else 0, part)


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable("a time out of bounds") from None


# --- the record of an action --------------------------------------------------------------------------------

DEEPEST = 8
"""How many levels a record's data may have; ours have two."""


GRAIN = 10
"""Seconds to which a laptop's clock is set right: a post takes a while, and two acts of one moment keep their order."""


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
    return Record(line(known), line(kind), line(step) or None, line(actor), at, told, ts, _anchor(payload.get("audit")))


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
        return Anchor(line(log), count, line(known))
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
        return {line(key): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return value
