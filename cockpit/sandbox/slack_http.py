"""Slack's Web API: who may ask, how arguments arrive, and the methods about channels and users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.sandbox.exchange import Answer, Call
from cockpit.sandbox.slack import App, Channel, Slack, SlackRefusal
from cockpit.sandbox.slack_arguments import Asked, Method, find_channel, page, read_arguments, require
from cockpit.sandbox.slack_messages import SlackMessages
from cockpit.sandbox.slack_shapes import channel_shape, user_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cockpit.sandbox.world import World


class SlackApi:
    """Answers what is asked under Slack's base URL, `…/api/`."""

    def __init__(self, world: World) -> None:
        self.slack: Slack = world.slack
        self.present = world.present
        self.methods: dict[str, Method] = {
            "auth.test": Method("", self._auth_test),
            "conversations.create": Method("channels:manage", self._create),
            "conversations.list": Method("channels:read", self._list),
            "conversations.info": Method("channels:read", self._info),
            "conversations.join": Method("channels:join", self._join),
            "conversations.invite": Method("channels:manage", self._invite),
            "conversations.members": Method("channels:read", self._members),
            "conversations.setTopic": Method("channels:manage", self._set_topic),
            "conversations.setPurpose": Method("channels:manage", self._set_purpose),
            "conversations.archive": Method("channels:manage", self._archive),
            "users.info": Method("users:read", self._user_info),
            "users.list": Method("users:read", self._user_list),
            "users.lookupByEmail": Method("users:read.email", self._user_by_email),
            **SlackMessages(self.slack).methods,
        }

    def handle(self, call: Call) -> Answer:
        """Answer one request: always 200, `ok` says whether it was granted."""
        headers: dict[str, str] = {}
        try:
            app, arguments = self._authenticated(call)
            headers["x-oauth-scopes"] = ",".join(app.scopes)
            method = self.methods.get(call.path.strip("/"))
            if method is None:
                raise SlackRefusal("unknown_method", req_method=call.path.strip("/"))
            headers["x-accepted-oauth-scopes"] = method.scope
            require(app, method.scope)
            body = {"ok": True} | method.handler(Asked(app, arguments))
        except SlackRefusal as refusal:
            body = {"ok": False, "error": refusal.error} | refusal.extra
        return Answer(200, body, headers)

    def _authenticated(self, call: Call) -> tuple[App, Mapping[str, Any]]:
        arguments = read_arguments(call)
        token = call.header("Authorization").removeprefix("Bearer ").strip() or str(arguments.get("token", ""))
        if not token:
            raise SlackRefusal("not_authed")
        app = self.slack.app_of_token(token)
        if app is None:
            raise SlackRefusal("invalid_auth")
        return app, arguments

    def _channel(self, asked: Asked) -> Channel:
        return find_channel(self.slack, asked)

    def _open_channel(self, asked: Asked) -> Channel:
        """A channel that the bot is in and that isn't archived."""
        channel = self._channel(asked)
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        if asked.app.user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        return channel

    def _shape(self, asked: Asked, channel: Channel) -> dict[str, Any]:
        return channel_shape(self.slack, channel, asked.app.user_id)

    def _auth_test(self, asked: Asked) -> dict[str, Any]:
        return {
            "url": self.slack.url, "team": self.slack.team_name, "team_id": self.slack.team_id,
            "user": self.slack.users[asked.app.user_id].handle, "user_id": asked.app.user_id,
            "bot_id": asked.app.bot_id, "is_enterprise_install": False,
        }  # fmt: skip

    def _create(self, asked: Asked) -> dict[str, Any]:
        private = asked.flag("is_private")
        if private:
            require(asked.app, "groups:write")
        channel = self.slack.create_channel(asked.text("name"), asked.app.user_id, is_private=private)
        return {"channel": self._shape(asked, channel)}

    def _list(self, asked: Asked) -> dict[str, Any]:
        kinds = [kind.strip() for kind in asked.text("types", "public_channel").split(",")]
        if unknown := set(kinds) - {"public_channel", "private_channel", "mpim", "im"}:
            raise SlackRefusal("invalid_types", response_metadata={"messages": sorted(unknown)})
        channels = [
            one
            for one in self.slack.channels.values()
            if ("private_channel" if one.is_private else "public_channel") in kinds
            and not (asked.flag("exclude_archived") and one.is_archived)
            and (not one.is_private or asked.app.user_id in one.members)
        ]
        part, cursor = page(asked, channels, default=100, most=1000, key=lambda one: one.id, name="channel")
        return {
            "channels": [self._shape(asked, one) for one in part],
            "response_metadata": {"next_cursor": cursor},
        }

    def _info(self, asked: Asked) -> dict[str, Any]:
        shape = self._shape(asked, self._channel(asked))
        if not asked.flag("include_num_members"):
            del shape["num_members"]
        return {"channel": shape}

    def _join(self, asked: Asked) -> dict[str, Any]:
        channel = self._channel(asked)
        if channel.is_private:
            raise SlackRefusal("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        answer: dict[str, Any] = {}
        if not self.slack.join(channel, asked.app.user_id):
            warning = "already_in_channel"
            answer = {"warning": warning, "response_metadata": {"warnings": [warning]}}
        return {"channel": self._shape(asked, channel)} | answer

    def _invite(self, asked: Asked) -> dict[str, Any]:
        channel = self._open_channel(asked)
        wanted = [one.strip() for one in asked.text("users").split(",") if one.strip()]
        if not wanted:
            raise SlackRefusal("no_user")
        problems = []
        for user_id in wanted:
            if user_id not in self.slack.users:
                problems.append({"user": user_id, "ok": False, "error": "user_not_found"})
            elif user_id == asked.app.user_id:
                problems.append({"user": user_id, "ok": False, "error": "cant_invite_self"})
            elif user_id in channel.members:
                problems.append({"user": user_id, "ok": False, "error": "already_in_channel"})
        # One that can't be invited refuses them all, unless `force` is set.
        if problems and not (asked.flag("force") and len(problems) < len(wanted)):
            raise SlackRefusal(str(problems[0]["error"]), errors=problems)
        refused = {problem["user"] for problem in problems}
        for user_id in wanted:
            if user_id not in refused:
                self.slack.join(channel, user_id, inviter=asked.app.user_id)
        return {"channel": self._shape(asked, channel)} | ({"errors": problems} if problems else {})

    def _members(self, asked: Asked) -> dict[str, Any]:
        channel = self._channel(asked)
        part, cursor = page(asked, channel.members, default=100, most=1000, key=lambda one: one, name="user")
        return {"members": part, "response_metadata": {"next_cursor": cursor}}

    def _set_topic(self, asked: Asked) -> dict[str, Any]:
        channel = self._open_channel(asked)
        topic = asked.text("topic")
        if len(topic) > 250:
            raise SlackRefusal("too_long")
        self.slack.set_topic(channel, asked.app.user_id, topic)
        return {"channel": self._shape(asked, channel)}

    def _set_purpose(self, asked: Asked) -> dict[str, Any]:
        channel = self._open_channel(asked)
        purpose = asked.text("purpose")
        if len(purpose) > 250:
            raise SlackRefusal("too_long")
        self.slack.set_purpose(channel, asked.app.user_id, purpose)
        return {"channel": self._shape(asked, channel)}

    def _archive(self, asked: Asked) -> dict[str, Any]:
        channel = self._channel(asked)
        if channel.is_archived:
            raise SlackRefusal("already_archived")
        if channel.is_general:
            raise SlackRefusal("cant_archive_general")
        if asked.app.user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        self.slack.archive(channel, asked.app.user_id)
        return {}

    def _user_shape(self, asked: Asked, user_id: str) -> dict[str, Any]:
        with_email = "users:read.email" in asked.app.scopes
        return user_shape(self.slack, self.slack.users[user_id], with_email=with_email)

    def _user_info(self, asked: Asked) -> dict[str, Any]:
        if asked.text("user") not in self.slack.users:
            raise SlackRefusal("user_not_found")
        return {"user": self._user_shape(asked, asked.text("user"))}

    def _user_list(self, asked: Asked) -> dict[str, Any]:
        users = list(self.slack.users)
        part, cursor = page(asked, users, default=0, most=1000, key=lambda one: one, name="user")
        return {
            "members": [self._user_shape(asked, one) for one in part],
            "cache_ts": self.slack.seconds(),
            "response_metadata": {"next_cursor": cursor},
        }

    def _user_by_email(self, asked: Asked) -> dict[str, Any]:
        address = asked.text("email").lower()
        for user in self.slack.users.values():
            if user.email and user.email.lower() == address:
                return {"user": self._user_shape(asked, user.id)}
        raise SlackRefusal("users_not_found")
