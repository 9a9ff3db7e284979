"""Which incident comes up, from what a person typed or from what there is; and what is said when none can."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

from cockpit.incident.facts import Status
from cockpit.sandbox import Sandbox
from cockpit.sandbox.scenario import Event
from cockpit.secret import Secret
from cockpit.settings import PagerDutySettings, SlackSettings
from tests.tui.conftest import WIDE, Driver, Open

NETWORK = ("httpx", "aiohttp", "slack_sdk", "pdpyras", "requests")


def test_importing_the_application_imports_no_network_library() -> None:
    code = f"import sys, json, cockpit.tui.app; print(json.dumps([m for m in {NETWORK!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


async def picker(driver: Driver) -> str:
    """What the picker shows, once it has asked."""
    await driver.comes("Picker")
    await driver.until(lambda: "Asking" not in driver.shows("#offer"), "the services were asked")
    return driver.shows("#offer")


async def test_without_a_p1_the_picker_offers_what_is_open(cockpit: Open) -> None:
    async with cockpit(None, settled=False) as driver:
        text = await picker(driver)
        assert "1924" in text
        assert "4038" in text
        assert "esc" not in driver.shows("#status"), "there is nothing to go back to"
        await driver.press("slash")
        await driver.write("nothing like it")
        assert "None holds these words" in driver.shows("#offer")
        await driver.press("escape", "enter")
        await driver.comes("IncidentScreen")
        assert driver.screen.session.case.number == 1924


async def test_the_only_open_p1_opens_by_itself(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("p")
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty.incident.priority == "P1")
    async with cockpit(None, machine="another") as driver:
        assert driver.over == "IncidentScreen"
        assert driver.screen.session.case.number == 1924


async def test_the_last_incident_is_painted_before_anything_is_asked(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(size=WIDE):
        pass
    sandbox.fault("pagerduty", "slow", seconds=30)
    sandbox.fault("slack", "slow", seconds=30)
    sandbox.fault("freshdesk", "slow", seconds=30)
    async with cockpit(None, settled=False, size=WIDE) as driver:
        assert driver.over == "IncidentScreen"
        assert "Hub unreachable: rivendell/prod" in driver.shows("#header")
        assert driver.screen.view.snapshot.pagerduty is not None
    sandbox.clear_faults()


async def test_it_may_begin_with_a_ticket_and_be_declared_from_it(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("ticket:4038") as driver:
        await driver.until(lambda: driver.screen.view.snapshot.ticket(4038))
        assert "no PagerDuty incident yet" in driver.shows("#header")
        await driver.press("d")
        await driver.comes("DeclareForm")
        await driver.until(lambda: driver.app.screen.query_one("#services").option_count)
        await driver.press("enter")
        await driver.write("hub url")
        await driver.press("enter", "enter")
        assert driver.over == "IncidentScreen", "after the service Cancel has the focus"
        assert driver.screen.view.case.number is None
        await driver.press("d")
        await driver.comes("DeclareForm")
        await driver.until(lambda: driver.app.screen.query_one("#services").option_count)
        await driver.press("enter")
        await driver.write("hub url")
        await driver.press("enter", "tab", "enter")
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty, "the new incident is read")
        incident = driver.screen.view.snapshot.pagerduty.incident
        assert (incident.title, incident.priority, incident.service_name) == (
            "Hub is not reachable",
            "P1",
            "JupyterHub URL",
        )
        assert "tickets/4038" in incident.description
        assert incident.status is Status.TRIGGERED


async def test_a_reference_that_means_nothing_ends_with_a_sentence(cockpit: Open) -> None:
    async with cockpit("what?", settled=False) as driver:
        await driver.until(lambda: driver.app.return_code is not None)
        assert driver.app.return_code == 2
    async with cockpit("999", settled=False) as driver:
        await driver.until(lambda: driver.app.return_code is not None)
        assert driver.app.return_code == 4


async def test_rejected_tokens_are_told_and_the_rest_is_usable(cockpit: Open, sandbox: Sandbox) -> None:
    refused = Secret.literal("xoxb-nobody")
    changes = {
        "pagerduty": PagerDutySettings(sandbox.pagerduty_url, refused, "ana@example.com"),
        "slack": SlackSettings(sandbox.slack_url, refused, frozenset()),
    }
    async with cockpit("1924", settled=False, size=WIDE, **changes) as driver:
        text = await picker(driver)
        assert "1924 couldn't be looked up" in text
        assert "PagerDuty" in text
        await driver.press("enter")
        await driver.comes("IncidentScreen")
        await driver.until(lambda: driver.screen.view.snapshot.ticket(4038), "the ticket is there all the same")
        await driver.until(lambda: "invalid_auth" in driver.reads("#channel"), "what Slack said is in its pane")
        assert "✗ PD down" in driver.shows("#status")
        assert "✗ Slack down" in driver.shows("#status")


async def test_another_incident_is_a_key_away(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.press("i")
        await picker(driver)
        assert "esc goes back" in driver.shows("#status")
        await driver.press("escape")
        assert driver.over == "IncidentScreen"
        await driver.press("i")
        await picker(driver)
        await driver.press("G", "enter")
        await driver.until(lambda: driver.screen.session.case.number is None, "the ticket's case is open")
        await driver.until(lambda: driver.screen.view.snapshot.ticket(4038))


async def test_a_remembered_incident_does_not_hide_the_one_that_burns(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit("1924") as driver:
        await driver.until(lambda: driver.screen.view.snapshot.pagerduty)
    happen = sandbox.story.inject
    happen(Event(timedelta(0), "alert", {"incident": "x", "alert": "x", "service": "JupyterHub URL", "title": "Other"}))
    happen(Event(timedelta(0), "priority", {"incident": "x", "by": "kim", "priority": "P1"}))
    async with cockpit(None) as driver:
        assert driver.screen.view.case.number == 1924
        await driver.until(lambda: any("Another P1 is open" in said for said in driver.said()), "it is said")
