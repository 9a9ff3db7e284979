"""What the interface leaves behind while it is open for hours: nothing of what was closed."""

from __future__ import annotations

import gc

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.tui import let_go
from tests.tui.conftest import Driver, Open


def pictures() -> int:
    """How many drawn lines are kept."""
    gc.collect()
    return sum(type(one) is Strip for one in gc.get_objects())


def waiting() -> int:
    """How many drawn lines nobody wants, and only the garbage collector finds."""
    there = sum(type(one) is Strip for one in gc.get_objects())
    return there - pictures()


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
        # The last one is still being taken down, and may not have been so far along the first time.
        await driver.until(lambda: widgets() <= alive, "what the dialogs held is let go")
        assert pictures() < drawn + 200, "a dialog has 150 lines, and nine were opened"


def places() -> int:
    """How many answers Textual keeps to where regions meet."""
    return sum(method.cache_info().currsize for method in vars(Region).values() if hasattr(method, "cache_info"))


async def test_places_on_the_screen_are_forgotten(cockpit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.tui.app.FORGETS", 0.05)
    async with cockpit() as driver:
        for n in range(3_000):
            Region(n, n, 7, 7).union(Region(n, 1, 5, 5))
        assert places() >= 3_000
        await driver.until(lambda: places() < 3_000)


async def test_what_was_drawn_goes_without_the_garbage_collector(cockpit: Open) -> None:
    async with cockpit() as driver:
        await driver.press("3", "2", "1")
        waiting()
        gc.disable()
        try:
            await driver.press(*"jjjkk", "3", "G", "g", "2", "j", "k", "1")
            assert waiting() == 0
        finally:
            gc.enable()


@pytest.mark.parametrize("cuts", [(), (9,), (4,), (4, 9), (4, 30), (9, 30), (30,), (9, 9)])
def test_a_line_is_cut_as_textual_does(cuts: tuple[int, ...]) -> None:
    line = Strip([Segment("a ハブ"), Segment("é", Style(bold=True)), Segment("ok")])
    assert let_go._divided(line, cuts) == let_go._by_textual(line, cuts)
    assert [one.cell_length for one in let_go._divided(line, cuts)] == [
        one.cell_length for one in let_go._by_textual(line, cuts)
    ]
