"""Slack: the incident's channel, which is the shared log; who is in it; and what is posted there.

Every method raises the errors of `errors`; none sends anything twice. Text goes in and comes out as people
write it: the escaping is done here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.incident.text import to_slack
from cockpit.services import slack_record
from cockpit.services import slack_wire as wire
from cockpit.services.address import Secret, sealed
from cockpit.services.call import TIMEOUT, Call
from cockpit.services.client import utc_now
from cockpit.services.errors import Refused
from cockpit.services.slack_line import slack_call
from cockpit.services.slack_people import SlackPeople
from cockpit.services.slack_wire import Identity, Trust
from cockpit.services.wire import Json, identifier, items, line, obj, readable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from cockpit.incident.facts import Channel, Message, Person, Record

HISTORY_PAGE = 999
"""The most messages that Slack puts into a page of history or replies."""

CHANNELS_PAGE = 999
"""The most channels to a page of the list."""

CLOCK_MARGIN = timedelta(minutes=10)
"""How far before the moment of sending a message is looked for, since the clocks may differ."""


class Slack(SlackPeople):
    """A Slack workspace, through a bot's token."""

    def __init__(
        self,
        token: str | Secret,
        api_url: str = "https://slack.com/api/",
        trusted_apps: frozenset[str] = frozenset(),
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`trusted_apps` holds the app or bot ids whose records are believed besides our own bot's."""
        token = sealed(token, "Slack token")
        super().__init__(token, api_url, timeout=timeout, now=now, read_only=read_only)
        self._trusted = trusted_apps
        self._identity: Identity | None = None

    # --- who ------------------------------------------------------------------------------------------------

    async def me(self) -> Identity:
        """Who the token is and what it may do; asked afresh each time."""
        call = slack_call("read who the Slack token belongs to")
        body, headers = await self._ask_all(call, "auth.test")
        self._identity = call.read(lambda one: wire.identity(one, headers.get("x-oauth-scopes", "")), body)
        return self._identity

    async def who(self) -> Identity:
        """The same, from memory where it was asked before."""
        return self._identity or await self.me()

    # --- channels -------------------------------------------------------------------------------------------

    async def channel(self, channel_id: str) -> Channel:
        """The channel with that id."""
        call = slack_call(f"read Slack channel {channel_id}", needs="the Slack scope channels:read")
        url = (await self.who()).url
        body = await self._ask(call, "conversations.info", {"channel": channel_id})
        return call.read(lambda one: wire.channel(one, url), body.get("channel"))

    async def find_channel(self, name: str) -> Channel | None:
        """The public channel with that name, archived ones too, or None."""
        call = slack_call(f"look for Slack channel #{name}", needs="the Slack scope channels:read")
        url = (await self.who()).url
        arguments = {"types": "public_channel", "exclude_archived": False, "limit": CHANNELS_PAGE}
        async for body in self._pages(call, "conversations.list", arguments):
            for one in readable(lambda value: wire.channel(value, url), items(body.get("channels"))):
                if one.name == name:
                    return one
        return None

    async def channels(self) -> tuple[Channel, ...]:
        """All public channels, archived ones too, by name: for who looks for many, since each page is one call."""
        call = slack_call("list the Slack channels", needs="the Slack scope channels:read")
        url = (await self.who()).url
        arguments = {"types": "public_channel", "exclude_archived": False, "limit": CHANNELS_PAGE}
        found: dict[str, Channel] = {}
        async for body in self._pages(call, "conversations.list", arguments):
            listed = readable(lambda value: wire.channel(value, url), items(body.get("channels")))
            found |= {one.id: one for one in listed}
        return tuple(sorted(found.values(), key=lambda one: one.name))

    async def create_channel(self, name: str) -> Channel:
        """Open a public channel. `Refused` with code `name_taken` where there is one, archived perhaps."""
        call = _writing(f"create Slack channel #{name}", "the Slack scope channels:manage")
        url = (await self.who()).url
        body = await self._ask(call, "conversations.create", {"name": name, "is_private": False})
        return call.read(lambda one: wire.channel(one, url), body.get("channel"))

    async def join(self, channel_id: str) -> None:
        """Let the bot into a public channel; nothing happens where it is in already."""
        call = replace(_writing(f"join Slack channel {channel_id}", "the Slack scope channels:join"), repeatable=True)
        await self._ask(call, "conversations.join", {"channel": channel_id})

    async def members(self, channel_id: str) -> tuple[Person, ...]:
        """Who is in the channel, by name."""
        call = slack_call(f"read who is in Slack channel {channel_id}", needs="the Slack scope channels:read")
        arguments = {"channel": channel_id, "limit": CHANNELS_PAGE}
        pages = self._pages(call, "conversations.members", arguments)
        ids = {line(one) for body in [page async for page in pages] for one in items(body.get("members"))}
        people = await self._named(filter(None, ids))
        return tuple(sorted((people[one] for one in ids if one), key=lambda one: (one.name.casefold(), one.id)))

    async def invite(self, channel_id: str, user_ids: Sequence[str]) -> None:
        """Bring these users into the channel; those who are in already are no fault."""
        call = _writing(
            f"invite {len(user_ids)} people into Slack channel {channel_id}",
            "the Slack scope channels:manage",
        )
        arguments = {
            "channel": channel_id,
            "users": ",".join(user_ids),
            "force": True if len(user_ids) > 1 else None,
        }
        try:
            body = await self._ask(call, "conversations.invite", arguments)
        except Refused as refusal:
            if refusal.code in _IN_ALREADY and len(user_ids) == 1:
                return
            raise
        # With `force` the others are invited, and each refusal is told.
        faults = [line(obj(one).get("error")) for one in items(body.get("errors"))]
        if left_out := [fault for fault in faults if fault not in _IN_ALREADY]:
            raise call.refused(f"some people weren't let in ({', '.join(left_out)})", code=left_out[0])

    # --- messages -------------------------------------------------------------------------------------------

    async def history(
        self,
        channel_id: str,
        oldest: str | None = None,
        latest: str | None = None,
        limit_total: int | None = None,
    ) -> tuple[Message, ...]:
        """The top-level messages from `oldest` to `latest` (timestamps, both included), oldest first.

        With `limit_total` only the newest so many.
        """
        call = slack_call(f"read Slack channel {channel_id}", needs="the Slack scope channels:history")
        page = min(limit_total or HISTORY_PAGE, HISTORY_PAGE)
        found: dict[str, Message] = {}
        async for listed in self._history(call, _window(channel_id, oldest, latest, page)):
            found |= {one.ts: one for one in await self._messages(listed, reply=False)}
            del listed
            if limit_total is not None and len(found) >= limit_total:
                break
        read = _in_order(found.values())
        return read if limit_total is None else read[-limit_total:]

    async def replies(self, channel_id: str, thread_ts: str, oldest: str | None = None) -> tuple[Message, ...]:
        """The replies in a thread, without its parent, oldest first; from `oldest` on, where given."""
        call = slack_call(f"read a thread in Slack channel {channel_id}", needs="the Slack scope channels:history")
        arguments = _window(channel_id, oldest, None, HISTORY_PAGE) | {"ts": thread_ts}
        found: dict[str, Json] = {}
        async for body in self._pages(call, "conversations.replies", arguments):
            found |= {line(one.get("ts")): one for one in map(obj, items(body.get("messages")))}
        found.pop(thread_ts, None)
        return _in_order(await self._messages(found.values(), reply=True))

    async def post(self, channel_id: str, text: str, record: Record | None = None) -> str:
        """Post a top-level message, carrying `record` where given; its timestamp."""
        call = _writing(f"post in Slack channel {channel_id}", "the Slack scope chat:write")
        # Links aren't unfolded: a timeline is lines, not pictures.
        content = {"text": to_slack(text), "unfurl_links": False, "unfurl_media": False}
        if record is not None:
            content["metadata"] = slack_record.metadata(record, self._now())
        body = await self._ask(call, "chat.postMessage", {"channel": channel_id} | content)
        return call.read(lambda one: identifier(one.get("ts"), "a message"), body)

    async def find_post(self, channel_id: str, record_id: str, since: datetime) -> str | None:
        """The timestamp of the message carrying the record with that id, posted at `since` or later, or None.

        Only a message whose poster is believed is one. None is certain: where not all of the history could be read, or
        nobody's records are believed, this raises.
        """
        call = slack_call(f"look for a message in Slack channel {channel_id}", needs="the Slack scope channels:history")
        margin = CLOCK_MARGIN + abs(self.skew or timedelta())
        trust = await self._trust()
        if not trust.anybody:
            raise call.refused("which notes are ours can't be told with a person's token; use the bot's (xoxb-…)")
        oldest = max(0.0, since.timestamp() - margin.total_seconds())
        found: list[str] = []
        async for listed in self._history(call, _window(channel_id, f"{oldest:.6f}", None, HISTORY_PAGE)):
            ours = (one for one in listed if slack_record.record_id(one) == record_id and trust.covers(one))
            found += [line(one.get("ts")) for one in ours]
            del listed, ours
            if found:
                break  # what is there is there, whatever was posted earlier
        return min(found, key=slack_record.order, default=None)

    async def post_card(self, channel_id: str, text: str) -> str:
        """Post the status card; its timestamp."""
        call = _writing(f"post the status card in Slack channel {channel_id}", "the Slack scope chat:write")
        content = _card(text) | {"unfurl_links": False}
        body = await self._ask(call, "chat.postMessage", {"channel": channel_id} | content)
        return call.read(lambda one: identifier(one.get("ts"), "a message"), body)

    async def update_card(self, channel_id: str, ts: str, text: str) -> None:
        """Put another text into the status card."""
        call = _writing(f"edit the status card in Slack channel {channel_id}", "the Slack scope chat:write")
        await self._ask(call, "chat.update", {"channel": channel_id, "ts": ts} | _card(text))

    async def delete(self, channel_id: str, ts: str) -> None:
        """Take a message of ours away; nothing happens where it is gone already."""
        call = _writing(f"delete a message in Slack channel {channel_id}", "the Slack scope chat:write")
        await self._ask_unless(call, "chat.delete", {"channel": channel_id, "ts": ts}, "message_not_found")

    async def pin(self, channel_id: str, ts: str) -> None:
        """Pin a message; nothing happens where it is pinned already."""
        call = _writing(f"pin a message in Slack channel {channel_id}", "the Slack scope pins:write")
        await self._ask_unless(call, "pins.add", {"channel": channel_id, "timestamp": ts}, "already_pinned")

    # --- how ------------------------------------------------------------------------------------------------

    async def _trust(self) -> Trust:
        return Trust(await self.who(), self._trusted)

    async def _ask_unless(self, call: Call, method: str, arguments: Json, done_already: str) -> None:
        try:
            await self._ask(call, method, arguments)
        except Refused as refusal:
            if refusal.code != done_already:
                raise

    async def _history(self, call: Call, window: Json) -> AsyncIterator[list[Json]]:
        """The messages as they came, a page at a time, the newest first; one may be told twice, since others arrive.

        A page is large, some megabytes as JSON: whoever reads many lets go of each before the next is asked for.
        """
        async for body in self._pages(call, "conversations.history", window):
            yield [one for one in map(obj, items(body.get("messages"))) if line(one.get("ts"))]
            del body

    async def _messages(self, found: Iterable[Json], *, reply: bool) -> list[Message]:
        trust = await self._trust()
        listed = list(found)
        people = await self._named(wire.people_in(listed))
        mentions = wire.names(people)
        return readable(lambda one: wire.message(one, people, mentions, trust, reply=reply), listed)


def _in_order(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(sorted(messages, key=lambda one: slack_record.order(one.ts)))


_IN_ALREADY = frozenset({"already_in_channel", "cant_invite_self"})


def _writing(doing: str, needs: str) -> Call:
    return slack_call(doing, write=True, needs=needs)


def _window(channel_id: str, oldest: str | None, latest: str | None, page: int) -> Json:
    return {
        "channel": channel_id,
        "oldest": oldest,
        "latest": latest,
        "inclusive": True,
        "include_all_metadata": True,
        "limit": page,
    }


def _card(text: str) -> Json:
    return {"text": to_slack(text), "metadata": slack_record.card_metadata()}
