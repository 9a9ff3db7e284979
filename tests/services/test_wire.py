"""Any JSON at all is either read or refused as unreadable: nothing that a service sends crashes a reader."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.incident.facts import Person
from cockpit.services import freshdesk_wire, pagerduty_wire, slack_record, slack_wire
from cockpit.services.call import Unreadable
from cockpit.services.wire import certain_moment, identifier, items, line, moment, number, obj, readable, text

WORDS = """
id incident_number title summary status created_at updated_at service priority name body details contexts
assignments assignee acknowledgements acknowledger user users type agent channel new_priority incidents_responders
state email escalation_level end content labels ts text metadata event_type event_payload kind actor at step data
bot_id app_id edited reply_count latest_reply subtype blocks attachments files profile real_name created topic
value username user_profile bot_profile requester_id responder_id user_id from_email incoming private body_text
description tags source contact errors field message code content_html
"""
NAMES = st.sampled_from(WORDS.split())
STRINGS = ["2026-11-23T13:03:00Z", "1763892000.000100", "triggered", "user", "cockpit_action", "U1", "9"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(STRINGS)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=8),
    max_leaves=25,
)
IDENTITY = slack_wire.Identity("U0", "B0", "T0", "Team", "https://team.example.org/")
SOMEBODY = Person("1", "Somebody")

READERS = {
    "person": pagerduty_wire.person,
    "priority": pagerduty_wire.priority_name,
    "service": pagerduty_wire.service_ref,
    "incident": pagerduty_wire.incident,
    "responders": pagerduty_wire.responders,
    "alert": pagerduty_wire.alert,
    "log_entry": pagerduty_wire.log_entry,
    "note": pagerduty_wire.note,
    "on_call": pagerduty_wire.on_call,
    "channel_ref": pagerduty_wire.channel_ref,
    "priorities": pagerduty_wire.priorities,
    "slack person": slack_wire.person,
    "slack identity": lambda value: slack_wire.identity(obj(value), "a,b"),
    "slack channel": lambda value: slack_wire.channel(value, "https://team.example.org/"),
    "slack message": lambda value: slack_wire.message(value, {}, {}, slack_wire.Trust(IDENTITY)),
    "slack people": lambda value: slack_wire.people_in([value]),
    "slack record": lambda value: slack_record.record(value, "1.0"),
    "slack record id": slack_record.record_id,
    "freshdesk person": freshdesk_wire.person,
    "freshdesk ticket": lambda value: freshdesk_wire.ticket(value, "https://desk.example.org", SOMEBODY),
    "freshdesk conversation": lambda value: freshdesk_wire.conversation(value, {}),
    "freshdesk canned": lambda value: freshdesk_wire.canned_response(value, "folder"),
    "freshdesk explain": freshdesk_wire.explain,
}


@pytest.mark.parametrize("reader", READERS, ids=lambda name: name.replace(" ", "_"))
@settings(max_examples=20)  # `tests.fuzz` looks for an hour
@given(value=ANY_JSON)
def test_no_json_crashes_a_reader(reader: str, value: Any) -> None:
    with contextlib.suppress(Unreadable):
        READERS[reader](value)


def test_text_is_safe_to_draw() -> None:
    hostile = "a\x1b]52;c;aGk=\x07b\u202ec\nd"
    assert line(hostile) == "abc d"
    assert text(hostile) == "abc\nd"
    assert (line(None), line(True), line(["x"]), line(7), text({})) == ("", "", "", "7", "")


def test_ids_and_numbers() -> None:
    assert identifier(12, "a thing") == "12"
    for nothing in (None, "", "  ", True, [], {}):
        with pytest.raises(Unreadable, match="a thing without an id"):
            identifier(nothing, "a thing")
    assert (number("12"), number(3), number(True), number("x"), number(None), number(1.5)) == (
        12,
        3,
        None,
        None,
        None,
        None,
    )
    assert (number(2**63 - 1), number(2**63), number(f"-{2**63}"), number("1" * 5000)) == (2**63 - 1, None, None, None)
    assert (obj(None), obj([1]), items(None), items({"a": 1})) == ({}, {}, [], [])


def test_times_are_utc() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for written in (
        "2026-11-23T12:00:00Z",
        "2026-11-23T13:00:00+01:00",
        "2026-11-23T12:00:00",
        "2026-11-23T04:00-08:00",
    ):
        assert moment(written) == noon
        assert moment(written).utcoffset() == timedelta()
    assert moment(noon.astimezone(timezone(timedelta(hours=9))).isoformat()) == noon
    for written in (None, 7, "", "yesterday", "0001-01-01T00:00:00+14:00"):
        assert moment(written) is None
    with pytest.raises(Unreadable, match="a note without a time"):
        certain_moment(None, "a note")


def test_what_cannot_be_read_hides_nothing_else() -> None:
    values = [{"id": "A"}, None, {"id": None}, "text", {"id": "B", "name": "Ben"}]
    assert readable(pagerduty_wire.person, values) == [Person("A", "A"), Person("B", "Ben")]
