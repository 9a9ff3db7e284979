"""Waiting for what must come: the one place in which a test lets time pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds; generous, since it only decides how long a failing test takes."""


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds. Fails the test, saying what was waited for, if it never does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"it never happened: {what or condition}")
        await asyncio.sleep(0.01)
