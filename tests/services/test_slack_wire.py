"""Slack's JSON read as facts, and the records that the shared log is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.facts import Anchor, Message, Person, Record
from cockpit.services import slack_record
from cockpit.services import slack_wire as wire
from cockpit.services.call import Unreadable

OURS = wire.Identity("U0", "B0", "T0", "Team", "https://team.example.org/")
ANA = Person("U1", "Ana Ruiz", "ana@example.org")
AT = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
TS = f"{AT.timestamp() + 5:.6f}"
"""When what was done at `AT` was posted."""
RECORD = Record("r-1", "note", "start.p1", "Ana Ruiz", AT, {"ticket": 4038})


def read(one: dict[str, Any], *, apps: frozenset[str] = frozenset(), reply: bool = False) -> Message:
    people = {"U1": ANA}
    return wire.message(one, people, wire.names(people), wire.Trust(OURS, apps), reply=reply)


def test_a_message() -> None:
    found = read(
        {"ts": "1763892000.000100", "user": "U1", "text": "see <@U1> &amp; <https://x.example.org|this> :eyes:"}
    )
    assert (found.author, found.text) == (ANA, "see @Ana Ruiz & this (https://x.example.org) 👀")
    assert found.at == datetime.fromtimestamp(1763892000.0001, UTC)
    assert (found.thread_ts, found.reply_count, found.edited, found.deleted, found.bot) == (
        None,
        0,
        False,
        False,
        False,
    )


def test_a_thread_is_known_by_its_parent_and_its_replies() -> None:
    parent = {"ts": "1.0", "thread_ts": "1.0", "user": "U1", "text": "a", "reply_count": 2, "latest_reply": "3.0"}
    assert (read(parent).thread_ts, read(parent).reply_count, read(parent).latest_reply) == (None, 2, "3.0")
    reply = {"ts": "2.0", "thread_ts": "1.0", "user": "U1", "text": "b"}
    assert read(reply, reply=True).thread_ts == "1.0"
    broadcast = reply | {"subtype": "thread_broadcast"}
    assert (read(broadcast).thread_ts, read(broadcast).subtype) == (None, "thread_broadcast")


def test_edits_tombstones_and_strangers() -> None:
    assert read({"ts": "1.0", "user": "U1", "text": "", "edited": {"user": "U1", "ts": "2.0"}}).edited
    assert read({"ts": "1.0", "subtype": "tombstone", "text": "This message was deleted."}).deleted
    stranger = read({"ts": "1.0", "user": "U9", "text": None, "user_profile": {"real_name": "Kim"}})
    assert (stranger.author.name, stranger.text) == ("Kim", "")


def test_bots() -> None:
    found = read({"ts": "1.0", "subtype": "bot_message", "bot_id": "B7", "username": "PagerDuty", "text": "x"})
    assert (found.author, found.bot) == (Person("B7", "PagerDuty"), True)
    assert read({"ts": "1.0", "bot_id": "B7", "bot_profile": {"name": "Deploys"}}).author.name == "Deploys"


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "in a block"}}]}, "in a block"),
        ({"attachments": [{"title": "Alert", "text": "down"}]}, "Alert\ndown"),
        ({"attachments": [{"fallback": "plain"}, None]}, "plain"),
        ({"files": [{"id": "F1", "title": "graph.png"}]}, "[file: graph.png]"),
        (
            {"text": "see", "files": [{"id": "F1", "name": "a.txt"}], "blocks": [{"text": "again"}]},
            "see\n[file: a.txt]",
        ),
    ],
)
def test_the_words_may_be_elsewhere_than_in_text(more: dict[str, Any], shown: str) -> None:
    assert read({"ts": "1.0", "user": "U1", "text": ""} | more).text == shown


@pytest.mark.parametrize("ts", [None, "", "soon", "nan", "inf", "1e300"])
def test_a_message_without_a_time_is_unreadable(ts: object) -> None:
    with pytest.raises(Unreadable):
        read({"ts": ts, "user": "U1", "text": "x"})


def test_text_is_safe_to_draw() -> None:
    assert read({"ts": "1.0", "user": "U1", "text": "a\x1b]52;c;aGk=\x07b [/foo]"}).text == "ab [/foo]"


def test_timestamps_sort_as_slack_sorts_them() -> None:
    stamps = ["1763892000.000100", "999999999.999999", "1763892000.000099", "1763892001.000000"]
    assert sorted(stamps, key=slack_record.order) == [stamps[1], stamps[2], stamps[0], stamps[3]]


def test_people_and_who_is_mentioned() -> None:
    found = wire.people_in(
        [{"user": "U1", "text": "<@U2> and <@W3|kim>"}, {"text": "", "blocks": [{"text": "<@U4>"}]}, None]
    )
    assert found == {"U1", "U2", "W3", "U4"}


def test_one_message_cannot_have_the_whole_world_looked_up() -> None:
    """Each of whom nothing is known costs a call, and the channel isn't read before all are answered."""
    crowd = [f"U{number}" for number in range(3000)]
    message = {"ts": "1.0", "user": "UME", "text": " ".join(f"<@{one}>" for one in crowd)}
    found = wire.people_in([message])
    assert {"UME", *crowd[: wire.MOST_MENTIONS]} == found
    trust = wire.Trust(wire.Identity("U0", "B0", "T0", "Team", "https://team.example.org/"))
    assert wire.message(message, {}, {"U2999": "Kim"}, trust).text.endswith("@U2998 @Kim")


