"""Handing over, pulling people in, saying who answers a ticket: by keys, on the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.widgets import Button

from cockpit.incident.checklist import State
from cockpit.sandbox import Sandbox
from cockpit.tui.panes.listing import Listing
from tests.tui.conftest import WIDE, Driver, Open
from tests.tui.looking import press
from tests.tui.still import still_app
from tests.tui.test_incident import incident, notes, start, state
from tests.tui.test_snapshots import handed_over


async def pick(driver: Driver, name: str) -> None:
    """Type somebody's name and choose them."""
    await driver.comes("PickPerson")
    await driver.write(name)
    await driver.press("enter")


def problem(driver: Driver) -> str:
    """What the question on top says is wrong."""
    return str(driver.app.screen.query_one(".problem").render())


def requests(sandbox: Sandbox, path: str) -> int:
    """How many requests to that path took effect."""
    return sum(path in request.path and request.took_effect for request in sandbox.requests)


def assignees(sandbox: Sandbox) -> list[str]:
    """To whom the incident is assigned."""
    return [one["assignee"]["summary"] for one in incident(sandbox)["assignments"]]


async def test_the_hand_off_shows_the_brief_and_gives_both_roles_away(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        await driver.press("H")
        await pick(driver, "lou")
        await pick(driver, "ben")
        await driver.comes("HandoverReview")
        facts = " ".join(str(widget.render()) for widget in driver.app.screen.query(".fact"))
        assert "Lou Marsh" in facts
        assert "Ben Okafor" in facts
        assert "Where it stands" in driver.shows("#letter")
        brief = driver.app.screen._brief
        assert driver.app.focused is driver.app.screen.query_one("#no", Button)
        await driver.press("shift+tab")
        await driver.write("on the phone")
        await driver.press("enter", "tab", "enter")
        await driver.until(lambda: assignees(sandbox) == ["Lou Marsh"], "it is theirs in PagerDuty")
        for step in ("handoff.agreed", "handoff.reassigned", "handoff.announced", "handoff.comms"):
            await driver.until(lambda step=step: state(driver, step) is State.DONE, step)
        said = next(note for note in notes(sandbox) if "takes over" in note)
        assert brief.splitlines()[0] in said, "what was shown is what was posted"
        attested = driver.screen.view.assessment.step("handoff.agreed").evidence
        assert "on the phone" in attested


async def test_the_step_of_the_hand_off_opens_it_and_enter_cancels(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        before = assignees(sandbox)
        driver.screen.do_step(driver.screen.view.assessment.step("handoff.agreed"))
        await pick(driver, "lou")
        await driver.comes("PickPerson")
        await driver.press("down", "enter")
        await driver.comes("HandoverReview")
        await driver.press("enter")
        await driver.comes("IncidentScreen")
        assert assignees(sandbox) == before


async def test_a_hand_off_to_somebody_whom_pagerduty_does_not_know_says_so(cockpit: Open, sandbox: Sandbox) -> None:
    lou = next(key for key, user in sandbox.world.pagerduty.users.items() if user.name == "Lou Marsh")
    del sandbox.world.pagerduty.users[lou]
    # PagerDuty deletes nobody who is still on the rota.
    sandbox.world.pagerduty.rota[:] = [shift for shift in sandbox.world.pagerduty.rota if shift.user_id != lou]
    async with cockpit() as driver:
        await start(driver)
        await driver.press("H")
        await pick(driver, "lou")
        await driver.until(lambda: "isn't in PagerDuty" in problem(driver))
        assert driver.over == "PickPerson"
        await driver.press("ctrl+u")
        await driver.write("nobody of that name")
        await driver.until(lambda: "Nobody of that name" in problem(driver))
        await driver.press("escape")
        await driver.comes("IncidentScreen")


async def test_experts_are_pulled_in_by_name_from_the_step(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await start(driver)
        await driver.choose_step("hands.experts")
        await driver.press("enter")
        await pick(driver, "kim")
        await driver.comes("Choose")
        await driver.press("enter")
        await driver.comes("Ask")
        await driver.press("enter")
        await driver.comes("Confirm")
        assert requests(sandbox, "responder_requests") == 0, "nobody is woken before it was confirmed"
        await driver.press("tab", "enter")
        await driver.until(lambda: requests(sandbox, "responder_requests") == 1)
        await driver.until(lambda: requests(sandbox, "conversations.invite") == 1)
        await driver.until(lambda: state(driver, "hands.experts") is State.DONE)
        await driver.until(lambda: any("☎ Asked Kim Tanaka" in note for note in notes(sandbox)))
        await driver.until(lambda: any("☎ Invited Kim Tanaka" in note for note in notes(sandbox)))


async def test_what_somebody_cannot_be_pulled_in_for_is_dimmed_with_its_reason(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit() as driver:
        await driver.press("I")
        await pick(driver, "kim")
        await driver.comes("Choose")
        ways: dict[str, Any] = {way.id: way.reason for way in driver.app.screen._choices}
        assert "no channel yet" in ways["invite"]
        assert ways["ask"] is None


async def test_who_answers_the_ticket_is_chosen_among_the_agents(cockpit: Open, sandbox: Sandbox) -> None:
    async with cockpit(size=WIDE) as driver:
        await start(driver)
        driver.screen.action_assign_ticket()
        await pick(driver, "ben")
        await driver.comes("Confirm")
        await driver.press("tab", "enter")
        await driver.until(lambda: "Ben Okafor" in driver.reads("#ticket-line"))
        await driver.until(lambda: any("⇄ Handed ticket 4038 to Ben Okafor" in note for note in notes(sandbox)))


async def test_who_was_handed_the_incident_is_told_and_reads_the_brief() -> None:
    app = still_app(replace(handed_over(), me="Lou Marsh"))
    async with app.run_test(size=(120, 60), notifications=True) as pilot:
        await pilot.pause()
        app.session.become(replace(handed_over(), me="Lou Marsh"))
        await press(pilot, "B")
        said = [str(one.message) for one in app._notifications]
        assert said == ["Ana Ruiz handed this to you at 18:02 UTC. B shows the brief."], "once"
        rows = app.screen.query_one("#letter", Listing).rows
        text = "\n".join("".join(span[0] for span in line) for row in rows for line in row.lines(100))
        now, then = text.split("Handed over by Ana Ruiz to Lou Marsh, 18:02 UTC\n")
        assert now.startswith("As of now\nWhere it stands")
        assert "IR Lou Marsh" in now
        assert then.startswith("Where it stands")
        assert "IR Ana Ruiz" in then, "as it was handed over"
    app = still_app(handed_over())
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        assert not list(app._notifications), "it is told to nobody else"
