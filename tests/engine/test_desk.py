"""The ways in: numbers, ids, addresses, tickets; what is offered; what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.engine.desk import Desk, NoSuchIncident, UnknownReference
from cockpit.engine.view import Case
from cockpit.incident.facts import Source
from cockpit.sandbox import Sandbox
from cockpit.services.errors import Unreachable
from tests.conftest import settings_for


async def known(desk: Desk) -> tuple[Case, str]:
    """The one open incident's case and its address."""
    (incident,) = (await desk.offer()).incidents
    return await desk.case_of(incident), incident.url


async def test_an_incident_is_found_by_number_id_and_address(desk: Desk) -> None:
    case, url = await known(desk)
    assert case.number == 1924
    for reference in ("1924", "#1924", " 1924 ", str(case.incident_id), url, url + "/"):
        assert await desk.find(reference) == case


async def test_a_ticket_is_found_by_number_and_address(desk: Desk, sandbox: Sandbox) -> None:
    case = await desk.find("ticket:4038")
    assert case.incident_id is None
    assert case.title == "Hub is not reachable"
    assert await desk.find(f"{sandbox.freshdesk_url}/a/tickets/4038") == case
    (link,) = desk.history(case)
    assert link.kind == "link_ticket"


@pytest.mark.parametrize("reference", ["9999999", "QNOSUCHINCIDENT", "ticket:99999"])
async def test_what_does_not_exist_is_said_so(desk: Desk, reference: str) -> None:
    with pytest.raises(NoSuchIncident, match="has no"):
        await desk.find(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "hub is down",
        "../etc/passwd",
        "ticket:",
        "ticket:abc",
        "https://example.org/",
        "https://other.freshdesk.com/a/tickets/4038",
        "1924; rm",
    ],
)
async def test_what_cannot_be_an_incident_is_said_so(desk: Desk, reference: str) -> None:
    with pytest.raises(UnknownReference):
        await desk.find(reference)


async def test_an_address_of_another_account_is_refused(desk: Desk) -> None:
    case, url = await known(desk)
    with pytest.raises(UnknownReference, match="isn't the PagerDuty account"):
        await desk.find(f"https://another.pagerduty.com/incidents/{case.incident_id}")
    assert "another" not in url


async def test_a_known_incident_is_found_without_pagerduty(desk: Desk, sandbox: Sandbox) -> None:
    case, _ = await known(desk)
    sandbox.fault("pagerduty", "drop_before")
    assert await desk.find("1924") == case
    with pytest.raises(Unreachable):
        await desk.find("1925")


async def test_the_offer_survives_a_service(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault("pagerduty", "401")
    offer = await desk.offer()
    assert [ticket.id for ticket in offer.tickets] == [4038]
    assert offer.incidents == ()
    assert set(offer.errors) == {Source.PAGERDUTY}
    sandbox.clear_faults()
    offer = await desk.offer()
    assert [incident.number for incident in offer.incidents] == [1924]
    assert offer.p1 == ()
    assert offer.errors == {}


async def test_a_service_that_is_not_configured_is_said_so(sandbox: Sandbox, tmp_path: Path) -> None:
    desk = Desk(settings_for(sandbox, tmp_path / "state", freshdesk=None))
    offer = await desk.offer()
    assert "isn't configured" in offer.errors[Source.FRESHDESK]
    await desk.close()


async def test_nothing_is_remembered_before_something_was_open(desk: Desk) -> None:
    assert desk.remembered() is None
    case, _ = await known(desk)
    assert desk.remembered() is None, "nothing was read of it yet"
    session = desk.session(case)
    await session.read_once()
    assert desk.remembered() == case
