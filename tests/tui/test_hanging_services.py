"""All three services hang for as long as the test runs: keys are painted, panes change, the cockpit can be left."""

from __future__ import annotations

from pathlib import Path

from cockpit.engine.desk import Desk
from cockpit.engine.view import DeliveryState
from cockpit.sandbox import Sandbox
from cockpit.settings import PollSettings
from cockpit.tui.app import CockpitApp
from tests.conftest import settings_for
from tests.tui.conftest import Driver, all_read
from tests.waiting import until

FOR_EVER = 600.0
"""Seconds that a request may take here: whatever waited for one would be seen to."""


async def test_the_screen_waits_for_no_service(sandbox: Sandbox, tmp_path: Path) -> None:
    polls = PollSettings(pagerduty=0.3, slack=0.3, freshdesk=0.3)
    desk = Desk(settings_for(sandbox, tmp_path / "state", polls=polls), timeout=FOR_EVER)
    app = CockpitApp(desk, "1924")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        driver = Driver(app, pilot, sandbox)
        await until(lambda: app.session is not None and all_read(app), "all three are read")
        driver.screen.session.act("open_channel")
        driver.screen.session.act("link_ticket", ticket=4038, subject="Hub is not reachable")
        view = lambda: driver.screen.view
        await driver.until(lambda: view().snapshot.ticket(4038) and not view().outbox.deliveries)
        sandbox.fault("*", "hang")
        for service in ("pagerduty", "slack", "freshdesk"):
            await until(lambda service=service: hangs(sandbox, service), f"{service} is asked, and doesn't answer")

        await driver.press("n")
        await driver.write("ok")
        assert driver.screen.channel.input.value == "ok"
        await driver.press("enter", "escape")
        await driver.until(lambda: [one.state for one in view().outbox.deliveries] == [DeliveryState.SENDING])
        for number, pane in enumerate(driver.screen.panes, 1):
            await driver.press(str(number))
            assert driver.screen.current is pane
        await driver.press("c")
        await driver.write("ok")
        assert "ok" in driver.screen.reply.text
        await driver.press("escape", "ctrl+q")
        await until(lambda: not app.is_running, "it ends")
    await desk.close()


def hangs(sandbox: Sandbox, service: str) -> bool:
    """Whether a request to that service hangs."""
    return any(request.service == service and request.fault == "hang" for request in sandbox.requests)
