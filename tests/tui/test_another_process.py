"""The shipped example of another process, from its page to its review, by keys and without the screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.incident.card import card
from cockpit.incident.checklist import State
from cockpit.incident.process_file import shipped
from cockpit.incident.sensors import People
from cockpit.sandbox import Sandbox, SandboxClock
from tests.conftest import BEGIN
from tests.engine.test_another_process import SCENARIO
from tests.tui.conftest import Open
from tests.tui.test_scenarios_by_key import SELDOM, attest, enter, incident_in, link, minutes, say, ticket_status
from tests.tui.test_whole_outage import ask, done, state

NOBODY = People()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A world in which the priorities are severities."""
    scenario = tmp_path / "web.toml"
    scenario.write_text(SCENARIO)
    async with Sandbox(scenario, clock=SandboxClock(BEGIN, 0), rate_limits=False) as running:
        yield running


async def test_a_sev1_by_keyboard(
    cockpit: Open, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    async with cockpit("1924", process=shipped()["web-service"], polls=SELDOM) as driver:
        assert state(driver, "triage.judge") is State.NOT_APPLICABLE, "the alert carries this team's own tag"
        assert "IC Ana · support –" in driver.reads("#header"), "its roles, and no lead: it has none"
        assert "○ SEV1" in driver.reads("#header")
        await driver.press("2")
        assert "p make it SEV1" in driver.reads("#status")
        await driver.press("question_mark")
        assert "Set the incident's priority to SEV1" in driver.reads("Screen")
        await driver.press("escape")
        await enter(driver, "triage.acknowledge")
        await done(driver, "triage.acknowledge")
        await driver.press("p")
        await done(driver, "triage.severity")
        assert "promote" in driver.screen._impossible, "it is one already, by this team's name for it"
        await enter(driver, "mitigate.channel")
        await done(driver, "mitigate.channel")
        await link(driver, 4038)
        await driver.press("c")
        await say(driver, "Dear R. Osei,\n\nwe know of it.")
        await done(driver, "customers.informed", "customers.update")
        await minutes(driver, 20)
        view = driver.screen.view
        assert "Roles: IC Ana Ruiz · support nobody yet" in card(view.snapshot, view.assessment, NOBODY)
        await driver.press("H")
        await driver.comes("PickPerson")
        await driver.write("lou")
        await driver.press("enter")
        await driver.until(lambda: "takes over as Incident Commander" in driver.reads("Screen"))
        await driver.until(lambda: "Support: no change" in driver.reads("Screen"))
        await driver.press("down", "enter")
        await driver.comes("HandoverReview")
        assert "IC Lou Marsh <lou.marsh@example.org>" in driver.reads("Screen")
        await driver.press("escape")
        await attest(driver, "mitigate.rollback", "the release of Friday")
        await enter(driver, "close.told")
        await say(driver, "Dear R. Osei,\n\nit works again.")
        await enter(driver, "close.resolved")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(
            lambda: state(driver, "close.told") is State.DONE, driver.screen.view.assessment.step("close.told").evidence
        )
        await done(driver, "close.resolved")
        await enter(driver, "learn.draft")
        await driver.comes("Ask")
        await driver.press("enter")
        await done(driver, "learn.draft")
        await attest(driver, "learn.meeting", "https://notes.example/review")
        assert driver.screen.view.assessment.next_step() is None
        assert not driver.screen.view.outbox.deliveries
    report = (tmp_path / "incident-1924.md").read_text()
    assert "| **Time to SEV1** |" in report
    assert "| **Owner** | Ana Ruiz (Incident Commander) |" in report
    assert not re.search(r"\b(?:IR|CL|TL|P1)\b|Incident Responder|Communication Liaison|Tech Lead", report)
    world = await ask(sandbox)
    assert (incident_in(world)["status"], incident_in(world)["priority"]["summary"]) == ("resolved", "SEV1")
    assert ticket_status(world, 4038) == 2, "this process leaves the ticket to whoever answers it"
