"""Slack's state: one workspace with its users, apps, channels and messages."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.ids import short_id

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.sandbox.clock import Present

LONGEST_TEXT = 40_000
"""Slack cuts a message's text here."""


class SlackRefusal(Exception):
    """Slack's `ok: false`: the error's name, and what else the answer carries."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error, self.extra = error, extra


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A member of the workspace, a person or an app's bot user."""

    id: str
    handle: str
    name: str
    email: str
    time_zone: str
    is_bot: bool = False


@dataclass(slots=True)
class App:
    """An installed app with its bot, its bot's token and the scopes that it was granted."""

    id: str
    bot_id: str
    user_id: str
    name: str
    token: str
    scopes: list[str]


@dataclass(slots=True)
class Message:
    """A message; a deleted one is kept for the sandbox's own view of its state."""

    ts: str
    user: str
    text: str
    subtype: str | None = None
    app: App | None = None
    username: str | None = None
    thread_ts: str | None = None
    """The parent's `ts`, in a reply."""
    broadcast: bool = False
    """A reply that was sent to the channel too."""
    edited: tuple[str, str] | None = None
    """Who edited it last, and the edit's `ts`."""
    deleted: bool = False
    metadata: dict[str, Any] | None = None
    blocks: list[Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def micros(self) -> int:
        """Its `ts` in whole microseconds since 1970."""
        return int(self.ts.replace(".", ""))


@dataclass(slots=True)
class Channel:
    """A channel and everything in it, in the order of writing."""

    id: str
    name: str
    created: datetime
    creator: str
    updated: datetime
    is_general: bool = False
    is_private: bool = False
    is_archived: bool = False
    topic: tuple[str, str, int] = ("", "", 0)
    """Value, who set it, when in whole seconds."""
    purpose: tuple[str, str, int] = ("", "", 0)
    members: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    threads: dict[str, list[Message]] = field(default_factory=dict)
    """Every parent's replies, by the parent's `ts`."""
    pins: list[tuple[str, str, int]] = field(default_factory=list)
    """A message's `ts`, who pinned it, when in whole seconds."""

    def find(self, ts: str) -> Message | None:
        """The message of this `ts`, unless it was deleted."""
        message = self.ever(ts)
        return message if message is not None and not message.deleted else None

    def ever(self, ts: str) -> Message | None:
        """The message of this `ts`, deleted or not."""
        if not re.fullmatch(r"\d+\.\d{6}", ts):
            return None
        micros = int(ts.replace(".", ""))
        place = bisect_left(self.messages, micros, key=lambda one: one.micros)
        found = self.messages[place] if place < len(self.messages) else None
        return found if found is not None and found.micros == micros else None

    def add(self, message: Message) -> None:
        """Put a message at the end."""
        self.messages.append(message)
        if message.thread_ts is not None:
            self.threads.setdefault(message.thread_ts, []).append(message)

    def replies(self, ts: str) -> list[Message]:
        """The replies in a thread that still stand, oldest first."""
        return [one for one in self.threads.get(ts, ()) if not one.deleted]


@dataclass(slots=True)
class Slack:
    """The workspace."""

    present: Present
    team_id: str
    team_name: str
    url: str
    """The workspace's address, ending in a slash."""
    users: dict[str, SlackUser]
    apps: dict[str, App]
    """By name: `cockpit`, `pagerduty`, and `other`, which is somebody else's."""
    channels: dict[str, Channel] = field(default_factory=dict)
    _last_ts: int = 0

    def app_of_token(self, token: str) -> App | None:
        """Whose bot token this is."""
        return next((app for app in self.apps.values() if app.token == token), None)

    def next_ts(self) -> str:
        """A message's time, which is its identity too: unique, and later than every one before."""
        micros = max(int(self.present.now().timestamp() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def seconds(self) -> int:
        """The present in whole seconds since 1970."""
        return int(self.present.now().timestamp())

    def channel_named(self, name: str) -> Channel | None:
        """The channel of this name, archived or not."""
        return next((one for one in self.channels.values() if one.name == name), None)

    def incident_channel(self, dedicated_id: str | None, number: int) -> Channel | None:
        """An incident's channel: the dedicated one, else one that is named after the incident's number."""
        if dedicated_id is not None and dedicated_id in self.channels:
            return self.channels[dedicated_id]
        ending = f"_inc_{number}"
        return next((one for one in self.channels.values() if one.name.endswith(ending)), None)

    def create_channel(self, name: str, creator: str, *, is_private: bool = False) -> Channel:
        """Open a channel with its creator in it."""
        if not name:
            raise SlackRefusal("invalid_name_required")
        if len(name) > 80:
            raise SlackRefusal("invalid_name_maxlength")
        if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
            raise SlackRefusal("invalid_name_specials")
        if not re.search(r"\w", name.replace("_", "")):
            raise SlackRefusal("invalid_name_punctuation")
        if self.channel_named(name) is not None:
            raise SlackRefusal("name_taken")
        now = self.present.now()
        channel_id = short_id("C", "channel", name, len(self.channels), length=11)
        channel = Channel(channel_id, name, now, creator, now, is_private=is_private)
        self.channels[channel_id] = channel
        self.join(channel, creator)
        return channel

    def _append(self, channel: Channel, message: Message) -> Message:
        channel.add(message)
        channel.updated = self.present.now()
        self.present.changed()
        return message

    def join(self, channel: Channel, user_id: str, inviter: str | None = None) -> bool:
        """Bring a user in; False if they were there."""
        if user_id in channel.members:
            return False
        channel.members.append(user_id)
        extra = {"inviter": inviter} if inviter is not None else {}
        text = f"<@{user_id}> has joined the channel"
        self._append(channel, Message(self.next_ts(), user_id, text, "channel_join", extra=extra))
        return True

    def post(
        self, channel: Channel, user_id: str, text: str, *, app: App | None = None, thread_ts: str | None = None,
        broadcast: bool = False, metadata: dict[str, Any] | None = None, blocks: list[Any] | None = None,
        username: str | None = None,
    ) -> Message:  # fmt: skip
        """Write a message, in the channel or in a thread."""
        if thread_ts is not None:
            parent = channel.find(thread_ts)
            # Replying to a reply answers in its thread.
            thread_ts = parent.thread_ts or parent.ts if parent is not None else thread_ts
        subtype = "thread_broadcast" if broadcast and thread_ts is not None else None
        return self._append(
            channel,
            Message(
                self.next_ts(), user_id, formatted(text)[:LONGEST_TEXT], subtype, app, username, thread_ts,
                broadcast and thread_ts is not None, metadata=metadata, blocks=blocks,
            ),
        )  # fmt: skip

    def edit(self, channel: Channel, message: Message, text: str, editor: str) -> None:
        """Change a message's text."""
        message.text = formatted(text)[:LONGEST_TEXT]
        message.edited = (editor, self.next_ts())
        channel.updated = self.present.now()
        self.present.changed()

    def delete(self, channel: Channel, message: Message) -> None:
        """Take a message away; a parent with replies leaves a tombstone."""
        message.deleted = True
        channel.pins = [pin for pin in channel.pins if pin[0] != message.ts]
        self.present.changed()

    def set_topic(self, channel: Channel, user_id: str, topic: str) -> None:
        """Set the topic, which leaves a message."""
        channel.topic = (topic, user_id, self.seconds())
        text = f"set the channel topic: {topic}"
        self._append(channel, Message(self.next_ts(), user_id, text, "channel_topic", extra={"topic": topic}))

    def set_purpose(self, channel: Channel, user_id: str, purpose: str) -> None:
        """Set the description, which leaves a message."""
        channel.purpose = (purpose, user_id, self.seconds())
        text = f"set the channel description: {purpose}"
        message = Message(self.next_ts(), user_id, text, "channel_purpose", extra={"purpose": purpose})
        self._append(channel, message)

    def archive(self, channel: Channel, user_id: str) -> None:
        """Archive the channel: it can still be read."""
        name = self.users[user_id].handle if user_id in self.users else user_id
        text = f"<@{user_id}|{name}> archived the channel"
        self._append(channel, Message(self.next_ts(), user_id, text, "channel_archive"))
        channel.is_archived = True

    def pin(self, channel: Channel, message: Message, user_id: str) -> None:
        """Pin a message."""
        channel.pins.append((message.ts, user_id, self.seconds()))
        self.present.changed()

    def react(self, message: Message, emoji: str, user_id: str) -> None:
        """Add a reaction."""
        message.reactions.setdefault(emoji, []).append(user_id)
        self.present.changed()


_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_MARKED = re.compile(r"<(?:[@#!][^<>]+|(?:https?|mailto):[^<>]+)>")
_BARE_LINK = re.compile(r"(?<![\w<|/])https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]")


def formatted(text: str) -> str:
    """Text as Slack keeps it: stray `& < >` are escaped and bare addresses become links."""
    parts: list[str] = []
    position = 0
    for match in _MARKED.finditer(text):
        parts += [_escaped(text[position : match.start()]), match.group()]
        position = match.end()
    parts.append(_escaped(text[position:]))
    return "".join(parts)


def _escaped(text: str) -> str:
    text = _ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return _BARE_LINK.sub(lambda match: f"<{match.group()}>", text)
