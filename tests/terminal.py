"""The real program in a pseudo-terminal, driven and measured from outside, on the event loop that a sandbox shares."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pyte

from cockpit.command_line.sandbox import config_text
from cockpit.sandbox import Sandbox
from tests.waiting import until

ROOT = Path(__file__).parents[1]
KEPT = 400_000
"""Bytes of what the program wrote last; its screen is read from them."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at one moment; memory in KiB, as Linux tells it: all, and what no file stands behind."""

    rss: int
    anonymous: int
    files: int
    sockets: int
    threads: int


def held(pid: int) -> Held:
    """What that process holds now. Linux only."""
    memory = dict(re.findall(r"^(\w+): +(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    targets = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            targets.append(str(entry.readlink()))
    sockets = sum(target.startswith("socket:") for target in targets)
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    return Held(int(memory["Rss"]), int(memory["Anonymous"]), len(targets), sockets, threads)


def config_for(sandbox: Sandbox, folder: Path, more: str = "") -> Path:
    """A config that points at the sandbox, with these lines at its end."""
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(f"{config_text(sandbox)}\n{more}", encoding="utf-8")
    return path


class Terminal:
    """A terminal of its own with the program in it. An async context manager; the program is killed at its end."""

    def __init__(
        self, *argv: object, state: Path, program: Sequence[str] = ("-m", "cockpit"),
        rows: int = 40, columns: int = 120, environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`state` is the folder for its state; `program` is what Python runs."""
        self._argv = [*program, *map(str, argv)]
        self._size = rows, columns
        # COLUMNS and LINES are another terminal's size.
        others = ("COCKPIT_", "XDG_", "COLUMNS", "LINES")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        self._environment = {
            **kept, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", "COCKPIT_STATE_DIR": str(state),
            "HOME": str(state.parent), "PYTHONPATH": str(ROOT), **(environment or {}),
        }  # fmt: skip
        self._written = bytearray()
        self._drawn: str | None = None

    async def __aenter__(self) -> Terminal:
        self._child = pexpect.spawn(
            sys.executable, self._argv, env=self._environment, dimensions=self._size, cwd=str(ROOT)
        )
        self._child.delaybeforesend = None
        self._listening = self._child.child_fd
        asyncio.get_running_loop().add_reader(self._listening, self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hang_up()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        await until(lambda: self.ended, "it is killed")
        self._child.close()

    def _listen(self) -> None:
        try:
            said = os.read(self._listening, 65_536)
        except OSError:  # the program closed its end
            said = b""
        self._written += said
        self._drawn = None
        del self._written[:-KEPT]
        if not said:
            self._hang_up()

    def _hang_up(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listening)

    @property
    def pid(self) -> int:
        """The program's process id."""
        return int(self._child.pid)

    @property
    def written(self) -> str:
        """The last that the program wrote, control sequences and all."""
        return self._written.decode("utf-8", "replace")

    def type(self, keys: str | bytes) -> None:
        """Press keys."""
        self._child.send(keys)

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size."""
        self._size = rows, columns
        self._drawn = None
        self._child.setwinsize(rows, columns)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._child.kill(number)

    def close_window(self) -> None:
        """Close the terminal, as the window's button does: the system sends SIGHUP, and nothing can be written."""
        self._hang_up()
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, self._listening)  # closes the terminal, and leaves pexpect a file to close
        os.close(nowhere)

    @property
    def screen(self) -> str:
        """What the screen shows, as far as what was written last draws it."""
        # Drawn once for what was written: who waits looks twenty times a second, and drawing costs most of it.
        if self._drawn is None:
            rows, columns = self._size
            screen = pyte.Screen(columns, rows)
            # pyte takes these for text.
            pyte.Stream(screen).feed(re.sub(r"\x1b\[[<>=?][\d;]*[a-zA-Z$]+|\x1bP.*?\x1b\\", "", self.written))
            self._drawn = "\n".join(screen.display)
        return self._drawn

    async def shows(self, words: str) -> None:
        """Wait until the screen shows these words."""
        await self._until(lambda: words in self.screen, f"{words!r} is on the screen")

    async def hides(self, words: str) -> None:
        """Wait until these words aren't on the screen any more."""
        await self._until(lambda: words not in self.screen, f"{words!r} goes")

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        try:
            await until(condition, what)
        except AssertionError as never:
            raise AssertionError(f"{never}\n{self.screen}") from None

    @property
    def processor(self) -> float:
        """Seconds of the processor's time that the program has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def ended(self) -> bool:
        """Whether the program is gone."""
        return not self._child.isalive()

    async def end(self) -> int:
        """Wait until the program has ended; its exit code, minus the signal that ended it."""
        await self._until(lambda: self.ended, "it ends")
        self._listen_out()
        code = self._child.exitstatus
        return int(code) if code is not None else -int(self._child.signalstatus)

    def _listen_out(self) -> None:
        with suppress(OSError):
            while said := os.read(self._listening, 65_536):
                self._written += said
                self._drawn = None
