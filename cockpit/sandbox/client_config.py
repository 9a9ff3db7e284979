"""The configuration with which a client finds the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.sandbox.thread import SandboxThread

if TYPE_CHECKING:
    from cockpit.sandbox.server import Sandbox


def config_toml(sandbox: Sandbox | SandboxThread, person: str | None = None) -> dict[str, Any]:
    """The configuration that points a client at the sandbox as one person, as plain values for a TOML file.

    `clock` is there only where the sandbox's time isn't the wall clock's:
    `now = origin + (wall - started) * speed`, both ISO 8601 in UTC.
    """
    inner = sandbox.sandbox if isinstance(sandbox, SandboxThread) else sandbox
    people = inner.story.world.people
    credentials = inner.credentials(person)
    config: dict[str, Any] = {
        "pagerduty": {
            "api_url": inner.pagerduty_url,
            "token": credentials["pagerduty_token"],
            "email": credentials["pagerduty_email"],
        },
        "slack": {"api_url": inner.slack_url, "token": credentials["slack_token"]},
        "freshdesk": {"url": inner.freshdesk_url, "api_key": credentials["freshdesk_key"]},
        "me": {"name": inner.person(person).name},
        "people": {
            "placeholder": [one.email for one in people.values() if one.placeholder],
            "tech_lead": next(one.email for one in people.values() if one.tech_lead),
        },
    }
    clock = inner.clock
    origin = clock.shifted_origin()
    if clock.speed != 1 or abs((origin - clock.started).total_seconds()) > 1:
        config["clock"] = {
            "origin": origin.isoformat(), "started": clock.started.isoformat(), "speed": clock.speed
        }  # fmt: skip
    return config
