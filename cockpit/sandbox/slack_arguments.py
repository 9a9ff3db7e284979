"""How Slack's methods take their arguments: forms, JSON, flags as words, scopes and cursors."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from cockpit.sandbox.slack import App, Channel, Slack, SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cockpit.sandbox.exchange import Call


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of a method: by which app, with which arguments."""

    app: App
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """An argument as a yes or no: a JSON boolean, or a form's `true` or `1`."""
        return str(self.arguments.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """An argument as a whole number. Raises SlackRefusal."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackRefusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {name}"]}) from None


@dataclass(frozen=True, slots=True)
class Method:
    """A method: the scope that it needs (empty for none), and who answers."""

    scope: str
    handler: Callable[[Asked], dict[str, Any]]


def read_arguments(call: Call) -> Mapping[str, Any]:
    """A method's arguments, from the query, a form or a JSON body, as Slack takes each. Raises SlackRefusal."""
    arguments: dict[str, Any] = dict(call.query)
    kind = call.header("Content-Type").split(";")[0].strip().lower()
    if not call.body:
        return arguments
    if kind == "application/json":
        try:
            body = call.json()
        except ValueError:
            raise SlackRefusal("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackRefusal("json_not_object")
        # A token in a JSON body is not looked at.
        return arguments | {name: value for name, value in body.items() if name != "token"}
    if kind == "application/x-www-form-urlencoded":
        return arguments | dict(parse_qsl(call.body.decode("utf-8"), keep_blank_values=True))
    raise SlackRefusal("invalid_form_data" if kind == "multipart/form-data" else "invalid_post_type")


def require(app: App, scope: str) -> None:
    """Refuse an app that wasn't granted a scope."""
    if scope and scope not in app.scopes:
        raise SlackRefusal("missing_scope", needed=scope, provided=",".join(app.scopes))


def find_channel(slack: Slack, asked: Asked) -> Channel:
    """The channel that is asked about, by id. Raises SlackRefusal."""
    channel = slack.channels.get(asked.text("channel"))
    if channel is None or (channel.is_private and asked.app.user_id not in channel.members):
        raise SlackRefusal("channel_not_found")
    return channel


def page(
    asked: Asked, things: list[Any], *, default: int, most: int, key: Callable[[Any], str], name: str
) -> tuple[list[Any], str]:
    """One page of things and the cursor to the next, empty at the end. A default of 0 means all."""
    limit = asked.number("limit", default)
    if limit < 0 or limit > most:
        raise SlackRefusal("invalid_limit")
    start = 0
    if cursor := asked.text("cursor"):
        try:
            kind, _, mark = base64.b64decode(cursor, validate=True).decode().partition(":")
        except ValueError:
            raise SlackRefusal("invalid_cursor") from None
        marks = [key(thing) for thing in things]
        if kind != name or mark not in marks:
            raise SlackRefusal("invalid_cursor")
        start = marks.index(mark)
    stop = len(things) if limit == 0 else start + limit
    if stop >= len(things):
        return things[start:], ""
    return things[start:stop], base64.b64encode(f"{name}:{key(things[stop])}".encode()).decode()


def read_json_argument(value: Any) -> Any:
    """An argument that is an object: itself in a JSON body, its JSON text in a form. Raises ValueError."""
    return json.loads(value) if isinstance(value, str) else value
