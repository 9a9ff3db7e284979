"""The real program ends in every way, although nothing that it asked for ever answers.

How fast, `python -m tests.benchmarks.quitting` tells: there are more states there. Here it only has to end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cockpit.sandbox import Sandbox
from tests.benchmarks import quitting
from tests.terminal import Terminal


@pytest.mark.parametrize(
    ("state", "way"),
    [
        (quitting.connecting, "window"),
        (quitting.delivering, "window"),
        (quitting.asking_for_secrets, "SIGTERM"),
        (quitting.locked_out, "ctrl+q"),
    ],
)
async def test_it_ends(tmp_path: Path, state: Callable[[quitting.Stage], Awaitable[Terminal]], way: str) -> None:
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox("quiet", rate_limits=False))
        terminal = await state(quitting.Stage(stack, sandbox, tmp_path))
        quitting.WAYS[way](terminal)
        await terminal.end()
        assert "Traceback" not in terminal.written
