"""PagerDuty's state holds together: what is done shows in the incident, its log and its alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.sandbox.pagerduty import MOST_NOTES

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire


async def test_acknowledging_shows_in_the_incident_and_in_its_log(wire: Wire) -> None:
    await wire.sandbox.advance(60)
    assert (await wire.update(status="acknowledged")).status == 200
    incident = await wire.incident()
    assert incident["status"] == "acknowledged"
    assert [one["acknowledger"]["summary"] for one in incident["acknowledgements"]] == ["Ana Ruiz"]
    assert incident["acknowledgements"][0]["at"] == "2026-11-23T13:04:00Z"
    assert incident["last_status_change_by"]["summary"] == "Ana Ruiz"
    entry = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"][0]
    assert entry["type"] == "acknowledge_log_entry"
    assert entry["agent"]["summary"] == "Ana Ruiz"
    assert entry["created_at"] == "2026-11-23T13:04:00Z"


async def test_acknowledging_twice_leaves_one_entry(wire: Wire) -> None:
    await wire.update(status="acknowledged")
    await wire.update(status="acknowledged")
    assert (await wire.log_types()).count("acknowledge_log_entry") == 1


async def test_resolving_empties_acknowledgements_and_assignments_and_resolves_the_alerts(wire: Wire) -> None:
    await wire.update(status="acknowledged")
    assert (await wire.incident())["alert_counts"] == {"all": 1, "triggered": 1, "resolved": 0}
    await wire.update(status="resolved", resolution="Restarted")
    incident = await wire.incident()
    assert incident["status"] == "resolved"
    assert incident["acknowledgements"] == []
    assert incident["assignments"] == []
    assert incident["resolved_at"] == "2026-11-23T13:03:00Z"
    alerts = (await wire.pagerduty("GET", "/incidents/1924/alerts")).body["alerts"]
    assert [one["status"] for one in alerts] == ["resolved"]
    types = await wire.log_types()
    assert types[:2] == ["annotate_log_entry", "resolve_log_entry"]
    # The proof that somebody acknowledged it stays in the log.
    assert "acknowledge_log_entry" in types


async def test_a_resolved_incident_cannot_be_resolved_or_reassigned_but_can_lose_its_priority(wire: Wire) -> None:
    await wire.update(priority=await wire.priority())
    await wire.update(status="resolved")
    assert (await wire.update(status="resolved")).body["error"]["errors"] == ["Incident Already Resolved"]
    ana = {"assignee": {"id": wire.sandbox.person().pagerduty_id, "type": "user_reference"}}
    assert (await wire.update(assignments=[ana])).status == 400
    assert (await wire.update(priority=None)).status == 200
    assert (await wire.incident())["priority"] is None


async def test_acknowledging_a_resolved_incident_reopens_it(wire: Wire) -> None:
    await wire.update(status="resolved")
    await wire.update(status="acknowledged")
    incident = await wire.incident()
    assert (incident["status"], incident["resolved_at"]) == ("acknowledged", None)
    assert [one["assignee"]["summary"] for one in incident["assignments"]] == ["Ana Ruiz"]
    assert (await wire.log_types())[:3] == ["acknowledge_log_entry", "assign_log_entry", "reopen_log_entry"]


async def test_triggering_a_resolved_incident_reopens_it_and_an_acknowledged_one_goes_back(wire: Wire) -> None:
    await wire.update(status="resolved")
    await wire.update(status="triggered")
    assert (await wire.incident())["status"] == "triggered"
    await wire.update(status="acknowledged")
    await wire.update(status="triggered")
    incident = await wire.incident()
    assert (incident["status"], incident["acknowledgements"]) == ("triggered", [])
    assert (await wire.log_types())[0] == "unacknowledge_log_entry"


async def test_the_priority_and_the_change_of_it(wire: Wire) -> None:
    await wire.update(priority=await wire.priority("P2"))
    await wire.update(priority=await wire.priority("P1"))
    entry = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"][0]
    assert entry["type"] == "priority_change_log_entry"
    assert entry["summary"] == 'Priority changed from "P2" to "P1"'
    assert entry["channel"]["old_priority"]["summary"] == "P2"
    assert entry["channel"]["new_priority"]["name"] == "P1"
    before = len(await wire.log_types())
    await wire.update(priority=await wire.priority("P1"))
    assert len(await wire.log_types()) == before


async def test_every_other_change_leaves_its_entry(wire: Wire) -> None:
    lou = wire.sandbox.person("lou").pagerduty_id
    services = (await wire.pagerduty("GET", "/services", params={"query": "User servers"})).body["services"]
    await wire.update(assignments=[{"assignee": {"id": lou, "type": "user_reference"}}])
    await wire.update(title="Servers don't start")
    await wire.update(service={"id": services[0]["id"], "type": "service_reference"})
    await wire.update(urgency="low")
    await wire.update(escalation_level=3)
    incident = await wire.incident()
    assert incident["title"] == "Servers don't start"
    assert incident["service"]["summary"] == "User servers"
    assert incident["assignments"][0]["assignee"]["summary"] == "Kim Tanaka"
    assert (await wire.log_types())[:5] == [
        "escalate_log_entry", "urgency_change_log_entry", "service_change_log_entry",
        "field_value_change_log_entry", "assign_log_entry",
    ]  # fmt: skip


async def test_notes_are_kept_and_logged_and_there_is_a_most(wire: Wire) -> None:
    reply = await wire.pagerduty("POST", "/incidents/1924/notes", {"note": {"content": "Looking"}})
    assert reply.status == 201
    assert reply.body["note"]["user"]["summary"] == "Ana Ruiz"
    notes = (await wire.pagerduty("GET", "/incidents/1924/notes")).body["notes"]
    assert [one["content"] for one in notes] == ["Looking"]
    entry = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"][0]
    assert (entry["type"], entry["channel"]["summary"]) == ("annotate_log_entry", "Looking")
    incident = next(iter(wire.sandbox.world.pagerduty.incidents.values()))
    incident.notes += incident.notes * (MOST_NOTES - 1)
    refused = await wire.pagerduty("POST", "/incidents/1924/notes", {"note": {"content": "One more"}})
    assert refused.status == 400


async def test_a_status_update_is_in_the_log_and_nowhere_else(wire: Wire) -> None:
    reply = await wire.pagerduty("POST", "/incidents/1924/status_updates", {"message": "On it"})
    assert reply.body["status_update"]["message"] == "On it"
    assert (await wire.pagerduty("GET", "/incidents/1924/status_updates")).status == 405
    entry = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"][0]
    assert (entry["type"], entry["message"]) == ("status_update_log_entry", "On it")


async def test_asking_for_a_responder(wire: Wire) -> None:
    kim = wire.sandbox.person("kim").pagerduty_id
    body = {
        "requester_id": wire.sandbox.person().pagerduty_id,
        "message": "Please help",
        "responder_request_targets": [{"responder_request_target": {"id": kim, "type": "user_reference"}}],
    }
    reply = await wire.pagerduty("POST", "/incidents/1924/responder_requests", body)
    target = reply.body["responder_request"]["responder_request_targets"][0]["responder_request_target"]
    assert [one["state"] for one in target["incidents_responders"]] == ["pending"]
    responders = (await wire.incident())["incidents_responders"]
    assert [(one["user"]["id"], one["state"]) for one in responders] == [(kim, "pending")]
    assert (await wire.log_types())[0] == "responder_request_log_entry"
    await wire.control("POST", "event", {"kind": "respond", "by": "kim"})
    assert (await wire.incident())["incidents_responders"][0]["state"] == "joined"
    wire.sandbox.world.pagerduty.abilities.remove("coordinated_responding")
    assert (await wire.pagerduty("POST", "/incidents/1924/responder_requests", body)).status == 402


async def test_a_snooze_ends_by_itself(wire: Wire) -> None:
    reply = await wire.pagerduty("POST", "/incidents/1924/snooze", {"duration": 600})
    assert reply.status == 201
    incident = await wire.incident()
    assert incident["status"] == "acknowledged"
    assert incident["pending_actions"] == [{"type": "unacknowledge", "at": "2026-11-23T13:13:00Z"}]
    await wire.sandbox.advance(601)
    assert (await wire.incident())["status"] == "triggered"
    entry = (await wire.pagerduty("GET", "/incidents/1924/log_entries")).body["log_entries"][0]
    assert (entry["type"], entry["created_at"]) == ("unacknowledge_log_entry", "2026-11-23T13:13:00Z")


async def test_the_last_alert_that_resolves_takes_the_incident_with_it(wire: Wire) -> None:
    await wire.control(
        "POST", "event", {"kind": "alert", "alert": "two", "service": "JupyterHub URL", "title": "Second"}
    )
    await wire.control("POST", "event", {"kind": "alert_resolves", "alert": "hub-down"})
    assert (await wire.incident())["status"] == "triggered"
    await wire.control("POST", "event", {"kind": "alert_resolves", "alert": "two"})
    incident = await wire.incident()
    assert incident["status"] == "resolved"
    assert incident["last_status_change_by"]["type"] == "service_reference"


async def test_a_dedicated_channel_is_made_read_and_taken_away(wire: Wire) -> None:
    path = "/integration-slack/incidents/1924/dedicated_channel"
    plain: dict[str, str | None] = {"Accept": "application/json"}
    wanted = {"channel": {"name": "hub_inc_1924", "privacy": "public", "slack_team_id": "T0SANDBOX1"}}
    assert (await wire.pagerduty("GET", path, headers=plain)).status == 404
    assert (await wire.pagerduty("GET", path)).status == 406
    assert (await wire.pagerduty("POST", path, {"channel": {"name": "x"}}, headers=plain)).status == 400
    made = await wire.pagerduty("POST", path, wanted, headers=plain)
    assert made.status == 201
    assert made.body["warnings"] == []
    channel = made.body["channel"]
    assert (await wire.pagerduty("GET", path, headers=plain)).body == {"channel": channel}
    # It is a channel of Slack's too: public, with who asked in it, and without our bot.
    info = (await wire.slack("conversations.info", channel=channel["id"]))["channel"]
    assert (info["name"], info["is_private"], info["is_member"]) == ("hub_inc_1924", False, False)
    members = (await wire.slack("conversations.members", channel=channel["id"]))["members"]
    assert wire.sandbox.person().slack_id in members
    assert (await wire.pagerduty("POST", path, wanted, headers=plain)).status == 409
    assert (await wire.pagerduty("DELETE", path, headers=plain)).status == 204
    assert (await wire.pagerduty("GET", path, headers=plain)).status == 404


async def test_a_dedicated_channel_needs_an_owners_or_global_admins_key(wire: Wire) -> None:
    path = "/integration-slack/incidents/1924/dedicated_channel"
    for token in (wire.sandbox.credentials("ben")["pagerduty_token"], wire.sandbox.pagerduty_account_key):
        headers: dict[str, str | None] = {"Accept": "application/json", "Authorization": f"Token token={token}"}
        assert (await wire.pagerduty("GET", path, headers=headers)).status == 403
    wire.sandbox.world.pagerduty.dedicated_channels = False
    assert (await wire.pagerduty("GET", path, headers={"Accept": "application/json"})).status == 403
