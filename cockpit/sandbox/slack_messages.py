"""Slack's Web API: the methods about messages."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.slack import Channel, Message, Slack, SlackRefusal
from cockpit.sandbox.slack_arguments import Asked, Method, find_channel, read_json_argument
from cockpit.sandbox.slack_shapes import message_shape, permalink

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST_METADATA = 16_000
_MOST_IN_HISTORY = 999
_MOST_IN_THREAD = 1000


class SlackMessages:
    """Reading and writing messages, pins and reactions."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.methods: dict[str, Method] = {
            "conversations.history": Method("channels:history", self._history),
            "conversations.replies": Method("channels:history", self._replies),
            "chat.postMessage": Method("chat:write", self._post),
            "chat.update": Method("chat:write", self._update),
            "chat.delete": Method("chat:write", self._delete),
            "chat.getPermalink": Method("", self._permalink),
            "pins.add": Method("pins:write", self._pin),
            "pins.list": Method("pins:read", self._pins),
            "reactions.add": Method("reactions:write", self._react),
        }

    def _member_channel(self, asked: Asked) -> Channel:
        channel = find_channel(self.slack, asked)
        if asked.app.user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        return channel

    def _shape(self, channel: Channel, message: Message, asked: Asked) -> dict[str, Any]:
        metadata = asked.flag("include_all_metadata")
        return message_shape(self.slack, channel, message, metadata=metadata)

    def _window(self, asked: Asked, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages, oldest first, between `oldest` and `latest`; those two belong only with `inclusive`."""
        oldest, latest = _micros(asked, "oldest"), _micros(asked, "latest")
        inclusive = asked.flag("inclusive")
        start, stop = 0, len(messages)
        if oldest is not None:
            side = bisect_left if inclusive else bisect_right
            start = side(messages, oldest, key=lambda one: one.micros)
        if latest is not None:
            side = bisect_right if inclusive else bisect_left
            stop = side(messages, latest, key=lambda one: one.micros)
        return messages[start:stop]

    def _history(self, asked: Asked) -> dict[str, Any]:
        channel = self._member_channel(asked)
        limit = _limit(asked, 100, _MOST_IN_HISTORY)
        window = self._window(asked, channel.messages)
        if (mark := _cursor(asked)) is not None:
            window = window[: bisect_right(window, mark, key=lambda one: one.micros)]
        page: list[Message] = []
        for one in reversed(window):
            hidden = (one.thread_ts is not None and not one.broadcast) or (one.deleted and not channel.replies(one.ts))
            if hidden:
                continue
            page.append(one)
            if len(page) > limit:
                break
        answer: dict[str, Any] = {
            "messages": [self._shape(channel, one, asked) for one in page[:limit]],
            "has_more": len(page) > limit,
            "pin_count": len(channel.pins),
            "channel_actions_ts": None,
            "channel_actions_count": 0,
        }
        if len(page) > limit:
            answer["response_metadata"] = {"next_cursor": _cursor_to(page[limit])}
        return answer

    def _replies(self, asked: Asked) -> dict[str, Any]:
        channel = self._member_channel(asked)
        head = channel.ever(asked.text("ts"))
        if head is None or (head.deleted and not channel.replies(head.ts)):
            raise SlackRefusal("thread_not_found")
        parent = channel.ever(head.thread_ts) if head.thread_ts is not None else head
        if parent is None:
            raise SlackRefusal("thread_not_found")
        window = self._window(asked, channel.replies(parent.ts))
        if (mark := _cursor(asked)) is not None:
            window = [one for one in window if one.micros >= mark]
        limit = _limit(asked, 1000, _MOST_IN_THREAD)
        answer: dict[str, Any] = {
            # The parent leads every page.
            "messages": [self._shape(channel, one, asked) for one in [parent, *window[:limit]]],
            "has_more": len(window) > limit,
        }
        if len(window) > limit:
            answer["response_metadata"] = {"next_cursor": _cursor_to(window[limit])}
        return answer

    def _content(self, asked: Asked) -> tuple[str, list[Any] | None]:
        blocks = None
        if asked.arguments.get("blocks") is not None:
            try:
                blocks = read_json_argument(asked.arguments["blocks"])
            except ValueError:
                blocks = None
            if not isinstance(blocks, list):
                raise SlackRefusal("invalid_blocks_format")
        text = asked.text("text")
        if not text.strip() and not blocks:
            raise SlackRefusal("no_text")
        return text, blocks

    def _metadata(self, asked: Asked) -> dict[str, Any] | None:
        if asked.arguments.get("metadata") in (None, ""):
            return None
        try:
            metadata = read_json_argument(asked.arguments["metadata"])
        except ValueError:
            raise SlackRefusal("invalid_metadata_format") from None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
            raise SlackRefusal("invalid_metadata_format")
        payload = metadata.get("event_payload")
        if not metadata["event_type"] or not isinstance(payload, dict):
            raise SlackRefusal("invalid_metadata_format")
        if len(json.dumps(payload)) > _LARGEST_METADATA:
            raise SlackRefusal("metadata_too_large")
        return {"event_type": metadata["event_type"], "event_payload": payload}

    def _post(self, asked: Asked) -> dict[str, Any]:
        slack, app = self.slack, asked.app
        name = asked.text("channel").removeprefix("#")
        channel = slack.channels.get(name) or slack.channel_named(name)
        if channel is None or (channel.is_private and app.user_id not in channel.members):
            raise SlackRefusal("channel_not_found")
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        if app.user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        text, blocks = self._content(asked)
        metadata = self._metadata(asked)
        thread_ts = asked.text("thread_ts") or None
        if thread_ts is not None and channel.ever(thread_ts) is None:
            raise SlackRefusal("thread_not_found")
        # Without chat:write.customize another name is silently not used.
        username = asked.text("username") or None if "chat:write.customize" in app.scopes else None
        message = slack.post(
            channel, app.user_id, text, app=app, thread_ts=thread_ts, broadcast=asked.flag("reply_broadcast"),
            metadata=metadata, blocks=blocks, username=username,
        )  # fmt: skip
        shape = message_shape(slack, channel, message, metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shape}

    def _own(self, asked: Asked, refusal: str) -> tuple[Channel, Message]:
        channel = find_channel(self.slack, asked)
        message = channel.find(asked.text("ts"))
        if message is None:
            raise SlackRefusal("message_not_found")
        if message.app is not asked.app or message.subtype in ("channel_join", "channel_topic"):
            raise SlackRefusal(refusal)
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        return channel, message

    def _update(self, asked: Asked) -> dict[str, Any]:
        channel, message = self._own(asked, "cant_update_message")
        text, blocks = self._content(asked)
        metadata = self._metadata(asked)
        if metadata is not None:
            message.metadata = metadata
        if blocks is not None:
            message.blocks = blocks
        self.slack.edit(channel, message, text, asked.app.user_id)
        shape = message_shape(self.slack, channel, message, metadata=True)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shape}

    def _delete(self, asked: Asked) -> dict[str, Any]:
        channel, message = self._own(asked, "cant_delete_message")
        self.slack.delete(channel, message)
        return {"channel": channel.id, "ts": message.ts}

    def _permalink(self, asked: Asked) -> dict[str, Any]:
        channel = find_channel(self.slack, asked)
        message = channel.find(asked.text("message_ts"))
        if message is None:
            raise SlackRefusal("message_not_found")
        return {"channel": channel.id, "permalink": permalink(self.slack, channel, message)}

    def _marked(self, asked: Asked) -> tuple[Channel, Message]:
        channel = self._member_channel(asked)
        message = channel.find(asked.text("timestamp"))
        if message is None:
            raise SlackRefusal("message_not_found")
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        return channel, message

    def _pin(self, asked: Asked) -> dict[str, Any]:
        channel, message = self._marked(asked)
        if any(pin[0] == message.ts for pin in channel.pins):
            raise SlackRefusal("already_pinned")
        self.slack.pin(channel, message, asked.app.user_id)
        return {}

    def _pins(self, asked: Asked) -> dict[str, Any]:
        channel = self._member_channel(asked)
        items = []
        for ts, user_id, created in reversed(channel.pins):
            message = channel.find(ts)
            if message is not None:
                shape = self._shape(channel, message, asked)
                shape["permalink"] = permalink(self.slack, channel, message)
                items.append(
                    {
                        "type": "message",
                        "channel": channel.id,
                        "message": shape,
                        "created": created,
                        "created_by": user_id,
                    }
                )
        return {"items": items}

    def _react(self, asked: Asked) -> dict[str, Any]:
        _, message = self._marked(asked)
        name = asked.text("name").strip(":")
        if not name:
            raise SlackRefusal("invalid_name")
        if asked.app.user_id in message.reactions.get(name, []):
            raise SlackRefusal("already_reacted")
        self.slack.react(message, name, asked.app.user_id)
        return {}


def _micros(asked: Asked, name: str) -> int | None:
    text = asked.text(name)
    if not text or text == "now":
        return None
    try:
        return int(Decimal(text) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        raise SlackRefusal(f"invalid_ts_{name}") from None


def _limit(asked: Asked, default: int, most: int) -> int:
    limit = asked.number("limit", default)
    if not 1 <= limit <= most:
        raise SlackRefusal("invalid_limit")
    return limit


def _cursor(asked: Asked) -> int | None:
    text = asked.text("cursor")
    if not text:
        return None
    try:
        kind, _, mark = base64.b64decode(text, validate=True).decode().partition(":")
        if kind != "next_ts":
            raise SlackRefusal("invalid_cursor")
        return int(mark)
    except ValueError:
        raise SlackRefusal("invalid_cursor") from None


def _cursor_to(message: Message) -> str:
    return base64.b64encode(f"next_ts:{message.ts.replace('.', '')}".encode()).decode()
