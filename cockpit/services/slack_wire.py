"""Slack's JSON as facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.incident.facts import Channel, Message, Person
from cockpit.incident.text import from_slack
from cockpit.services.slack_record import CARD_TYPE, epoch_moment, record, ts_moment
from cockpit.services.wire import Json, identifier, items, line, number, obj, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_MENTIONS = 50
"""How many of those whom one message mentions are looked up; of the others who isn't known has its id for a name."""

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
        created_at=epoch_moment(seconds if isinstance(seconds, int | float) else 0),
        private=bool(one.get("is_private")),
        archived=bool(one.get("is_archived")),
        member=bool(one.get("is_member")),
        topic=from_slack(text(obj(one.get("topic")).get("value"))),
    )


def people_in(messages: Iterable[object]) -> set[str]:
    """The ids of all users that these messages are by, and of those that each mentions first."""
    found: set[str] = set()
    for value in messages:
        one = obj(value)
        found.update(filter(None, (line(one.get("user")),)))
        found.update(_MENTION.findall(_wire_text(one))[:MOST_MENTIONS])
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
    ts_moment(ts)  # or else it can't be read
    subtype = line(one.get("subtype")) or None
    trusted = trust.covers(one)
    count = number(one.get("reply_count")) or 0
    return Message(
        ts=ts,
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
