"""`cockpit demo`: the cockpit on a sandbox of its own, in which an outage unfolds."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.command_line.open import open_cockpit, require_terminal
from cockpit.command_line.sandbox import add_scenario, check, config_text
from cockpit.config import load
from cockpit.private_file import write_private
from cockpit.settings import PollSettings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cockpit.sandbox import SandboxThread

SPEED = 20.0
"""Three minutes of the outage pass in nine seconds: something happens while one looks, and there is time to read."""

HURRY = 12.0
"""The most times as often as usual that the services are asked, where the outage runs faster than the world.

What the screen shows would else be as many minutes old as it is seconds: nobody but the demo asks its sandbox.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    add_scenario(parser, speed=SPEED)


def run(args: argparse.Namespace) -> int:
    """Play until the cockpit is left; the exit code."""
    from cockpit.sandbox import SandboxThread

    check(args)
    require_terminal()
    hurry, usual = max(1.0, min(HURRY, args.speed)), PollSettings()
    polls = PollSettings(usual.pagerduty / hurry, usual.slack / hurry, usual.freshdesk / hurry)
    with (
        _ended_properly(),
        tempfile.TemporaryDirectory(prefix="cockpit-demo-") as folder,
        SandboxThread(args.scenario, speed=args.speed, rate_limits=hurry) as sandbox,
    ):
        home = Path(folder)
        write_private(home / "config.toml", config_text(sandbox))
        settings = load(home / "config.toml", read_only=args.read_only)
        settings = replace(settings, path=None, state_dir=home / "state", cache_dir=home / "cache", polls=polls)
        return open_cockpit(settings, _only_open(sandbox))


def _only_open(sandbox: SandboxThread) -> str | None:
    """The number of the story's incident if it is the only one open: then there is nothing to pick."""
    found = [one["incident_number"] for one in sandbox.state()["pagerduty"]["incidents"] if one["status"] != "resolved"]
    return str(found[0]) if len(found) == 1 else None


@contextmanager
def _ended_properly() -> Iterator[None]:
    """Let a closed terminal window end the demo as any other end does, so that its folder goes."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
