"""Slack's state as the JSON of its Web API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.sandbox.slack import App, Channel, Message, Slack, SlackUser


def channel_shape(slack: Slack, channel: Channel, viewer: str) -> dict[str, Any]:
    """A channel as a member or a stranger sees it."""

    def said(value: tuple[str, str, int]) -> dict[str, Any]:
        return {"value": value[0], "creator": value[1], "last_set": value[2]}

    return {
        "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": True,
        "is_group": False, "is_im": False, "is_mpim": False, "is_private": channel.is_private,
        "created": int(channel.created.timestamp()), "updated": int(channel.updated.timestamp() * 1000),
        "is_archived": channel.is_archived, "is_general": channel.is_general, "unlinked": 0,
        "is_shared": False, "is_org_shared": False, "is_ext_shared": False, "is_pending_ext_shared": False,
        "pending_shared": [], "context_team_id": slack.team_id, "shared_team_ids": [slack.team_id],
        "parent_conversation": None, "creator": channel.creator, "is_member": viewer in channel.members,
        "topic": said(channel.topic), "purpose": said(channel.purpose), "previous_names": [],
        "num_members": len(channel.members),
    }  # fmt: skip


def user_shape(slack: Slack, user: SlackUser, *, with_email: bool) -> dict[str, Any]:
    """A user; the address is there only for an app with `users:read.email`."""
    profile = {
        "real_name": user.name, "real_name_normalized": user.name, "display_name": user.handle,
        "display_name_normalized": user.handle, "status_text": "", "status_emoji": "", "team": slack.team_id,
        "avatar_hash": "", "image_72": "",
    }  # fmt: skip
    if with_email and user.email:
        profile["email"] = user.email
    return {
        "id": user.id, "team_id": slack.team_id, "name": user.handle, "deleted": False, "color": "4bbe2e",
        "real_name": user.name, "tz": user.time_zone, "tz_label": user.time_zone, "tz_offset": 0,
        "profile": profile, "is_admin": False, "is_owner": False, "is_primary_owner": False,
        "is_restricted": False, "is_ultra_restricted": False, "is_bot": user.is_bot, "is_app_user": False,
        "updated": 1_700_000_000, "is_email_confirmed": True,
    }  # fmt: skip


def bot_profile(slack: Slack, app: App) -> dict[str, Any]:
    """The profile of an app's bot, as a message carries it."""
    return {
        "id": app.bot_id, "app_id": app.id, "name": app.name, "icons": {}, "deleted": False,
        "updated": 1_700_000_000, "team_id": slack.team_id,
    }  # fmt: skip


def message_shape(slack: Slack, channel: Channel, message: Message, *, metadata: bool) -> dict[str, Any]:
    """A message; without `metadata` an app's metadata shows its type but not its payload."""
    replies = channel.replies(message.ts) if message.thread_ts is None else []
    if message.deleted:
        shape: dict[str, Any] = {
            "subtype": "tombstone", "user": "USLACKBOT", "type": "message", "ts": message.ts,
            "text": "This message was deleted.", "hidden": True,
        }  # fmt: skip
    else:
        shape = {"user": message.user, "type": "message", "ts": message.ts, "text": message.text}
        shape |= _details(slack, channel, message, metadata)
        if message.username is not None:
            del shape["user"]
    shape["team"] = slack.team_id
    if message.thread_ts is not None:
        parent = channel.ever(message.thread_ts)
        shape["thread_ts"] = message.thread_ts
        if parent is not None:
            shape["parent_user_id"] = parent.user
            if message.broadcast:
                shape["root"] = message_shape(slack, channel, parent, metadata=metadata)
    if replies:
        people = list(dict.fromkeys(one.user for one in replies))
        shape |= {
            "thread_ts": message.ts, "reply_count": len(replies), "reply_users_count": len(people),
            "latest_reply": replies[-1].ts, "reply_users": people, "is_locked": False, "subscribed": False,
        }  # fmt: skip
    return shape


def _details(slack: Slack, channel: Channel, message: Message, metadata: bool) -> dict[str, Any]:
    shape: dict[str, Any] = dict(message.extra)
    if message.subtype is not None:
        shape["subtype"] = message.subtype
    if message.app is not None:
        shape["bot_id"] = message.app.bot_id
        if message.app.id:
            shape |= {"app_id": message.app.id, "bot_profile": bot_profile(slack, message.app)}
    if message.username is not None:
        # A post under another name is nobody's: it names the bot, but no user.
        shape |= {"subtype": message.subtype or "bot_message", "username": message.username}
    if message.blocks is not None:
        shape["blocks"] = message.blocks
    if message.edited is not None:
        shape["edited"] = {"user": message.edited[0], "ts": message.edited[1]}
    if message.metadata is not None:
        shape["metadata"] = message.metadata if metadata else {"event_type": message.metadata["event_type"]}
    if message.reactions:
        shape["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    if any(pin[0] == message.ts for pin in channel.pins):
        shape["pinned_to"] = [channel.id]
    return shape


def permalink(slack: Slack, channel: Channel, message: Message) -> str:
    """The address of a message."""
    link = f"{slack.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts is not None:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return link
