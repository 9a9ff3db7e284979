"""The sandbox as a whole: a scenario's world behind loopback HTTP, on this event loop or on a thread of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from cockpit.sandbox.clock import SandboxClock
from cockpit.sandbox.control import Control, world_state
from cockpit.sandbox.faults import Fault, Faults
from cockpit.sandbox.gateway import Gateway, Recorded
from cockpit.sandbox.scenario import build_world, load_scenario, read_time, token_for
from cockpit.sandbox.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from cockpit.sandbox.world import Person, World


class Sandbox:
    """PagerDuty, Slack and Freshdesk on a loopback port, with a scenario.

    An async context manager. `rate_limits` False grants everything, and a number multiplies every limit. `begin`
    (`HH:MM`) starts the scenario at another time of its day: everything before it is history, the player's own deeds
    included. `autoplay` lets the story do what the player would do. Raises ScenarioError for a scenario that can't
    be read, OSError for a port that is taken.
    """

    def __init__(
        self, scenario: str | Path = "long_outage", *, clock: SandboxClock | None = None, speed: float = 1.0,
        port: int = 0, rate_limits: bool | float = True, begin: str | None = None, autoplay: bool = False,
    ) -> None:  # fmt: skip
        self.clock = clock if clock is not None else SandboxClock(datetime.now(UTC), speed)
        self._scenario = load_scenario(scenario)
        self._story = Story(
            build_world(self._scenario, self.clock), self._scenario,
            begin=read_time(begin) if begin is not None else None, autoplay=autoplay,
        )  # fmt: skip
        self._faults = Faults()
        self._scale = 1.0 if rate_limits is True else None if rate_limits is False else float(rate_limits)
        self._wanted_port = port
        self._gateway: Gateway | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        """Open the port. It serves loopback only."""
        gateway = Gateway(self._story, self._faults, limit_scale=self._scale)
        application = web.Application(client_max_size=32 * 2**20)
        application.add_routes([*gateway.routes(), *Control(gateway, self._advance).routes()])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._wanted_port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._gateway, self._runner = gateway, runner
        self._port = runner.addresses[0][1]

    async def close(self) -> None:
        """Close the port; requests that hang are let go."""
        if self._gateway is not None:
            self._gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The base of everything, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pagerduty_url(self) -> str:
        """PagerDuty's base URL."""
        return f"{self.url}/pagerduty"

    @property
    def slack_url(self) -> str:
        """Slack's base URL; it ends in a slash, as Slack's own does."""
        return f"{self.url}/slack/api/"

    @property
    def freshdesk_url(self) -> str:
        """Freshdesk's base URL; the API is below it at `/api/v2`."""
        return f"{self.url}/freshdesk"

    @property
    def world(self) -> World:
        """The state, with everything applied that is due."""
        self._story.run_due()
        return self._story.world

    @property
    def story(self) -> Story:
        """The scenario as it is told."""
        return self._story

    @property
    def first_responder(self) -> str:
        """The key of the person whom the user plays unless they choose another."""
        return self._scenario.first_responder

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, in order of arrival."""
        return list(self._gateway.recorded) if self._gateway is not None else []

    def person(self, person: str | None = None) -> Person:
        """Somebody of the cast; without a name the first responder. Raises KeyError for nobody."""
        return self._story.world.people[person if person is not None else self.first_responder]

    def credentials(self, person: str | None = None) -> dict[str, str]:
        """What a person's cockpit needs: PagerDuty user key and address, the app's bot token, Freshdesk key."""
        one = self.person(person)
        return {
            "pagerduty_token": token_for("pagerduty", one.key),
            "pagerduty_email": one.email,
            "slack_token": self._story.world.slack.apps["cockpit"].token,
            "freshdesk_key": token_for("freshdesk", one.key),
        }

    @property
    def other_slack_token(self) -> str:
        """The bot token of somebody else's app in the workspace."""
        return self._story.world.slack.apps["other"].token

    @property
    def pagerduty_account_key(self) -> str:
        """An account-level PagerDuty key, which belongs to no user."""
        return next(token for token, user_id in self._story.world.pagerduty.tokens.items() if not user_id)

    def _advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._story.run_due()

    async def advance(self, seconds: float) -> None:
        """Push the clock forward and apply what became due."""
        self._advance(seconds)

    async def settle(self) -> None:
        """Apply everything that is due by now."""
        self._story.run_due()

    def fault(
        self, service: str, kind: str, *, path: str = "", method: str = "", count: int | None = None,
        seconds: float = 2.0, retry_after: int = 1, every: int = 1,
    ) -> None:  # fmt: skip
        """Switch a fault on; see `Fault` for its fields. Raises ValueError for one that isn't known."""
        self._faults.add(Fault(service, str(kind), path, method, count, seconds, retry_after, every))

    def clear_faults(self, service: str | None = None) -> None:
        """Switch off a service's faults, or all."""
        self._faults.clear(service)

    def fail_writes(self, on: bool = True) -> None:
        """Refuse every write with 500 and record it. Raises RuntimeError before the start."""
        self._started().fail_writes = on

    def state(self) -> dict[str, Any]:
        """The whole world as JSON values, as `GET /_sandbox/state` answers. Raises RuntimeError before the start."""
        gateway = self._started()
        self._story.run_due()
        return world_state(gateway)

    def _started(self) -> Gateway:
        if self._gateway is None:
            raise RuntimeError("the sandbox isn't started")
        return self._gateway


async def serve(
    sandbox: Sandbox, ready: Callable[[Sandbox], None] | None = None, until: asyncio.Event | None = None
) -> None:
    """Serve a sandbox until it is cancelled or `until` is set; `ready` is called once the port is open."""
    async with sandbox:
        if ready is not None:
            ready(sandbox)
        await (until if until is not None else asyncio.Event()).wait()
