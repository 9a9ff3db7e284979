"""The real program ends in every way, although nothing that it asked for ever answers.

How fast, `python -m tests.benchmarks.quitting` tells: there are more states there. Here it only has to end.
"""

from __future__ import annotations

import subprocess
import sys
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


def test_a_thread_that_nobody_waits_for_holds_up_no_end() -> None:
    """What was to happen at the end happens, what was printed is there, and the exit code is the command's."""
    code = (
        "import atexit, sys, threading, time; from cockpit.command_line.ending import leave; "
        "atexit.register(print, 'let go of'); "
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); "
        "print('printed', end=' '); leave(3); print('Python ends it')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, "printed let go of\n", "")
    alone = code.replace("threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); ", "")
    assert (
        "Python ends it"
        in subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True).stdout
    )
