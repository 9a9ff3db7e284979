"""`cockpit sandbox`: serve a loopback PagerDuty, Slack and Freshdesk in which an outage unfolds."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.config_table import nearest
from cockpit.private_file import write_private

if TYPE_CHECKING:
    import argparse

    from cockpit.sandbox import Sandbox, SandboxThread

MAIN = "long_outage"
"""The scenario that plays unless another is asked for."""

HEADER = "# A sandbox's, and of no use once it ends."
"""The first line of the config that a sandbox writes."""

FASTEST = 10_000.0
"""How many times as fast as the world a sandbox may run."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port; without it, any that is free")
    add_scenario(parser, speed=1.0)
    parser.add_argument(
        "--person", metavar="NAME", help="whom the written config is for; without it, the first responder"
    )
    parser.add_argument(
        "--write-config", type=Path, metavar="FILE", help="write a config there that points a cockpit at the sandbox"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios")


def add_scenario(parser: argparse.ArgumentParser, speed: float) -> None:
    """Let the command choose what happens and how fast."""
    parser.add_argument(
        "--scenario", default=MAIN, metavar="NAME",
        help=f"what happens: a name of `cockpit sandbox --list`, or a file ({MAIN})",
    )  # fmt: skip
    parser.add_argument(
        "--speed", type=float, default=speed, metavar="X", help=f"how many times as fast as the world ({speed:g})"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; the exit code."""
    from cockpit.sandbox import scenario_names

    if args.list:
        print(*scenario_names(), sep="\n")
        return Exit.YES
    check(args)
    if not 0 <= args.port <= 65535:
        raise Failure(Exit.USAGE, f"--port is a number from 0 to 65535, not {args.port}.")
    return asyncio.run(_serve(args))


def check(args: argparse.Namespace) -> None:
    """Raise Failure for a scenario that there isn't or that can't be told, or a speed that can't be."""
    from cockpit.sandbox import Sandbox, ScenarioError, scenario_names

    names = scenario_names()
    if Path(args.scenario).is_file() and args.scenario not in names:
        try:
            Sandbox(args.scenario)
        except ScenarioError as error:
            raise Failure(Exit.USAGE, f"The scenario can't be told: {error}.") from None
    elif args.scenario not in names:
        guess = nearest(args.scenario, names)
        hint = f"Did you mean `{guess}`?" if guess else f"There are: {', '.join(names)}."
        raise Failure(Exit.USAGE, f"There is no scenario `{args.scenario}`. {hint}")
    if not 0 < args.speed <= FASTEST:
        raise Failure(Exit.USAGE, f"--speed is a number above 0 and up to {FASTEST:g}, not {args.speed:g}.")


async def _serve(args: argparse.Namespace) -> int:
    from cockpit.sandbox import Sandbox, serve

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)

    def ready(sandbox: Sandbox) -> None:
        say(f"PagerDuty  {sandbox.pagerduty_url}\nSlack      {sandbox.slack_url}\nFreshdesk  {sandbox.freshdesk_url}")
        if args.write_config is not None:
            _write_config(args.write_config, config_text(sandbox, args.person))
            say(f"Config     {args.write_config}: cockpit --config '{args.write_config}'")
        # A script waits for this line, and then everything is there.
        print("ready", flush=True)

    try:
        await serve(Sandbox(args.scenario, speed=args.speed, port=args.port), ready, over)
    except OSError as error:
        if error.filename is not None:
            raise  # the config's; the port has no name
        raise Failure(Exit.USAGE, f"The sandbox can't be served: {error.strerror or error}.") from None
    return Exit.YES


def _write_config(path: Path, text: str) -> None:
    """Write the config, in place of an earlier sandbox's but of nothing else: the real one has no copy."""
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(HEADER):
        raise Failure(Exit.USAGE, f"{path} exists and isn't a sandbox's config; it stays as it is.")
    write_private(path, text)


def config_text(sandbox: Sandbox | SandboxThread, person: str | None = None) -> str:
    """A config, as TOML, that points a cockpit at the sandbox as one of its people. Raises Failure for nobody."""
    import tomli_w

    from cockpit.sandbox import config_toml

    try:
        values = config_toml(sandbox, person)
    except KeyError:
        raise Failure(Exit.USAGE, f"Nobody in the sandbox is called `{person}`.") from None
    return f"{HEADER}\n\n" + tomli_w.dumps(_settings(values))


def _settings(values: dict[str, Any]) -> dict[str, Any]:
    """What the sandbox tells of itself, under the names that the cockpit's config has for it."""
    people = values["people"]
    return {
        **values,
        "me": {"email": values["pagerduty"]["email"], **values["me"]},
        "people": {"placeholders": people["placeholder"], "tech_leads": [people["tech_lead"]]},
    }
