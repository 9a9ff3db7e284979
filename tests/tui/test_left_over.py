"""What the interface leaves behind while it is open for hours: nothing of what was closed."""

from __future__ import annotations

import gc

from textual.strip import Strip
from textual.widget import Widget

from tests.tui.conftest import Driver, Open


def pictures() -> int:
    """How many drawn lines are kept."""
    gc.collect()
    return sum(type(one) is Strip for one in gc.get_objects())


def widgets() -> int:
    """How many widgets there are, on the screen or not."""
    gc.collect()
    return sum(isinstance(one, Widget) for one in gc.get_objects())


async def look_around(driver: Driver) -> None:
    """Open and close what can be opened."""
    for key in ("question_mark", "O", "e"):
        await driver.press(key)
        await driver.until(lambda: driver.over != "IncidentScreen")
        await driver.press("escape")
        await driver.until(lambda: driver.over == "IncidentScreen")


async def test_a_dialog_that_was_closed_is_let_go(cockpit: Open) -> None:
    async with cockpit() as driver:
        for _ in range(2):
            await look_around(driver)
        drawn, alive = pictures(), widgets()
        for _ in range(3):
            await look_around(driver)
        assert pictures() < drawn + 200, "a dialog has 150 lines, and nine were opened"
        assert widgets() <= alive
