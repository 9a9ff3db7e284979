"""`python -m tests.benchmarks.quitting`: how long the real program takes to end, from every state, in every way.

In each state all three services hang. Beside the seconds stand those of the processor, which a busy machine doesn't
stretch. The suite ends some of these states too (`test_quitting`), without a clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from cockpit.config import load
from cockpit.engine.desk import JOURNAL, Desk
from cockpit.sandbox import Sandbox
from tests.engine.test_session import begin
from tests.terminal import Terminal, config_for
from tests.waiting import until

OFTEN = "[polls]\nslack = 0.2\npagerduty = 0.2\nfreshdesk = 0.2"

NO_NAMES = """
import socket, sys, time
from cockpit.cli import main
known = socket.getaddrinfo
def hanging(host, *args, **options):
    if "127.0.0.1" not in str(host):
        time.sleep(600)
    return known(host, *args, **options)
socket.getaddrinfo = hanging
sys.exit(main())
"""
"""The program on a machine whose resolver never answers."""


class Stage:
    """One sandbox, one folder, one terminal, all gone at the end of `stack`."""

    def __init__(self, stack: AsyncExitStack, sandbox: Sandbox, folder: Path) -> None:
        self._stack = stack
        self.sandbox = sandbox
        self.state = folder / "state"
        self._folder = folder

    async def remember(self) -> None:
        """Leave behind what an earlier run would have: an incident at its official start."""
        settings = replace(load(config_for(self.sandbox, self._folder, OFTEN)), state_dir=self.state)
        desk = Desk(settings)
        session = desk.session(await desk.find("1924"))
        await session.start()
        await begin(session)
        await session.close()
        await desk.close()

    def hang(self) -> None:
        """From now on no service answers."""
        self.sandbox.fault("*", "hang")

    async def open(self, *argv: str, more: str = "", program: tuple[str, ...] = ("-m", "cockpit")) -> Terminal:
        """Start the program on a config with these lines at its end."""
        config = config_for(self.sandbox, self._folder, more)
        terminal = Terminal("--config", config, *argv, state=self.state, program=program)
        return await self._stack.enter_async_context(terminal)

    async def rewritten(self, change: Callable[[str], str], program: tuple[str, ...] = ("-m", "cockpit")) -> Terminal:
        """Start it on a config that was changed."""
        config = config_for(self.sandbox, self._folder)
        config.write_text(change(config.read_text()))
        terminal = Terminal("--config", config, state=self.state, program=program)
        return await self._stack.enter_async_context(terminal)

    def on_exit(self, do: Callable[[], object]) -> None:
        """Do this at the end."""
        self._stack.callback(do)

    async def asked(self, *services: str) -> None:
        """Wait until a request to each of these services hangs."""
        hanging = lambda: {one.service for one in self.sandbox.requests if one.fault}
        await until(lambda: hanging().issuperset(services), f"{services} are asked")


async def picking(stage: Stage) -> Terminal:
    """It asks which incident, and nobody answers."""
    stage.hang()
    terminal = await stage.open()
    await stage.asked("pagerduty")
    return terminal


async def connecting(stage: Stage) -> Terminal:
    """The remembered incident is painted; what comes next isn't there yet."""
    await stage.remember()
    stage.hang()
    terminal = await stage.open()
    await terminal.shows("Hub unreachable")
    return terminal


async def reading(stage: Stage) -> Terminal:
    """All three first readings hang."""
    terminal = await connecting(stage)
    await stage.asked("pagerduty", "slack", "freshdesk")
    return terminal


async def at_rest(stage: Stage) -> Terminal:
    """All was read, then everything hangs."""
    await stage.remember()
    terminal = await stage.open("1924", more=OFTEN)
    await terminal.shows("● FD")
    stage.hang()
    await stage.asked("pagerduty", "slack", "freshdesk")
    return terminal


async def delivering(stage: Stage) -> Terminal:
    """Writes to two services are on their way and hang."""
    terminal = await at_rest(stage)
    terminal.type("n")
    await terminal.shows("esc out")
    terminal.type("on its way\r")
    await asyncio.sleep(0.3)
    terminal.type("\x1b")
    await asyncio.sleep(0.3)
    terminal.type("R")
    await asyncio.sleep(0.3)
    terminal.type("\t\r")
    await terminal.shows("sending")
    return terminal


