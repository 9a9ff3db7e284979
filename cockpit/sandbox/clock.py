"""The sandbox's time: a clock that can run fast, stand still or be pushed forward, and the present moment."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class SandboxClock:
    """A clock of the sandbox's own, in aware UTC.

    `now() = origin + (real seconds since it was made) * speed + (seconds advanced)`. Speed 0 stands still and is
    moved by `advance` alone, which is what a test wants; speed 1 with the wall clock's now as origin simply is the
    wall clock. Reading and advancing are safe from any thread.
    """

    def __init__(self, origin: datetime, speed: float = 1.0) -> None:
        if origin.tzinfo is None:
            raise ValueError("the origin of a sandbox clock needs a time zone")
        if speed < 0:
            raise ValueError("a sandbox clock doesn't run backwards")
        self.origin = origin.astimezone(UTC)
        """The moment at which the clock was set going; a scenario's `begin` falls here."""
        self.speed = speed
        """Sandbox seconds per real second."""
        self.started = datetime.now(UTC)
        """The wall clock's moment at which this clock was set going."""
        self._started = time.monotonic()
        self._advanced = 0.0

    def now(self) -> datetime:
        """The sandbox's present, aware UTC."""
        elapsed = (time.monotonic() - self._started) * self.speed + self._advanced
        return self.origin + timedelta(seconds=elapsed)

    def advance(self, seconds: float) -> None:
        """Push the clock forward by this many sandbox seconds; it never goes back."""
        if seconds < 0:
            raise ValueError("a sandbox clock doesn't run backwards")
        self._advanced += seconds

    def shifted_origin(self) -> datetime:
        """The origin with what was advanced added: `now = shifted_origin + (wall - started) * speed`."""
        return self.origin + timedelta(seconds=self._advanced)


class Present:
    """The moment at which things happen, and a count of the changes made to the world.

    It is the clock's now, except inside `at`, where a scenario's event happens at its own time even though it is
    applied a little (or, as history, a lot) later.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.changes = 0
        """How many changes the world has seen; a request that raised it took effect."""
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return self._moment if self._moment is not None else self.clock.now()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let everything inside happen at this moment."""
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    def changed(self) -> None:
        """Count one change of the world."""
        self.changes += 1


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the second with a `Z`, as PagerDuty and Freshdesk write times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
