"""Slack over HTTP: every method against the sandbox."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cockpit.incident.facts import Channel, Record
from cockpit.sandbox import Sandbox
from cockpit.services import slack as slack_module
from cockpit.services.call import Call
from cockpit.services.errors import Forbidden, NotFound, Refused, ServiceError
from cockpit.services.slack import Slack


@pytest.fixture
async def channel(slack: Slack) -> Channel:
    """A channel of ours."""
    return await slack.create_channel("jupyterhub_u_inc_1924")


def record(sandbox: Sandbox, known: str = "r-1") -> Record:
    return Record(known, "note", "start.p1", "Ana Ruiz", sandbox.clock.now(), {"ticket": 4038})


async def say(sandbox: Sandbox, text: str, **more: Any) -> None:
    """Somebody else writes in the incident's channel, which the sandbox knows by its name."""
    event = {"kind": "post", "by": "ben", "text": text} | more
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{sandbox.url}/_sandbox/event", json=event)
        assert answer.json() == {"applied": True}


async def test_the_card_is_known_and_is_no_record(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    ts = await slack.post_card(channel.id, "▣ one & all")
    await slack.update_card(channel.id, ts, "▣ two")
    (found,) = [one for one in await slack.history(channel.id) if one.card]
    assert (found.ts, found.text, found.record) == (ts, "▣ two", None)
    stranger = Slack(sandbox.other_slack_token, sandbox.slack_url)
    await stranger.join(channel.id)
    await stranger.post_card(channel.id, "▣ not ours")
    assert [one.text for one in await slack.history(channel.id) if one.card] == ["▣ two"]
    with pytest.raises(Forbidden) as refused:
        await stranger.update_card(channel.id, ts, "▣ taken over")
    assert refused.value.code == "cant_update_message"
    await stranger.close()


async def test_colleagues_are_people_who_are_there(slack: Slack) -> None:
    assert [one.name for one in await slack.colleagues()] == ["Ana Ruiz", "Ben Okafor", "Kim Tanaka", "Lou Marsh"]


async def test_who_turned_up_later_is_no_colleague_unless_they_can_be_invited(
    slack: Slack, channel: Channel, sandbox: Sandbox
) -> None:
    """A bot that was installed since, and a stranger of whom Slack tells nothing."""
    colleagues = await slack.colleagues()
    users = sandbox.world.slack.users
    users["UBOT"] = replace(users[(await slack.me()).user_id], id="UBOT", name="New Bot")
    users["UNEW"] = replace(users[colleagues[0].id], id="UNEW", name="New Colleague")
    await say(sandbox, "ask <@UBOT>, <@UNOBODY> or <@UNEW>")
    assert (await slack.history(channel.id))[-1].text == "ask @New Bot, @UNOBODY or @New Colleague"
    assert [one.name for one in await slack.colleagues()] == [
        *(one.name for one in colleagues), "New Colleague"
    ]  # fmt: skip


async def test_me(slack: Slack) -> None:
    me = await slack.me()
    assert me.user_id
    assert me.bot_id
    assert {"chat:write", "channels:history"} <= me.scopes
    assert me.url.startswith("https://")


async def test_people(slack: Slack, sandbox: Sandbox) -> None:
    people = await slack.people()
    ana = next(one for one in people.values() if one.email == "ana.ruiz@example.org")
    assert ana.name == "Ana Ruiz"
    assert await slack.people() == people
    assert await slack.person(ana.id) is ana
    assert [request.path for request in sandbox.requests] == ["/users.list"]
    with pytest.raises(NotFound):
        await slack.person("UNOBODY")


async def test_create_find_and_read_a_channel(slack: Slack, channel: Channel) -> None:
    assert (channel.name, channel.member, channel.private, channel.archived) == (
        "jupyterhub_u_inc_1924",
        True,
        False,
        False,
    )
    assert channel.url.endswith(f"/archives/{channel.id}")
    assert await slack.channel(channel.id) == channel
    assert await slack.find_channel("jupyterhub_u_inc_1924") == channel
    assert await slack.find_channel("jupyterhub_u_inc_1925") is None
    with pytest.raises(Refused) as caught:
        await slack.create_channel("jupyterhub_u_inc_1924")
    assert caught.value.code == "name_taken"
    with pytest.raises(NotFound):
        await slack.channel("CNOSUCH")


async def test_a_channel_is_found_on_a_later_page(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_module, "CHANNELS_PAGE", 3)
    made = [await slack.create_channel(f"inc_{number}") for number in range(10)]
    for one in made:
        found = await slack.find_channel(one.name)
        assert found is not None
        assert found.id == one.id


async def test_an_archived_channel(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    world = sandbox.world.slack
    world.set_topic(world.channels[channel.id], "U1", "P1 &lt;hub&gt; &amp; more")
    assert (await slack.channel(channel.id)).topic == "P1 <hub> & more"
    world.archive(world.channels[channel.id], "U1")
    found = await slack.find_channel("jupyterhub_u_inc_1924")
    assert found is not None
    assert found.archived
    with pytest.raises(Refused) as caught:
        await slack.post(channel.id, "too late")
    assert caught.value.code == "is_archived"


async def test_join_and_invite(slack: Slack, channel: Channel) -> None:
    await slack.join(channel.id)
    people = {one.email: one.id for one in (await slack.people()).values()}
    await slack.invite(channel.id, [people["ana.ruiz@example.org"]])
    await slack.invite(channel.id, [people["ana.ruiz@example.org"]])
    await slack.invite(channel.id, [people["ana.ruiz@example.org"], people["kim.tanaka@example.org"]])
    members = await slack.members(channel.id)
    assert {"Ana Ruiz", "Kim Tanaka"} <= {one.name for one in members}
    assert [one.name for one in members] == sorted((one.name for one in members), key=str.casefold)
    with pytest.raises(ServiceError):
        await slack.invite(channel.id, ["UNOBODY"])


async def test_post_and_read_it_back(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    action = record(sandbox)
    words = "✔ Acknowledged <#1924> & told <!here> @here"
    ts = await slack.post(channel.id, words, action)
    message = (await slack.history(channel.id))[-1]
    assert (message.ts, message.text, message.bot, message.thread_ts) == (ts, words, True, None)
    assert message.record is not None
    assert message.record.ts == ts
    assert (message.record.id, message.record.step, message.record.data) == ("r-1", "start.p1", {"ticket": 4038})
    assert message.record.at == action.at


async def test_nothing_that_slack_tells_gets_into_a_log(
    slack: Slack, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.post(channel.id, "between us")
    assert (await slack.history(channel.id))[-1].text == "between us"
    assert "between us" not in caplog.text


async def test_a_message_of_ours_is_taken_away(slack: Slack, channel: Channel) -> None:
    ts = await slack.post(channel.id, "first")
    await slack.delete(channel.id, ts)
    await slack.delete(channel.id, ts)
    assert ts not in [one.ts for one in await slack.history(channel.id)]


async def test_pinning_names_the_scope_that_is_missing(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    sandbox.world.slack.apps["cockpit"].scopes.remove("pins:write")
    ts = await slack.post(channel.id, "pin me")
    with pytest.raises(Forbidden) as caught:
        await slack.pin(channel.id, ts)
    assert caught.value.permission == "the Slack scope pins:write"


async def test_find_post_by_its_record(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    start = sandbox.clock.now()
    ts = await slack.post(channel.id, "done", record(sandbox, "r-7"))
    assert await slack.find_post(channel.id, "r-7", start) == ts
    assert await slack.find_post(channel.id, "r-8", start) is None
    assert await slack.find_post(channel.id, "r-7", start + timedelta(hours=1)) is None
    sandbox.fault("slack", "500", path="conversations.history")
    with pytest.raises(ServiceError):
        await slack.find_post(channel.id, "r-8", start)


async def test_records_of_another_app_are_taken_only_where_it_is_trusted(
    slack: Slack, channel: Channel, sandbox: Sandbox, connect: Callable[..., Any]
) -> None:
    other: Slack = connect("slack", token=sandbox.other_slack_token)
    await other.join(channel.id)
    ts = await other.post(channel.id, "forged", record(sandbox, "r-forged"))
    theirs = (await other.me()).bot_id
    read = {one.ts: one for one in await slack.history(channel.id)}
    assert read[ts].record is None
    trusting: Slack = connect("slack", trusted_apps=frozenset({theirs}))
    taken = {one.ts: one for one in await trusting.history(channel.id)}[ts].record
    assert taken is not None
    assert taken.id == "r-forged"


async def test_history_of_many_pages_into_which_something_new_comes(
    slack: Slack, channel: Channel, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_module, "HISTORY_PAGE", 10)
    posted = [await slack.post(channel.id, f"line {number}") for number in range(35)]
    await slack.history(channel.id)
    before = len(sandbox.requests)
    sandbox.fault("slack", "slow", path="conversations.history", every=2, seconds=1.0)
    reading = asyncio.ensure_future(slack.history(channel.id))
    while len(sandbox.requests) < before + 2:
        await asyncio.sleep(0.01)
    await slack.post(channel.id, "meanwhile")
    found = [one.ts for one in await reading]
    assert found == sorted(set(found))
    assert [ts for ts in found if ts in posted] == posted
    sandbox.clear_faults()
    assert [one.text for one in await slack.history(channel.id)][-2:] == ["line 34", "meanwhile"]


class Told(dict[str, Any]):
    """A message as JSON, of which can be asked whether it is still there."""


async def test_a_page_of_many_is_let_go_before_the_next_is_read(
    slack: Slack, channel: Channel, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_module, "HISTORY_PAGE", 3)
    start = sandbox.clock.now()
    posted = [await slack.post(channel.id, f"line {number}", record(sandbox, f"r-{number}")) for number in range(12)]
    await slack.history(channel.id)
    ask, read, left = slack._ask, list[weakref.ref[Told]](), list[int]()

    async def watched(call: Call, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if method == "conversations.history":
            left.append(sum(one() is not None for one in read))
        body = await ask(call, method, arguments)
        if "messages" in body:
            body["messages"] = [Told(one) for one in body["messages"]]
            read.extend(map(weakref.ref, body["messages"]))
        return body

    monkeypatch.setattr(slack, "_ask", watched)
    gc.disable()
    try:
        assert [one.ts for one in await slack.history(channel.id)][-12:] == posted
        assert await slack.find_post(channel.id, "r-99", start) is None
    finally:
        gc.enable()
    assert len(left) >= 8
    assert left == [0] * len(left)
    left.clear()
    assert await slack.find_post(channel.id, "r-11", start) == posted[11]
    assert len(left) == 1, "it is in the newest page, and nothing earlier is asked for"
    assert await slack.find_post(channel.id, "r-1", start) == posted[1]


async def test_a_window_of_the_history(slack: Slack, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_module, "HISTORY_PAGE", 4)
    posted = [await slack.post(channel.id, f"line {number}") for number in range(12)]
    assert [one.ts for one in await slack.history(channel.id, oldest=posted[3])] == posted[3:]
    assert [one.ts for one in await slack.history(channel.id, oldest=posted[2], latest=posted[5])] == posted[2:6]
    assert [one.ts for one in await slack.history(channel.id, limit_total=6)] == posted[-6:]
    assert [one.ts for one in await slack.history(channel.id, limit_total=2)] == posted[-2:]


async def test_threads(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    await say(sandbox, "is it the image?", key="clue")
    await say(sandbox, "yes: it can't be pulled", thread="clue", by="kim")
    (parent,) = [one for one in await slack.history(channel.id) if one.reply_count]
    assert (parent.text, parent.reply_count, parent.author.name) == ("is it the image?", 1, "Ben Okafor")
    (reply,) = await slack.replies(channel.id, parent.ts)
    assert (reply.text, reply.thread_ts, reply.author.name) == ("yes: it can't be pulled", parent.ts, "Kim Tanaka")
    assert parent.latest_reply == reply.ts
    assert await slack.replies(channel.id, parent.ts, oldest=reply.ts) == (reply,)


async def test_a_reply_that_was_sent_to_the_channel_too_is_top_level_there(
    slack: Slack, channel: Channel, sandbox: Sandbox
) -> None:
    await say(sandbox, "is it the image?", key="clue")
    await say(sandbox, "for all to see", thread="clue", broadcast=True)
    shown = (await slack.history(channel.id))[-1]
    assert (shown.text, shown.subtype, shown.thread_ts) == ("for all to see", "thread_broadcast", None)


async def test_a_bot_that_is_not_in_the_channel_cannot_read_it(
    channel: Channel, sandbox: Sandbox, connect: Callable[..., Any]
) -> None:
    other: Slack = connect("slack", token=sandbox.other_slack_token)
    assert not (await other.channel(channel.id)).member
    with pytest.raises(Refused) as caught:
        await other.history(channel.id)
    assert caught.value.code == "not_in_channel"


async def test_without_the_right_to_see_people_their_ids_stand_for_them(
    slack: Slack, channel: Channel, sandbox: Sandbox
) -> None:
    await say(sandbox, "hello")
    sandbox.fault("slack", "403", path="users.")
    await say(sandbox, "see <@U1> <@U2> <@U3>")
    message = (await slack.history(channel.id))[-1]
    assert (message.author.name, message.text) == (message.author.id, "see @U1 @U2 @U3")
    asked = [request.path for request in sandbox.requests if request.path.startswith("/users.")]
    assert asked == ["/users.list", "/users.info"], "what is refused for one is refused for all"
    with pytest.raises(Forbidden):
        await slack.colleagues()


async def test_each_stranger_is_asked_for_once(slack: Slack, channel: Channel, sandbox: Sandbox) -> None:
    await slack.post(channel.id, "x")
    for _ in range(3):
        await slack.history(channel.id)
    asked = [request.path for request in sandbox.requests if request.path.startswith("/users.")]
    assert asked == ["/users.list"]


async def test_all_channels_archived_ones_too(slack: Slack, sandbox: Sandbox) -> None:
    made = await slack.create_channel("an_inc_1")
    other = await slack.create_channel("an_inc_2")
    sandbox.world.slack.archive(sandbox.world.slack.channels[other.id], "U1")
    found = {one.name: one for one in await slack.channels()}
    assert found["an_inc_1"].id == made.id
    assert found["an_inc_2"].archived
    assert list(found) == sorted(found)
