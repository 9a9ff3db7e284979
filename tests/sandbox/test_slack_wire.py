"""Slack's strictness: tokens, scopes, argument kinds, what history shows, and who may change what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire

METADATA = {"event_type": "cockpit_action", "event_payload": {"id": "a1", "kind": "note"}}


async def history(wire: Wire, channel: str, **arguments: Any) -> list[dict[str, Any]]:
    answer = await wire.slack("conversations.history", channel=channel, **arguments)
    assert answer["ok"], answer
    messages: list[dict[str, Any]] = answer["messages"]
    return messages


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in messages if "subtype" not in one or one["subtype"] == "thread_broadcast"]


async def test_every_refusal_is_a_200_that_is_not_ok(wire: Wire) -> None:
    url = wire.sandbox.slack_url + "auth.test"
    missing = await wire.send("POST", url)
    assert (missing.status, missing.body) == (200, {"ok": False, "error": "not_authed"})
    wrong = await wire.send("POST", url, headers={"Authorization": "Bearer xoxb-wrong"})
    assert (wrong.status, wrong.body) == (200, {"ok": False, "error": "invalid_auth"})
    assert (await wire.slack("conversations.explode"))["error"] == "unknown_method"


async def test_auth_test_says_who_the_bot_is_and_its_scopes(wire: Wire) -> None:
    headers = {"Authorization": f"Bearer {wire.credentials['slack_token']}"}
    reply = await wire.send("POST", wire.sandbox.slack_url + "auth.test", headers=headers)
    assert reply.body["ok"]
    assert reply.body["bot_id"].startswith("B")
    assert "chat:write" in reply.headers["x-oauth-scopes"].split(",")


async def test_arguments_come_as_json_as_a_form_or_in_the_query(wire: Wire) -> None:
    channel = await wire.channel()
    token = wire.credentials["slack_token"]
    url = wire.sandbox.slack_url
    form = {"token": token, "channel": channel, "text": "in a form", "metadata": json.dumps(METADATA)}
    assert (await wire.send("POST", url + "chat.postMessage", data=form)).body["ok"]
    headers = {"Authorization": f"Bearer {token}"}
    query = {"channel": channel, "include_all_metadata": "true"}
    reply = await wire.send("GET", url + "conversations.history", params=query, headers=headers)
    assert reply.body["messages"][0]["metadata"] == METADATA
    bad = await wire.send("POST", url + "auth.test", headers=headers, data="{", skip_auto_headers=["Content-Type"])
    assert bad.body["error"] == "invalid_post_type"
    json_headers = headers | {"Content-Type": "application/json"}
    assert (await wire.send("POST", url + "auth.test", headers=json_headers, data="{")).body["error"] == "invalid_json"
    # A token inside a JSON body counts for nothing.
    reply = await wire.send("POST", url + "auth.test", json={"token": token})
    assert reply.body["error"] == "not_authed"


async def test_a_missing_scope_is_named(wire: Wire) -> None:
    app = wire.sandbox.world.slack.apps["cockpit"]
    app.scopes.remove("channels:history")
    app.scopes.remove("pins:write")
    channel = await wire.channel()
    answer = await wire.slack("conversations.history", channel=channel)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert "channels:read" in answer["provided"].split(",")
    ts = await wire.post(channel, "hello")
    assert (await wire.slack("pins.add", channel=channel, timestamp=ts))["needed"] == "pins:write"


async def test_a_channels_name_is_checked_and_taken_once(wire: Wire) -> None:
    await wire.channel("hub_inc_1")
    for name, error in [
        ("hub_inc_1", "name_taken"),
        ("Hub", "invalid_name_specials"),
        ("a b", "invalid_name_specials"),
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
    ]:
        assert (await wire.slack("conversations.create", name=name))["error"] == error
    assert (await wire.slack("conversations.create", name="secret", is_private=True))["needed"] == "groups:write"


async def test_a_bot_reads_and_writes_only_where_it_is_a_member(wire: Wire) -> None:
    channel = await wire.channel()
    other = wire.sandbox.other_slack_token
    assert (await wire.slack("conversations.history", token=other, channel=channel))["error"] == "not_in_channel"
    refused = await wire.slack("chat.postMessage", token=other, channel=channel, text="x")
    assert refused["error"] == "not_in_channel"
    ben = wire.sandbox.person("ben").slack_id
    for method in ("conversations.invite", "conversations.setTopic", "conversations.archive"):
        answer = await wire.slack(method, token=other, channel=channel, users=ben, topic="x")
        assert answer["error"] == "not_in_channel", method
    assert (await wire.slack("conversations.join", token=other, channel=channel))["ok"]
    again = await wire.slack("conversations.join", token=other, channel=channel)
    assert again["warning"] == "already_in_channel"
    assert (await wire.slack("chat.postMessage", token=other, channel=channel, text="x"))["ok"]
    for method in ("conversations.history", "conversations.info", "conversations.join", "chat.postMessage"):
        assert (await wire.slack(method, channel="CNOWHERE", text="x"))["error"] == "channel_not_found"


async def test_history_shows_top_level_only_and_newest_first(wire: Wire) -> None:
    channel = await wire.channel()
    first = await wire.post(channel, "first")
    await wire.post(channel, "in the thread", thread_ts=first)
    await wire.post(channel, "shown to all", thread_ts=first, reply_broadcast=True)
    await wire.post(channel, "second")
    messages = await history(wire, channel)
    assert texts(messages) == ["second", "shown to all", "first"]
    parent = messages[2]
    assert (parent["reply_count"], parent["thread_ts"]) == (2, first)
    broadcast = messages[1]
    assert (broadcast["subtype"], broadcast["thread_ts"], broadcast["root"]["ts"]) == ("thread_broadcast", first, first)
    replies = (await wire.slack("conversations.replies", channel=channel, ts=first))["messages"]
    assert [one["text"] for one in replies] == ["first", "in the thread", "shown to all"]
    assert (await wire.slack("conversations.replies", channel=channel, ts="1.000000"))["error"] == "thread_not_found"


async def test_a_window_of_history_leaves_its_ends_out_unless_inclusive(wire: Wire) -> None:
    channel = await wire.channel()
    one, two, three = [await wire.post(channel, text) for text in ("one", "two", "three")]
    assert texts(await history(wire, channel, oldest=one, latest=three)) == ["two"]
    assert texts(await history(wire, channel, oldest=one, latest=three, inclusive=True)) == ["three", "two", "one"]
    assert texts(await history(wire, channel, oldest=two)) == ["three"]


async def test_history_is_paged_by_cursor_and_a_new_message_does_not_shift_it(wire: Wire) -> None:
    channel = await wire.channel()
    for number in range(5):
        await wire.post(channel, f"message {number}")
    first = await wire.slack("conversations.history", channel=channel, limit=2)
    assert texts(first["messages"]) == ["message 4", "message 3"]
    assert first["has_more"]
    await wire.post(channel, "arrived in between")
    cursor = first["response_metadata"]["next_cursor"]
    second = await wire.slack("conversations.history", channel=channel, limit=2, cursor=cursor)
    assert texts(second["messages"]) == ["message 2", "message 1"]
    cursor = second["response_metadata"]["next_cursor"]
    third = await wire.slack("conversations.history", channel=channel, limit=50, cursor=cursor)
    assert texts(third["messages"]) == ["message 0"]
    assert third["messages"][-1]["subtype"] == "channel_join"
    assert not third["has_more"]
    assert "response_metadata" not in third
    bad = await wire.slack("conversations.history", channel=channel, cursor="nonsense")
    assert bad["error"] == "invalid_cursor"
    assert (await wire.slack("conversations.history", channel=channel, limit=1000))["error"] == "invalid_limit"


async def test_a_thread_is_paged_oldest_first_with_its_parent_on_every_page(wire: Wire) -> None:
    channel = await wire.channel()
    parent = await wire.post(channel, "parent")
    for number in range(3):
        await wire.post(channel, f"reply {number}", thread_ts=parent)
    first = await wire.slack("conversations.replies", channel=channel, ts=parent, limit=2)
    assert [one["text"] for one in first["messages"]] == ["parent", "reply 0", "reply 1"]
    cursor = first["response_metadata"]["next_cursor"]
    second = await wire.slack("conversations.replies", channel=channel, ts=parent, limit=2, cursor=cursor)
    assert [one["text"] for one in second["messages"]] == ["parent", "reply 2"]


async def test_the_payload_of_metadata_is_shown_only_on_request(wire: Wire) -> None:
    channel = await wire.channel()
    await wire.post(channel, "with metadata", metadata=METADATA)
    assert (await history(wire, channel))[0]["metadata"] == {"event_type": "cockpit_action"}
    shown = (await history(wire, channel, include_all_metadata=True))[0]
    assert shown["metadata"] == METADATA
    assert shown["bot_id"].startswith("B")
    assert shown["app_id"].startswith("A")
    bads: list[Any] = ["{", {"event_type": "x"}, {"event_type": "x", "event_payload": "text"}, {"event_payload": {}}]
    for bad in bads:
        answer = await wire.slack("chat.postMessage", channel=channel, text="x", metadata=bad)
        assert answer["error"] == "invalid_metadata_format"


async def test_an_edit_shows_and_a_deletion_vanishes(wire: Wire) -> None:
    channel = await wire.channel()
    kept, gone, parent = [await wire.post(channel, text) for text in ("kept", "gone", "parent")]
    await wire.post(channel, "reply", thread_ts=parent)
    assert (await wire.slack("chat.update", channel=channel, ts=kept, text="changed"))["text"] == "changed"
    for ts in (gone, parent):
        assert (await wire.slack("chat.delete", channel=channel, ts=ts))["ok"]
    messages = await history(wire, channel)
    assert [one["text"] for one in messages[:2]] == ["This message was deleted.", "changed"]
    assert messages[0]["subtype"] == "tombstone"
    assert messages[1]["edited"]["user"] == messages[1]["user"]
    assert messages[1]["ts"] == kept
    assert "gone" not in [one["text"] for one in messages]
    assert (await wire.slack("chat.delete", channel=channel, ts=gone))["error"] == "message_not_found"


async def test_nobody_changes_somebody_elses_message(wire: Wire) -> None:
    channel = await wire.channel()
    ts = await wire.post(channel, "mine")
    other = wire.sandbox.other_slack_token
    await wire.slack("conversations.join", token=other, channel=channel)
    update = await wire.slack("chat.update", token=other, channel=channel, ts=ts, text="theirs")
    assert update["error"] == "cant_update_message"
    delete = await wire.slack("chat.delete", token=other, channel=channel, ts=ts)
    assert delete["error"] == "cant_delete_message"


async def test_text_is_escaped_linked_and_cut_as_slack_does(wire: Wire) -> None:
    channel = await wire.channel()
    await wire.post(channel, "a & b < c &amp; <@U123> https://x.example/y?z=1. <https://x.example|it>")
    expected = "a &amp; b &lt; c &amp; <@U123> <https://x.example/y?z=1>. <https://x.example|it>"
    assert (await history(wire, channel))[0]["text"] == expected
    await wire.post(channel, "x" * 40_001)
    assert len((await history(wire, channel))[0]["text"]) == 40_000
    assert (await wire.slack("chat.postMessage", channel=channel, text=" "))["error"] == "no_text"


async def test_a_post_under_another_name_is_nobodys_and_needs_the_scope(wire: Wire) -> None:
    channel = await wire.channel()
    await wire.post(channel, "as Ana", username="Ana Ruiz")
    message = (await history(wire, channel))[0]
    assert (message["subtype"], message["username"]) == ("bot_message", "Ana Ruiz")
    assert "user" not in message
    wire.sandbox.world.slack.apps["cockpit"].scopes.remove("chat:write.customize")
    await wire.post(channel, "as nobody else", username="Ana Ruiz")
    assert "username" not in (await history(wire, channel))[0]


async def test_inviting(wire: Wire) -> None:
    channel = await wire.channel()
    ben, kim = wire.sandbox.person("ben").slack_id, wire.sandbox.person("kim").slack_id
    assert (await wire.slack("conversations.invite", channel=channel, users=f"{ben},{kim}"))["ok"]
    members = (await wire.slack("conversations.members", channel=channel))["members"]
    assert {ben, kim} < set(members)
    joined = (await history(wire, channel))[0]
    assert (joined["subtype"], joined["user"]) == ("channel_join", kim)
    for users, error in [(ben, "already_in_channel"), ("UNOBODY", "user_not_found"), ("", "no_user")]:
        assert (await wire.slack("conversations.invite", channel=channel, users=users))["error"] == error


async def test_an_archived_channel_is_read_only(wire: Wire) -> None:
    channel = await wire.channel()
    ts = await wire.post(channel, "last words")
    assert (await wire.slack("conversations.archive", channel=channel))["ok"]
    assert (await wire.slack("conversations.archive", channel=channel))["error"] == "already_archived"
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("chat.postMessage", {"text": "x"}),
        ("chat.update", {"ts": ts, "text": "x"}),
        ("conversations.join", {}),
        ("conversations.setTopic", {"topic": "x"}),
        ("conversations.invite", {"users": wire.sandbox.person("ben").slack_id}),
    ]
    for method, arguments in attempts:
        assert (await wire.slack(method, channel=channel, **arguments))["error"] == "is_archived", method
    assert "last words" in texts(await history(wire, channel))
    listed = (await wire.slack("conversations.list", exclude_archived=True))["channels"]
    assert channel not in [one["id"] for one in listed]


async def test_channels_are_listed_by_cursor(wire: Wire) -> None:
    for number in range(3):
        await wire.channel(f"hub_inc_{number}")
    names: list[str] = []
    cursor = ""
    while True:
        page = await wire.slack("conversations.list", limit=2, cursor=cursor)
        names += [one["name"] for one in page["channels"]]
        if not (cursor := page["response_metadata"]["next_cursor"]):
            break
    assert names == ["general", "support-freshdesk", "hub_inc_0", "hub_inc_1", "hub_inc_2"]
    assert (await wire.slack("conversations.list", cursor="bm9uZQ=="))["error"] == "invalid_cursor"


async def test_topic_purpose_pins_permalinks_and_reactions(wire: Wire) -> None:
    wire.sandbox.world.slack.apps["cockpit"].scopes += ["pins:read", "reactions:write"]
    channel = await wire.channel()
    ts = await wire.post(channel, "remember this")
    topic = await wire.slack("conversations.setTopic", channel=channel, topic="P1, IR Ana")
    assert topic["channel"]["topic"]["value"] == "P1, IR Ana"
    assert (await history(wire, channel))[0]["subtype"] == "channel_topic"
    assert (await wire.slack("conversations.setTopic", channel=channel, topic="x" * 251))["error"] == "too_long"
    assert (await wire.slack("conversations.setPurpose", channel=channel, purpose="The outage"))["ok"]
    assert (await wire.slack("pins.add", channel=channel, timestamp=ts))["ok"]
    assert (await wire.slack("pins.add", channel=channel, timestamp=ts))["error"] == "already_pinned"
    pinned = (await wire.slack("pins.list", channel=channel))["items"]
    assert [one["message"]["text"] for one in pinned] == ["remember this"]
    link = (await wire.slack("chat.getPermalink", channel=channel, message_ts=ts))["permalink"]
    assert link == f"https://sandbox.slack.example/archives/{channel}/p{ts.replace('.', '')}"
    assert (await wire.slack("reactions.add", channel=channel, timestamp=ts, name="eyes"))["ok"]
    assert (await wire.slack("reactions.add", channel=channel, timestamp=ts, name="eyes"))["error"] == "already_reacted"


@pytest.mark.parametrize("with_scope", [True, False])
async def test_addresses_of_users_need_their_scope(wire: Wire, with_scope: bool) -> None:
    if not with_scope:
        wire.sandbox.world.slack.apps["cockpit"].scopes.remove("users:read.email")
    kim = wire.sandbox.person("kim")
    profile = (await wire.slack("users.info", user=kim.slack_id))["user"]["profile"]
    assert profile["real_name"] == "Kim Tanaka"
    assert profile.get("email") == (kim.email if with_scope else None)
    looked_up = await wire.slack("users.lookupByEmail", email=kim.email)
    assert looked_up["ok"] is with_scope
    assert (await wire.slack("users.info", user="UNOBODY"))["error"] == "user_not_found"
    names = [one["real_name"] for one in (await wire.slack("users.list"))["members"]]
    assert "Kim Tanaka" in names
    # The placeholder who holds the rota is nobody in Slack.
    assert "Out of hours" not in names


async def test_every_ts_is_unique_and_later_than_the_last_though_the_clock_stands_still(wire: Wire) -> None:
    channel = await wire.channel()
    stamps = [await wire.post(channel, str(number)) for number in range(20)]
    assert stamps == sorted(set(stamps))
