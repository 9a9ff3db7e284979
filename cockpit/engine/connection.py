"""The clients of the three services: made on first use, off the event loop, since their libraries are slow to import
and a secret may come from a command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from cockpit.config import ConfigError
from cockpit.incident.facts import LABELS, Source
from cockpit.services.call import TIMEOUT
from cockpit.services.errors import NotAuthorised, ServiceError

if TYPE_CHECKING:
    from cockpit.services.freshdesk import Freshdesk
    from cockpit.services.pagerduty import PagerDuty
    from cockpit.services.slack import Slack
    from cockpit.settings import Settings

T = TypeVar("T")

PARTING = 0.3
"""Seconds that closing the clients may take altogether; what isn't closed then ends with the process."""


class UnwaitedThreads(ThreadPoolExecutor):
    """A daemon thread for each job, and nobody waits for one at the end.

    For the event loop's default executor, where names are looked up: a resolver that hangs must not hold up quitting,
    and asyncio joins the threads of an ordinary executor.
    """

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run it on a thread of its own."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # raised again where it is awaited
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, name="cockpit aside", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the threads to end by themselves."""


class Connection:
    """The three clients; each is None until `ensure` made it."""

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        """`timeout`: the most seconds that one request may take."""
        self.timeout = timeout
        self._settings = settings
        self._threads = UnwaitedThreads()
        self._making = {source: asyncio.Lock() for source in Source}
        self.pagerduty: PagerDuty | None = None
        self.slack: Slack | None = None
        self.freshdesk: Freshdesk | None = None

    def configured(self, source: Source) -> bool:
        """Whether the settings have that service."""
        return getattr(self._settings, source.value) is not None

    def skews(self) -> Mapping[Source, timedelta]:
        """How far each service's clock is ahead of ours, by its last answer; those that told."""
        clients = {source: getattr(self, source.value) for source in Source}
        return {source: one.skew for source, one in clients.items() if one is not None and one.skew is not None}

    def not_configured(self, source: Source) -> ServiceError:
        """What to tell of a service that isn't in the config."""
        return NotAuthorised(
            source,
            "connect",
            f"{LABELS[source]} isn't configured: add [{source.value}] to the config, or `cockpit init`.",
        )

    async def ensure(self, source: Source) -> None:
        """Make that service's client unless it is there. Raises a `ServiceError` that says what is wrong with it."""
        async with self._making[source]:
            if getattr(self, source.value) is not None:
                return
            if not self.configured(source):
                raise self.not_configured(source)
            make = {
                Source.PAGERDUTY: self._pagerduty,
                Source.SLACK: self._slack,
                Source.FRESHDESK: self._freshdesk,
            }
            try:
                loop = asyncio.get_running_loop()
                loop.set_default_executor(self._threads)
                client = await loop.run_in_executor(self._threads, make[source])
            except (ConfigError, ValueError) as error:
                raise NotAuthorised(source, "connect", str(error)) from None
            client.budget.hurry = self._settings.polls.hurry(source.value)
            setattr(self, source.value, client)

    async def learn_secrets(self) -> None:
        """Have the commands that print secrets run, where they haven't yet. One that fails is told by `ensure`."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._settings.learn_secrets)

    def _pagerduty(self) -> PagerDuty:
        from cockpit.services.pagerduty import PagerDuty

        given = self._settings.pagerduty
        assert given is not None
        return PagerDuty(
            token=given.token.reveal(),
            email=given.email or self._settings.email,
            api_url=given.api_url,
            timeout=self.timeout,
            now=self._settings.now,
            read_only=self._settings.read_only,
        )

    def _slack(self) -> Slack:
        from cockpit.services.slack import Slack

        given = self._settings.slack
        assert given is not None
        return Slack(
            token=given.token.reveal(),
            api_url=given.api_url,
            trusted_apps=given.trusted_apps,
            timeout=self.timeout,
            now=self._settings.now,
            read_only=self._settings.read_only,
        )

    def _freshdesk(self) -> Freshdesk:
        from cockpit.services.freshdesk import Freshdesk

        given = self._settings.freshdesk
        assert given is not None
        return Freshdesk(
            url=given.url,
            api_key=given.api_key.reveal(),
            timeout=self.timeout,
            now=self._settings.now,
            read_only=self._settings.read_only,
        )

    async def close(self) -> None:
        """Close the clients, within `PARTING` whatever hangs."""
        clients = [client for client in (self.pagerduty, self.slack, self.freshdesk) if client is not None]
        if not clients:
            return
        closing = [asyncio.ensure_future(client.close()) for client in clients]
        _, late = await asyncio.wait(closing, timeout=PARTING)
        for task in late:
            task.cancel()
