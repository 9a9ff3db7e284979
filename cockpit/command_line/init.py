"""`cockpit init`: write a config, asking for what it needs and testing each answer against its service."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomli_w

from cockpit import config
from cockpit.command_line.asking import ask, ask_choice, ask_hidden, ask_yes
from cockpit.command_line.finding import Finding, Level, any_fault, write
from cockpit.command_line.outcome import Exit, Failure, say
from cockpit.command_line.paper import Paper
from cockpit.config_table import is_email
from cockpit.incident.facts import LABELS, Source
from cockpit.private_file import write_private

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

Table = dict[str, Any]

HEADER: Final = "# Written by `cockpit init`. What else can be set is in config.example.toml.\n\n"

HELP: Final = {
    Source.PAGERDUTY: "a user token: My Profile > User Settings > Create API User Token",
    Source.SLACK: "the bot token (xoxb-…) of your Slack app: OAuth & Permissions",
    Source.FRESHDESK: "your API key: Profile settings > View API key",
}
"""Where each service shows its secret."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's arguments."""
    parser.description = (
        "Write a config, asking for what it needs and testing each answer against its service. It goes to the\n"
        "usual place, or to --config FILE. Nothing is written before the last answer, and nothing is replaced\n"
        "without asking."
    )
    parser.add_argument("--pagerduty-url", default=config.PAGERDUTY_URL, metavar="URL", help="PagerDuty's API")
    parser.add_argument("--slack-url", default=config.SLACK_URL, metavar="URL", help="Slack's API")


def run(args: argparse.Namespace) -> int:
    """Ask, test, write; the exit code."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failure(
            Exit.USAGE,
            "`cockpit init` asks questions and needs a terminal. Without one, write the config by hand after "
            "config.example.toml, then `cockpit config check` and `cockpit doctor`.",
        )
    path: Path = args.config or config.default_path()
    if path.exists() and not ask_yes(f"{path} exists. Replace it?", False):
        say("It stays as it is.")
        return Exit.NOT_SO
    document = _asked(args)
    write_private(path, HEADER + tomli_w.dumps(document))
    config.load(path)
    say(f"\nWritten: {path}, for you alone. `cockpit doctor` checks it all again; `cockpit` opens the cockpit.")
    return Exit.YES


def _asked(args: argparse.Namespace) -> Table:
    """The whole document, from the person's answers."""
    say("An empty answer takes what stands in [brackets].\n")
    me = {
        "name": ask("Your name, as your colleagues know you", needed=True),
        "email": ask("Your e-mail address in PagerDuty", needed=True, fault=_no_email),
    }
    document: Table = {"me": me}
    asked: dict[Source, Callable[[], Table]] = {
        Source.PAGERDUTY: lambda: {"api_url": ask("PagerDuty's API", args.pagerduty_url)},
        Source.SLACK: lambda: {} if args.slack_url == config.SLACK_URL else {"api_url": args.slack_url},
        Source.FRESHDESK: lambda: {"url": _helpdesk(ask("Your Freshdesk (https://….freshdesk.com)", needed=True))},
    }
    while True:
        for source, address in asked.items():
            table = _service(source, me, address)
            if table is not None:
                document[source.value] = table
        if any(source.value in document for source in asked):
            break
        say("\nAt least one of the three is needed.")
    say("")
    say("Two lists of e-mail addresses, with commas between them; empty for none.")
    people = {
        "placeholders": _addresses("PagerDuty users who hold the rota out of hours and aren't anybody"),
        "tech_leads": _addresses("Your tech leads"),
    }
    return {**document, "people": {key: value for key, value in people.items() if value}}


def _addresses(question: str) -> list[str]:
    """Any number of addresses."""
    return _listed(ask(question, fault=lambda answer: next(filter(None, map(_no_email, _listed(answer))), None)))


def _listed(answer: str) -> list[str]:
    return answer.replace(",", " ").split()


def _no_email(answer: str) -> str | None:
    return None if is_email(answer) else f"“{answer}” isn't an e-mail address."


def _service(source: Source, me: Table, address: Callable[[], Table]) -> Table | None:
    """One service's table, tested; None to leave the service out."""
    label = LABELS[source]
    say("")
    if not ask_yes(f"Use {label}?", True):
        return None
    while True:
        table = {**address(), **_secret(source)}
        if table.get("api_url") == config.PAGERDUTY_URL:
            del table["api_url"]
        say(f"  Asking {label} …")
        findings = _tested(source, me, table)
        write(findings, Paper(sys.stderr))
        if not any_fault(findings):
            return table
        choices = {"a": "again", "k": "keep", "l": "leave out"}
        choice = ask_choice(f"Type it [a]gain, [k]eep it anyway, or [l]eave {label} out? (A/k/l)", choices, "a")
        if choice != "a":
            return table if choice == "k" else None


def _secret(source: Source) -> Table:
    """Where the service's secret is to come from, as the config's key and value."""
    key = "api_key" if source is Source.FRESHDESK else "token"
    say(f"  It takes {HELP[source]}.")
    choices = {"f": "file", "e": "environment", "c": "command"}
    place = ask_choice(
        "  Keep it in the [f]ile, an [e]nvironment variable, or behind a [c]ommand? (F/e/c)", choices, "f"
    )
    if place == "e":
        return {f"{key}_env": ask("  The variable", f"COCKPIT_{source.value}_{key}".upper())}
    if place == "c":
        return {f"{key}_command": _split(ask("  The command that prints it, such as op read op://…", needed=True))}
    return {key: ask_hidden(f"  The {key.replace('_', ' ')}")}


def _split(command: str) -> list[str]:
    """The command's words, as a shell would take them."""
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _tested(source: Source, me: Table, table: Table) -> list[Finding]:
    """What the service says to this table, looked at as the doctor does."""
    with tempfile.TemporaryDirectory(prefix="cockpit-init-") as folder:
        path = Path(folder) / "config.toml"
        write_private(path, tomli_w.dumps({"me": me, source.value: table}))
        try:
            settings = config.load(path)
        except config.ConfigError as error:
            words = str(error).removeprefix(f"{path}: ")
            return [Finding(LABELS[source], "answer", Level.FAULT, words)]
        return asyncio.run(_examined(source, settings))


async def _examined(source: Source, settings: config.Settings) -> list[Finding]:
    from cockpit.command_line.checking import examine
    from cockpit.engine.connection import Connection
    from cockpit.incident import process

    connection = Connection(settings)
    try:
        return await examine(source, settings, connection, process.load())
    finally:
        await connection.close()


def _helpdesk(answer: str) -> str:
    """The helpdesk's address, also from `example` or `example.freshdesk.com` alone."""
    if "://" in answer:
        return answer
    return f"https://{answer}" if "." in answer else f"https://{answer}.freshdesk.com"