def test_a_person_by_real_name() -> None:
    one = {
        "id": "U1",
        "name": "ana",
        "profile": {"real_name": "Ana Ruiz", "display_name": "ana!", "email": "ana@example.org"},
    }
    assert wire.person(one) == ANA
    assert wire.person({"id": "U1", "name": "ana", "profile": None}).name == "ana"
    assert wire.person({"id": "U1"}) == Person("U1", "U1")


def test_a_channel() -> None:
    one = {
        "id": "C1",
        "name": "inc",
        "created": 1763892000,
        "is_member": True,
        "is_archived": True,
        "topic": {"value": "a &amp; b"},
    }
    found = wire.channel(one, "https://team.example.org/")
    assert (found.url, found.topic, found.archived, found.member) == (
        "https://team.example.org/archives/C1",
        "a & b",
        True,
        True,
    )
    assert wire.channel({"id": "C1"}, "").member is False


def test_scopes_come_with_the_identity() -> None:
    body = {
        "ok": True,
        "user_id": "U0",
        "team_id": "T0",
        "team": "Team",
        "url": "https://team.example.org/",
        "bot_id": None,
    }
    assert wire.identity(body, "chat:write, users:read,").scopes == {"chat:write", "users:read"}
    assert wire.identity(body, "").bot_id is None


# --- records --------------------------------------------------------------------------------------------------


def message_of(**poster: Any) -> dict[str, Any]:
    return {"ts": TS, "text": "✔ done", "metadata": slack_record.metadata(RECORD)} | poster


def test_a_record_goes_out_and_comes_back() -> None:
    found = read(message_of(bot_id="B0")).record
    assert found == Record("r-1", "note", "start.p1", "Ana Ruiz", AT, {"ticket": 4038}, TS)


@given(
    st.builds(
        Record,
        id=st.text("abcdef-0123456789", min_size=1, max_size=40),
        kind=st.text("abcdef_", min_size=1, max_size=20),
        step=st.none() | st.text("abcdef.", min_size=1, max_size=20),
        actor=st.text("Ana Rüíz", max_size=20).map(lambda name: " ".join(name.split())),
        at=st.integers(0, int(AT.timestamp())).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
        data=st.dictionaries(st.text("abc", min_size=1, max_size=5), st.integers() | st.booleans() | st.none()),
        ts=st.just(TS),
        audit=st.none()
        | st.builds(Anchor, st.text("abcdef", min_size=1), st.integers(1), st.text("abcdef", min_size=1)),
    )
)
def test_every_record_comes_back_as_it_went(record: Record) -> None:
    assert slack_record.record(slack_record.metadata(record), TS) == record


@pytest.mark.parametrize(("fast", "corrected"), [(0.4, 0), (-4.9, 0), (3_600.3, 3_600), (-37.2, -40)])
def test_an_act_is_told_on_slacks_clock_whatever_the_laptops_showed(fast: float, corrected: float) -> None:
    posted = 1_795_438_980
    told = datetime.fromtimestamp(posted + fast, UTC)
    act = Record("r", "note", None, "Ana", told - timedelta(minutes=5))
    found = slack_record.record(slack_record.metadata(act, told), f"{posted}.000100")
    assert found is not None
    assert act.at - found.at == timedelta(seconds=corrected)


