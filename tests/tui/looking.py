"""What a person would read on the screen."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from cockpit.tui.in_turn import InTurn
from tests.waiting import until

TURNS = 5
"""Turns of the event loop in a row in which nothing may be pending: a message begets another one."""


def at_work(app: App[Any]) -> bool:
    """Whether a key or a message waits to be handled, or the top screen to be laid out or painted."""
    screen = app.screen
    if screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks:
        return True
    if isinstance(app, InTurn) and not app.typed_out:
        return True
    nodes = (app, *screen.walk_children(Widget, with_self=True))
    return any(not node._message_queue.empty() or node._next_callbacks for node in nodes)


async def come_to_rest(pilot: Pilot[Any]) -> None:
    """Wait until everything is handled, laid out and painted.

    `Pilot.pause` waits until the process uses little of the processor, which on a busy machine it does while it is in
    the middle of its work.
    """
    quiet = 0

    def resting() -> bool:
        nonlocal quiet
        quiet = 0 if at_work(pilot.app) else quiet + 1
        return quiet >= TURNS

    await until(resting, "the screen comes to rest")


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys and wait until all that comes of them is to be seen."""
    await pilot.press(*keys)
    await come_to_rest(pilot)


def text_in(app: App[Any], selector: str = "Screen") -> str:
    """The text in a part of the top screen, borders and all, line by line."""
    region: Region = app.screen.region if selector == "Screen" else app.screen.query_one(selector).region
    lines = app.screen._compositor.render_strips(app.size)
    shown = lines[region.y : region.bottom]
    return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in shown)


def running_text(app: App[Any], selector: str) -> str:
    """The same as one line of words, without borders and line breaks."""
    return " ".join(text_in(app, selector).translate(str.maketrans("│╭╮╰╯─", "      ")).split())
