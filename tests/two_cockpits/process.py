"""Starts `program` and talks to it."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.command_line.sandbox import config_text
from cockpit.private_file import write_private

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cockpit.sandbox import Sandbox, SandboxThread


class CockpitProcess:
    """A running `program`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hear(self) -> dict[str, Any]:
        """Its next answer."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise AssertionError((await self._process.stderr.read()).decode())
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, **wish: Any) -> dict[str, Any]:
        """Let it do something; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.hear()

    async def end(self) -> None:
        """Let it end by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def processes(
    sandbox: Sandbox | SandboxThread, folder: Path, *people: str
) -> AsyncIterator[tuple[CockpitProcess, ...]]:
    """A cockpit for each of these people, each with a config and a state folder of its own, begun with one reading."""
    started: list[CockpitProcess] = []
    for person in people:
        config = folder / f"{person}.toml"
        write_private(config, config_text(sandbox, person))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.two_cockpits.program", str(config), str(folder / person),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        started.append(CockpitProcess(process))
    try:
        for one in started:
            await one.hear()
        yield tuple(started)
    finally:
        for one in started:
            await one.end()