@pytest.mark.parametrize(
    ("poster", "apps", "taken"),
    [
        ({"bot_id": "B0"}, (), True),
        ({"bot_id": "B9"}, (), False),
        ({"bot_id": "B9", "app_id": "A9"}, ("A9",), True),
        ({"bot_id": "B9"}, ("B9",), True),
        ({"bot_id": "B9", "bot_profile": {"id": "B9", "app_id": "A9"}}, ("A9",), True),
        ({"bot_id": "B9", "app_id": "A9"}, ("A8",), False),
        ({"user": "U1"}, (), False),
        ({"user": "U0"}, (), False),
        ({}, (), False),
        ({}, ("",), False),
        ({"bot_id": None, "bot_profile": None, "app_id": None}, (), False),
        ({"bot_id": 7, "app_id": ["B0"], "bot_profile": "B0"}, (), False),
        ({"bot_id": "B9", "bot_profile": {"id": "B0"}}, (), False),
        ({"username": "cockpit", "subtype": "bot_message", "bot_id": "B9"}, (), False),
        ({"username": "B0", "user": "B0", "app_id": "B0"}, (), False),
    ],
)
def test_whose_record_is_taken(poster: dict[str, Any], apps: tuple[str, ...], taken: bool) -> None:
    assert (read(message_of(**poster), apps=frozenset(apps)).record is not None) is taken


def test_with_a_persons_token_only_apps_that_the_config_names_are_believed() -> None:
    person = wire.Identity("U0", None, "T0", "Team", "")
    through_some_app = {"user": "U0", "bot_id": "B5", "app_id": "A5"}
    assert not wire.Trust(person).anybody
    assert not wire.Trust(person).covers(through_some_app)
    assert not wire.Trust(person, frozenset({"A5"})).covers({"user": "U0"})
    assert wire.Trust(person, frozenset({"A5"})).covers(through_some_app)


def nested(levels: int) -> Any:
    """Data of that many levels."""
    return {"more": nested(levels - 1)} if levels > 1 else {}


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"id": ""}, {"id": 7}, {"kind": None}, {"actor": 7}, {"at": None}, {"at": "soon"},
        {"at": "2026-11-23T13:03:00"}, {"at": "2026-11-23"}, {"at": 1_763_900_000}, {"at": "9999-99-99T00:00:00Z"},
        {"step": 7}, {"data": "x"}, {"data": None}, {"data": [1]}, {"data": nested(9)},
    ],
)  # fmt: skip
def test_a_malformed_record_is_none(change: dict[str, Any]) -> None:
    metadata = slack_record.metadata(RECORD)
    metadata["event_payload"] |= change
    assert slack_record.record(metadata, "5.0") is None


def test_an_act_is_never_later_than_its_note() -> None:
    ahead = slack_record.metadata(replace(RECORD, at=AT + timedelta(days=300)))
    found = slack_record.record(ahead, TS)
    assert found is not None
    assert found.at == slack_record.ts_moment(TS)


def test_words_that_records_have_in_common_are_kept_once() -> None:
    one, other = (slack_record.record(json.loads(json.dumps(slack_record.metadata(RECORD))), TS) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.actor is other.actor
    assert one.kind is other.kind


@pytest.mark.parametrize("audit", [None, "x", {}, {"log": "L", "number": "1", "hash": "h"}, {"log": "L", "number": 0,
    "hash": "h"}, {"log": ["L"], "number": 1, "hash": "h"}, {"log": "L", "number": True, "hash": "h"}])  # fmt: skip
def test_a_proof_that_cannot_be_read_proves_nothing(audit: object) -> None:
    metadata = slack_record.metadata(RECORD)
    metadata["event_payload"]["audit"] = audit
    found = slack_record.record(metadata, TS)
    assert found is not None
    assert found.audit is None


def test_other_metadata_is_no_record() -> None:
    for metadata in (
        None,
        {},
        "x",
        {"event_type": "deploy", "event_payload": {"id": "r-1"}},
        {"event_type": slack_record.EVENT_TYPE},
    ):
        assert slack_record.record(metadata, "5.0") is None
        assert slack_record.record_id({"metadata": metadata}) is None
    assert slack_record.record_id(message_of()) == "r-1"


def test_a_records_text_is_safe_to_draw() -> None:
    metadata = slack_record.metadata(
        Record("r", "note", None, "A\x1b[31mna", AT, {"k": ["\x1b]0;x\x07y", {"z": "\u202e!"}]})
    )
    found = slack_record.record(metadata, "5.0")
    assert found is not None
    assert (found.actor, dict(found.data)) == ("Ana", {"k": ["y", {"z": "!"}]})
