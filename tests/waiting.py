"""Waiting for what must come: the one place in which a test lets time pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds; generous, since it only decides how long a failing test takes."""
SELDOM = 0.05
"""Seconds between two looks when it takes its time: a look may cost as much as what is waited for."""


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds. Fails the test, saying what was waited for, if it never does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    pause = 0.01
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"it never happened: {what or condition}")
        await asyncio.sleep(pause)
        pause = min(1.2 * pause, SELDOM)
