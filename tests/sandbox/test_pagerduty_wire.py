"""PagerDuty's strictness: keys, headers, wrappers, error shapes, paging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Reply, Wire


async def test_no_key_and_a_wrong_key_are_401_in_the_error_shape(wire: Wire) -> None:
    for authorization in (None, "Token token=nonsense", "u+sandbox-ana"):
        reply = await wire.pagerduty("GET", "/incidents", headers={"Authorization": authorization})
        assert reply.status == 401
        assert set(reply.body["error"]) == {"message", "code"}


async def test_the_accept_header_has_to_name_version_2(wire: Wire) -> None:
    assert (await wire.pagerduty("GET", "/incidents", headers={"Accept": "application/json"})).status == 406
    assert (await wire.pagerduty("GET", "/incidents")).status == 200


async def test_an_unknown_path_is_404_and_a_wrong_method_405(wire: Wire) -> None:
    reply = await wire.pagerduty("GET", "/postmortems")
    assert (reply.status, reply.body["error"]["code"]) == (404, 2100)
    assert (await wire.pagerduty("GET", "/incidents/PNOBODY")).status == 404
    assert (await wire.pagerduty("DELETE", "/incidents/1924")).status == 405


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/incidents", {"incident": {"type": "incident", "title": "x"}}),
        ("PUT", "/incidents/1924", {"incident": {"type": "incident", "status": "acknowledged"}}),
        ("POST", "/incidents/1924/notes", {"note": {"content": "x"}}),
        ("POST", "/incidents/1924/status_updates", {"message": "x"}),
        ("POST", "/incidents/1924/snooze", {"duration": 60}),
    ],
)
async def test_a_write_needs_a_from_header_of_a_user(wire: Wire, method: str, path: str, body: object) -> None:
    missing = await wire.pagerduty(method, path, body, headers={"From": None})
    assert (missing.status, missing.body["error"]["code"]) == (400, 2016)
    unknown = await wire.pagerduty(method, path, body, headers={"From": "nobody@example.org"})
    assert (unknown.status, unknown.body["error"]["code"]) == (400, 1008)
    assert not any(one.took_effect for one in wire.sandbox.requests)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "acknowledged"},
        {"incident": {"status": "acknowledged"}},
        {"incident": {"type": "incident", "status": "done"}},
        {"incident": {"type": "incident", "priority": "P1"}},
        {"incident": {"type": "incident", "priority": {"id": "PNONE", "type": "priority_reference"}}},
        {"incident": {"type": "incident", "acknowledged": True}},
        {"incident": {"type": "incident", "status": "acknowledged", "resolution": "x"}},
        {"incident": {"type": "incident", "assignments": []}},
        [],
    ],
)
async def test_a_body_that_does_not_fit_is_refused_whole(wire: Wire, body: object) -> None:
    reply = await wire.pagerduty("PUT", "/incidents/1924", body)
    assert (reply.status, reply.body["error"]["code"]) == (400, 2001)
    assert reply.body["error"]["errors"]
    assert (await wire.incident())["status"] == "triggered"


async def test_a_bad_part_keeps_the_good_part_from_being_done(wire: Wire) -> None:
    reply = await wire.update(status="acknowledged", priority={"id": "PNONE", "type": "priority"})
    assert reply.status == 400
    incident = await wire.incident()
    assert incident["status"] == "triggered"
    assert incident["acknowledgements"] == []


async def test_a_body_without_its_content_type_is_refused(wire: Wire) -> None:
    url = wire.sandbox.pagerduty_url + "/incidents/1924"
    headers = wire.pagerduty_headers() | {"Content-Type": "text/plain"}
    reply = await wire.send("PUT", url, headers=headers, data='{"incident": {"type": "incident"}}')
    assert reply.status == 400
    assert reply.body["error"]["errors"] == ["params must be a Hash"]


async def create(wire: Wire, title: str, **more: object) -> Reply:
    service = (await wire.pagerduty("GET", "/services", params={"query": "misc alerts"})).body["services"][0]
    return await wire.pagerduty(
        "POST",
        "/incidents",
        {
            "incident": {
                "type": "incident",
                "title": title,
                "service": {"id": service["id"], "type": "service_reference"},
                **more,
            }
        },
    )


async def test_creating_answers_201_with_everything_that_was_asked_for(wire: Wire) -> None:
    reply = await create(
        wire,
        "Declared",
        priority=await wire.priority("P1"),
        body={"type": "incident_body", "details": "ticket 4038"},
        incident_key="cockpit-1",
    )
    assert reply.status == 201
    incident = reply.body["incident"]
    assert incident["incident_number"] == 1925
    assert incident["priority"]["name"] == "P1"
    assert incident["incident_key"] == "cockpit-1"
    assert incident["body"]["details"] == "ticket 4038"
    assert incident["service"]["summary"] == "Misc alerts from Prometheus Alert Manager"
    assert incident["assignments"][0]["assignee"]["summary"] == "Ana Ruiz"
    assert "priority_change_log_entry" in await wire.log_types(1925)


async def test_a_second_open_incident_with_the_same_key_is_refused(wire: Wire) -> None:
    assert (await create(wire, "First", incident_key="once")).status == 201
    second = await create(wire, "Second", incident_key="once")
    assert second.status == 400
    assert "matching dedup key already exists" in second.body["error"]["errors"][0]
    await wire.update(1925, status="resolved")
    assert (await create(wire, "Third", incident_key="once")).status == 201


async def test_lists_are_paged_by_offset_with_more(wire: Wire) -> None:
    for number in range(5):
        await create(wire, f"Incident {number}")
    seen: list[int] = []
    offset, more = 0, True
    while more:
        params = {"limit": "2", "offset": str(offset), "sort_by": "incident_number:asc"}
        page = (await wire.pagerduty("GET", "/incidents", params=params)).body
        assert page["limit"] == 2
        assert page["total"] is None
        seen += [one["incident_number"] for one in page["incidents"]]
        offset, more = offset + 2, page["more"]
    assert seen == [1924, 1925, 1926, 1927, 1928, 1929]
    counted = (await wire.pagerduty("GET", "/incidents", params={"limit": "2", "total": "true"})).body
    assert counted["total"] == 6


async def test_an_incident_that_arrives_between_two_pages_shifts_what_is_newest_first(wire: Wire) -> None:
    for number in range(3):
        await create(wire, f"Incident {number}")
    newest_first = {"limit": "2", "sort_by": "incident_number:desc"}
    first = (await wire.pagerduty("GET", "/incidents", params=newest_first)).body["incidents"]
    await create(wire, "Arrived in between")
    second = (await wire.pagerduty("GET", "/incidents", params=newest_first | {"offset": "2"})).body["incidents"]
    assert [one["incident_number"] for one in first] == [1927, 1926]
    assert [one["incident_number"] for one in second] == [1926, 1925]


@pytest.mark.parametrize("params", [{"limit": "101"}, {"limit": "0"}, {"limit": "x"}, {"offset": "-1"}])
async def test_a_page_out_of_bounds_is_refused(wire: Wire, params: dict[str, str]) -> None:
    assert (await wire.pagerduty("GET", "/incidents", params=params)).status == 400


async def test_incidents_are_filtered_by_status_and_urgency_and_key(wire: Wire) -> None:
    await create(wire, "Low", urgency="low", incident_key="low")

    async def numbers(*params: tuple[str, str]) -> list[int]:
        reply = await wire.pagerduty("GET", "/incidents", params=list(params))
        return [one["incident_number"] for one in reply.body["incidents"]]

    assert await numbers(("urgencies[]", "low")) == [1925]
    assert await numbers(("incident_key", "low")) == [1925]
    await wire.update(status="acknowledged")
    assert await numbers(("statuses[]", "acknowledged")) == [1924]
    assert await numbers(("statuses[]", "acknowledged"), ("statuses[]", "triggered")) == [1924, 1925]
    assert await numbers(("since", "2026-11-23T13:00:00Z")) == [1925]
    bad = await wire.pagerduty("GET", "/incidents", params={"statuses[]": "open"})
    assert bad.status == 400


async def test_who_am_i_needs_a_user_level_key(wire: Wire) -> None:
    me = await wire.pagerduty("GET", "/users/me")
    assert me.body["user"]["email"] == "ana.ruiz@example.org"
    account = f"Token token={wire.sandbox.pagerduty_account_key}"
    assert (await wire.pagerduty("GET", "/users/me", headers={"Authorization": account})).status == 400
    assert (await wire.pagerduty("GET", "/users", headers={"Authorization": account})).status == 200


async def test_users_services_policies_and_who_is_on_call(wire: Wire) -> None:
    users = (await wire.pagerduty("GET", "/users", params={"query": "kim"})).body["users"]
    assert [one["name"] for one in users] == ["Kim Tanaka"]
    assert (await wire.pagerduty("GET", f"/users/{users[0]['id']}")).body["user"]["role"] == "owner"
    service = (await wire.pagerduty("GET", "/services")).body["services"][0]
    assert (await wire.pagerduty("GET", f"/services/{service['id']}")).body["service"]["name"] == service["name"]
    policy = (await wire.pagerduty("GET", "/escalation_policies")).body["escalation_policies"][0]
    assert [rule["targets"][-1]["summary"] for rule in policy["escalation_rules"]] == [
        "Ana Ruiz", "Lou Marsh", "Kim Tanaka",
    ]  # fmt: skip
    oncalls = (await wire.pagerduty("GET", "/oncalls")).body["oncalls"]
    assert [(one["escalation_level"], one["user"]["summary"]) for one in oncalls] == [
        (1, "Ana Ruiz"), (2, "Lou Marsh"), (3, "Kim Tanaka"),
    ]  # fmt: skip
    assert oncalls[0]["end"] == "2026-11-23T18:00:00Z"
    await wire.sandbox.advance(6 * 3600)
    oncalls = (await wire.pagerduty("GET", "/oncalls", params={"include[]": "users"})).body["oncalls"]
    assert oncalls[0]["user"]["email"] == "out-of-hours@example.org"


async def test_a_plan_without_priorities_answers_404(wire: Wire) -> None:
    wire.sandbox.world.pagerduty.priorities.clear()
    assert (await wire.pagerduty("GET", "/priorities")).status == 404
