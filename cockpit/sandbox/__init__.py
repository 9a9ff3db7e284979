"""The sandbox: PagerDuty, Slack and Freshdesk on loopback, as strict as the real ones, with a scripted outage.

It shares nothing with the cockpit, so that it can't share a misreading of the wire. What is named here is loaded
when it is first used, since the web server takes its time to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.sandbox.client_config import config_toml
    from cockpit.sandbox.clock import SandboxClock
    from cockpit.sandbox.scenario import ScenarioError, scenario_names
    from cockpit.sandbox.server import Sandbox, serve
    from cockpit.sandbox.thread import SandboxThread

__all__ = ["Sandbox", "SandboxClock", "SandboxThread", "ScenarioError", "config_toml", "scenario_names", "serve"]

_HOMES = {
    "Sandbox": "server",
    "SandboxClock": "clock",
    "SandboxThread": "thread",
    "ScenarioError": "scenario",
    "config_toml": "client_config",
    "scenario_names": "scenario",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
