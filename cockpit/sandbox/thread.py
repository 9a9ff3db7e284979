"""The sandbox on a thread and an event loop of its own, with plain methods."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from types import TracebackType

    from cockpit.sandbox.clock import SandboxClock
    from cockpit.sandbox.gateway import Recorded

_Result = TypeVar("_Result")


class SandboxThread:
    """The same sandbox on a thread and an event loop of its own, for callers that mustn't carry it.

    A context manager; takes what `Sandbox` takes. Everything reads and changes the world on that thread.
    """

    def __init__(self, scenario: str | Path = "long_outage", **options: Any) -> None:
        self._sandbox = Sandbox(scenario, **options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread and open the port. Raises OSError for a port that is taken."""
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=_run, args=(loop,), name="sandbox", daemon=True)
        self._thread.start()
        try:
            self._wait(self._sandbox.start())
        except BaseException:
            self._end()
            raise

    def _wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine on the sandbox's loop and wait for it here."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox isn't started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = None

    def stop(self) -> None:
        """Close the port and end the thread; harmless when it isn't running."""
        if self._loop is not None:
            self._wait(self._sandbox.close())
            self._end()

    def __enter__(self) -> SandboxThread:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def call(self, function: Callable[[Sandbox], _Result]) -> _Result:
        """Run a function of the sandbox on its thread and give back what it returns."""

        async def run() -> _Result:
            return function(self._sandbox)

        return self._wait(run())

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox itself; its addresses and credentials may be read from any thread, its world may not."""
        return self._sandbox

    @property
    def clock(self) -> SandboxClock:
        """The clock."""
        return self._sandbox.clock

    @property
    def url(self) -> str:
        """The base of everything, without a slash at the end."""
        return self._sandbox.url

    @property
    def pagerduty_url(self) -> str:
        """PagerDuty's base URL."""
        return self._sandbox.pagerduty_url

    @property
    def slack_url(self) -> str:
        """Slack's base URL, ending in a slash."""
        return self._sandbox.slack_url

    @property
    def freshdesk_url(self) -> str:
        """Freshdesk's base URL."""
        return self._sandbox.freshdesk_url

    def credentials(self, person: str | None = None) -> dict[str, str]:
        """As `Sandbox.credentials`."""
        return self._sandbox.credentials(person)

    def advance(self, seconds: float) -> None:
        """Push the clock forward and apply what became due."""
        self._wait(self._sandbox.advance(seconds))

    def fault(self, service: str, kind: str, **options: Any) -> None:
        """As `Sandbox.fault`."""
        self.call(lambda sandbox: sandbox.fault(service, kind, **options))

    def clear_faults(self, service: str | None = None) -> None:
        """As `Sandbox.clear_faults`."""
        self.call(lambda sandbox: sandbox.clear_faults(service))

    def fail_writes(self, on: bool = True) -> None:
        """As `Sandbox.fail_writes`."""
        self.call(lambda sandbox: sandbox.fail_writes(on))

    def state(self) -> dict[str, Any]:
        """As `Sandbox.state`."""
        return self.call(lambda sandbox: sandbox.state())

    def requests(self) -> list[Recorded]:
        """Every request so far, in order of arrival."""
        return self.call(lambda sandbox: list(sandbox.requests))


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()