async def holding(stage: Stage) -> Terminal:
    """A reply is in the review's hold."""
    await stage.remember()
    terminal = await stage.open("1924", more="[ui]\nreview_hold = 30")
    await terminal.shows("● FD")
    terminal.type("c")
    await terminal.shows("filled in")
    terminal.type("it is slow")
    await terminal.shows("ready: ctrl+s")
    terminal.type("\x13")
    await terminal.shows("s sends")
    stage.hang()
    terminal.type("s")
    return terminal


async def asking_for_secrets(stage: Stage) -> Terminal:
    """The commands that print the tokens never end."""
    await stage.remember()

    def change(text: str) -> str:
        lines = [
            f'{line.split(" = ")[0]}_command = ["sleep", "600"]' if line.startswith(("token =", "api_key =")) else line
            for line in text.splitlines()
        ]
        return "\n".join(lines)

    terminal = await stage.rewritten(change)
    await terminal.shows("stale")
    return terminal


async def resolving_names(stage: Stage) -> Terminal:
    """The services' names are looked up, for ever."""
    await stage.remember()
    base = f"http://127.0.0.1:{stage.sandbox.url.rpartition(':')[2]}"
    terminal = await stage.rewritten(
        lambda text: text.replace(base, "https://cockpit-test.invalid"), program=("-c", NO_NAMES)
    )
    await terminal.shows("stale")
    await asyncio.sleep(0.5)
    return terminal


async def locked_out(stage: Stage) -> Terminal:
    """Another process holds the journal and doesn't let go."""
    terminal = await at_rest(stage)
    other = sqlite3.connect(stage.state / JOURNAL, isolation_level=None)
    stage.on_exit(other.close)
    other.execute("BEGIN IMMEDIATE")
    return terminal


async def in_the_demo(stage: Stage) -> Terminal:
    """The demo, with its sandbox inside."""
    terminal = await stage._stack.enter_async_context(Terminal("demo", state=stage.state))
    await terminal.shows("Hub unreachable")
    return terminal


STATES: tuple[Callable[[Stage], Awaitable[Terminal]], ...] = (
    picking, connecting, reading, at_rest, delivering, holding, asking_for_secrets, resolving_names, locked_out,
    in_the_demo,
)  # fmt: skip

WAYS: dict[str, Callable[[Terminal], None]] = {
    "ctrl+q": lambda terminal: terminal.type("\x11"),
    "SIGTERM": lambda terminal: terminal.signal(signal.SIGTERM),
    "SIGHUP": lambda terminal: terminal.signal(signal.SIGHUP),
    "window": lambda terminal: terminal.close_window(),
}
"""How it is told to end."""


async def seconds(state: Callable[[Stage], Awaitable[Terminal]], way: str) -> tuple[float, float]:
    """How long it takes to end, and how much of that on the processor."""
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            sandbox = await stack.enter_async_context(Sandbox("quiet", rate_limits=False))
            terminal = await state(Stage(stack, sandbox, Path(name)))
            before = sum(os.times()[2:4]), time.monotonic()
            spent = terminal.processor
            WAYS[way](terminal)
            await until(lambda: terminal.ended, f"{state.__name__}: it ends by {way}")
            return time.monotonic() - before[1], sum(os.times()[2:4]) - before[0] - spent


async def table(names: list[str]) -> None:
    """Every state (or those named), every way."""
    print(f"{'':20}", *(f"{way:>16}" for way in WAYS))
    for state in (one for one in STATES if not names or one.__name__ in names):
        figures = [await seconds(state, way) for way in WAYS]
        print(f"{state.__name__:20}", *(f"{took:8.2f} ({busy:.2f})" for took, busy in figures), flush=True)
    print(f"seconds (of the processor); load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def main() -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quitting", description=__doc__)
    parser.add_argument("state", nargs="*", help=", ".join(state.__name__ for state in STATES))
    asyncio.run(table(parser.parse_args().state))
    return 0


if __name__ == "__main__":
    sys.exit(main())
