"""What every floor's tests share: a sandbox, and settings that point at it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from cockpit.sandbox import Sandbox, SandboxClock
from cockpit.secret import Secret
from cockpit.settings import FreshdeskSettings, PagerDutySettings, PollSettings, Settings, SlackSettings

# Without bytecode, each worker and each `cockpit` that a test starts would compile everything anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A run in the background ignores ctrl+c, and so would every program that a test starts to press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test fails because the machine is slow, and none leaves a folder of examples behind. They are few, since each run
# makes others; `tests.fuzz` looks for an hour.
examples.register_profile(
    "cockpit", max_examples=50, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("cockpit")

# httpcore imports it with each lock that it makes, and what isn't there is looked for anew each time.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None

# What is imported and collected here stays to the end: the collector looks at it neither now nor with each test.
gc.disable()

BEGIN = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)
"""When the sandbox's frozen clock starts."""


class SandboxSettings(Settings):
    """Settings whose clock is the sandbox's own, so that a test's `advance` moves both."""

    sandbox_clock: SandboxClock

    def now(self) -> datetime:
        """The sandbox's present."""
        return self.sandbox_clock.now()


def settings_for(sandbox: Sandbox, state_dir: Path, person: str | None = None, **changes: object) -> Settings:
    """Settings of one of the cast's cockpits, with its state in `state_dir`."""
    given = sandbox.credentials(person)
    one = sandbox.person(person)
    values: dict[str, object] = {
        "path": None,
        "me": one.name,
        "email": one.email,
        "pagerduty": PagerDutySettings(
            sandbox.pagerduty_url, Secret.literal(given["pagerduty_token"]), given["pagerduty_email"]
        ),
        "slack": SlackSettings(sandbox.slack_url, Secret.literal(given["slack_token"]), frozenset()),
        "freshdesk": FreshdeskSettings(sandbox.freshdesk_url, Secret.literal(given["freshdesk_key"])),
        "state_dir": state_dir,
        "cache_dir": state_dir / "cache",
        "placeholders": frozenset({"out-of-hours@example.org"}),
        # Not more often: most of what tests that wait for a second look cost is what is polled meanwhile. Where nobody
        # acts Slack is asked a good deal more seldom.
        "polls": PollSettings(pagerduty=0.6, slack=0.3, freshdesk=0.6),
        "review_hold": 0.0,
        "status_card": False,
        **changes,
    }
    settings = SandboxSettings(**values)
    object.__setattr__(settings, "sandbox_clock", sandbox.clock)
    return settings


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The small world: one triggered incident and one ticket, on a clock that only the test moves."""
    async with Sandbox("quiet", clock=SandboxClock(BEGIN, 0), rate_limits=False) as running:
        yield running


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """The first responder's settings."""
    return settings_for(sandbox, tmp_path / "state")


Make = Callable[..., Settings]


LONGEST = (
    *("test_scenarios_by_key", "test_whole_outage", "test_crash", "hostile/", "test_secrets", "test_several_processes"),
    *("engine/test_faults", "engine/test_session", "test_run.py", "test_another_process", "test_run_terminal"),
    "tests/tui/",
)
"""The files whose tests take longest: they begin first, so that no worker is left alone with one at the end."""


def turn(item: pytest.Item) -> int:
    """When a test begins: the place of its file among the longest, or after them."""
    return next((place for place, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))


def pytest_configure(config: pytest.Config) -> None:
    """Hand tests to workers two by two: in larger lots the first worker would get all of the longest."""
    if hasattr(config.option, "maxschedchunk") and config.option.maxschedchunk is None:
        config.option.maxschedchunk = 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest keeps its order."""
    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """From here on what the tests leave is collected, and only that; in large lots, since there is memory enough."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()
