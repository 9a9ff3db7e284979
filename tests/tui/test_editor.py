"""The terminal lent to an editor: the cockpit goes on behind it, unseen, and what the editor saved is never lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from cockpit.sandbox import Sandbox
from cockpit.tui.window import lasting
from tests.benchmarks.quitting import OFTEN, Stage
from tests.terminal import ROOT, Terminal, config_for
from tests.tui.test_incident import notes
from tests.waiting import until

EDITOR = """#!{python}
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: print("caught", flush=True))
open("{folder}/editor", "w").write(str(os.getpid()))
print("THE EDITOR HAS IT", flush=True)
for line in sys.stdin:
    open(sys.argv[1], "w").write(line)
    print("saved", flush=True)
    if line == "last\\n":
        sys.exit(3)
"""
"""Saves each line that is typed; ends with a failure after the line `last`."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An incident at its official start, and an editor."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox("quiet", rate_limits=False))
        stage = Stage(stack, sandbox, tmp_path)
        await stage.remember()
        editor = tmp_path / "editor.sh"
        editor.write_text(EDITOR.format(python=sys.executable, folder=tmp_path))
        editor.chmod(0o755)
        yield stage


def cockpit_in(stage: Stage, folder: Path) -> Terminal:
    """The program on that incident."""
    config = config_for(stage.sandbox, folder, OFTEN)
    return Terminal(
        "--config", config, "1924", state=stage.state, environment={"VISUAL": str(folder / "editor.sh")},
    )  # fmt: skip


async def in_the_editor(terminal: Terminal) -> None:
    """Begin a reply and give it to the editor."""
    await terminal.shows("c begins a reply")
    terminal.type("c")
    await terminal.shows("first response · saved")
    terminal.type("\x05")
    await until(lambda: "THE EDITOR HAS IT" in terminal.written, "the editor begins")


async def test_the_cockpit_goes_on_behind_the_editor(stage: Stage, tmp_path: Path) -> None:
    async with cockpit_in(stage, tmp_path) as terminal:
        await in_the_editor(terminal)
        terminal.type("\x1a")  # no shell could let it go on, so it isn't stopped
        before = len(stage.sandbox.requests)
        argv = ["-m", "cockpit", "--config", str(tmp_path / "config.toml"), "note", "1924", "typed elsewhere"]
        note = await asyncio.create_subprocess_exec(
            sys.executable, *argv,
            env={**os.environ, "COCKPIT_STATE_DIR": str(stage.state)}, cwd=str(ROOT),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await until(lambda: any("typed elsewhere" in one for one in notes(stage.sandbox)), "the note is delivered")
        await note.wait()
        await until(lambda: len(stage.sandbox.requests) > before + 10, "the services are asked")
        terminal.type("\x03")
        await until(lambda: "caught" in terminal.written, "ctrl+c is the editor's")
        seen = terminal.written.partition("THE EDITOR HAS IT")[2]
        assert re.sub(r"\^[CZ]", "", seen).split() == ["caught"], "nothing was drawn over the editor"
        terminal.type("last\nzz")
        await terminal.shows("ended with code 3")
        await terminal.shows("last")
        assert "zz" not in terminal.screen, "what the editor left unread is no key of ours"
        assert list((stage.state / "editing").glob("*.md")) == [], "it is a draft now"


async def test_what_the_editor_saved_outlives_the_cockpit(stage: Stage, tmp_path: Path) -> None:
    async with cockpit_in(stage, tmp_path) as terminal:
        await in_the_editor(terminal)
        terminal.type("its last words\n")
        await until(lambda: "saved" in terminal.written.partition("THE EDITOR HAS IT")[2], "it saves")
        terminal.signal(signal.SIGKILL)
        await until(lambda: terminal.ended, "it is killed")
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "editor").read_text()), signal.SIGKILL)
    async with cockpit_in(stage, tmp_path) as terminal:
        await terminal.shows("its last words")


class Keeping:
    """Keeps what is written to it, as Textual's driver does while the thread that writes is gone."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, data: str) -> None:
        self.written.append(data)

    def suspend_application_mode(self) -> None:
        self.write("restored")

    def resume_application_mode(self) -> None:
        self.write("taken")


def test_what_is_written_while_the_terminal_is_lent_fills_no_queue() -> None:
    driver = lasting(Keeping)()
    driver.suspend_application_mode()
    driver.write("a title")
    driver.resume_application_mode()
    driver.write("drawn")
    assert driver.written == ["restored", "taken", "drawn"]
