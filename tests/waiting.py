"""Waiting for what must come: the one place in which a test lets time pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

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


def eventually(condition: Callable[[], Found], what: str) -> Found:
    """What the condition gives once it holds: the same with no loop that runs, for what goes on in another process."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never happened: {what}"
        time.sleep(0.02)
    return found
