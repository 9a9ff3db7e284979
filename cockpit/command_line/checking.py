"""What the doctor asks the three services, and what it makes of the answers. Nothing here writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from cockpit.command_line.finding import Finding, Level
from cockpit.incident.facts import LABELS, Source
from cockpit.services.errors import Forbidden, NotAuthorised, ServiceError

if TYPE_CHECKING:
    from cockpit.config import Settings
    from cockpit.engine.connection import Connection
    from cockpit.incident.facts import Incident, Person
    from cockpit.incident.process import Process
    from cockpit.services.freshdesk import Freshdesk
    from cockpit.services.pagerduty import PagerDuty
    from cockpit.services.slack import Slack
    from cockpit.services.slack_wire import Identity

T = TypeVar("T")

SCOPES: Final[Mapping[str, str]] = {
    "channels:read": "find the incident's channel and see who is in it",
    "channels:history": "read the channel, which is the shared log",
    "channels:join": "enter a channel that PagerDuty made",
    "channels:manage": "open the channel and archive it",
    "chat:write": "write the notes",
    "users:read": "show names instead of ids",
    "users:read.email": "know a person of Slack again in PagerDuty",
}
"""The Slack scopes that the cockpit needs, and what for."""

SKEW_WARNED, SKEW_FAULT = timedelta(seconds=5), timedelta(seconds=60)
"""How far this machine's clock may be from a service's, at most, before it is a warning, and a fault."""

SMALL_BUDGET: Final = 50
"""Requests a minute for a whole Freshdesk account, up to which several cockpits at once get in each other's way."""

RECENT: Final = timedelta(days=1)
"""How far back the tickets go that are read to see whether they can be."""


class Examination:
    """One service being looked at; `findings` grows with each look."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def add(self, what: str, level: Level, words: str, fix: str = "") -> None:
        """Note down one finding."""
        self.findings.append(Finding(LABELS[self.source], what, level, words, fix))

    async def ask(self, what: str, question: Awaitable[T], fix: str = "", level: Level = Level.FAULT) -> T | None:
        """The answer, or None after noting down why there is none."""
        try:
            return await question
        except ServiceError as error:
            self.add(what, level, str(error), fix)
            return None

    def skew(self, skew: timedelta | None) -> None:
        """Compare this machine's clock with the service's, which tells the time with each answer."""
        if skew is None:
            return
        apart = abs(skew)
        level = Level.OK if apart <= SKEW_WARNED else Level.WARNING if apart <= SKEW_FAULT else Level.FAULT
        seconds = skew.total_seconds()
        words = f"{abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'} {LABELS[self.source]}'s"
        self.add(
            "this clock",
            level,
            words if level is not Level.OK else "agrees with the service's",
            "" if level is Level.OK else "set this machine's time, best with a time server: deadlines depend on it",
        )


async def examine(source: Source, settings: Settings, connection: Connection, process: Process) -> list[Finding]:
    """Everything that can be told about one service, without writing to it."""
    look = Examination(source)
    try:
        await connection.ensure(source)
    except NotAuthorised as error:
        level = Level.FAULT if connection.configured(source) else Level.NOTE
        look.add("credential", level, str(error))
        return look.findings
    looks: Mapping[Source, Callable[[], Awaitable[None]]] = {
        Source.PAGERDUTY: lambda: _pagerduty(look, _there(connection.pagerduty), settings, process),
        Source.SLACK: lambda: _slack(look, _there(connection.slack)),
        Source.FRESHDESK: lambda: _freshdesk(look, _there(connection.freshdesk), settings),
    }
    await looks[source]()
    return look.findings


def _there(client: T | None) -> T:
    assert client is not None  # `ensure` made it
    return client


# --- PagerDuty -------------------------------------------------------------------------------------------------------


async def _pagerduty(look: Examination, client: PagerDuty, settings: Settings, process: Process) -> None:
    try:
        me = await client.me()
    except ServiceError as error:
        look.add("credential", Level.FAULT, str(error))
        look.skew(client.skew)
        return
    if me is None:
        look.add("credential", Level.NOTE, "an account-level key: it works, and is nobody's in particular")
    else:
        look.add("credential", Level.OK, _name(me))
    users = await look.ask("people", client.users())
    if users is not None:
        _people(look, settings, me, {(user.email or "").lower() for user in users})
    priorities = await look.ask("priority", client.priorities())
    wanted = process.words.priority
    if priorities is not None and wanted in priorities:
        look.add("priority", Level.OK, f"{wanted} exists")
    elif priorities is not None:
        fix = f"an Owner adds {wanted} under Settings > Incident Priorities; some plans have none"
        look.add("priority", Level.FAULT, f"there is no {wanted}: nothing could become an incident", fix)
    services = await look.ask("catch-all", client.services())
    catch_all = process.words.catch_all_service
    if services is not None and catch_all:
        there = any(service.name == catch_all for service in services)
        words = f"the service “{catch_all}” " + ("exists" if there else "isn't there: declare always with a service")
        fix = "" if there else "create it, or set catch_all_service in a process of your own"
        look.add("catch-all", Level.OK if there else Level.WARNING, words, fix)
    incidents = await look.ask("incidents", client.open_incidents())
    if incidents is not None:
        look.add("incidents", Level.OK, f"{len(incidents)} open")
        await _channel(look, client, incidents)
    look.skew(client.skew)


def _name(person: Person) -> str:
    return f"{person.name} <{person.email}>" if person.email else person.name


def _people(look: Examination, settings: Settings, me: Person | None, known: set[str]) -> None:
    """Whom writes are made as, and whether the addresses of the config are anybody's."""
    given = settings.pagerduty.email if settings.pagerduty is not None else None
    if given is None:
        look.add("writes as", Level.FAULT, "nobody: PagerDuty wants an address with each write", "set [me] `email`")
    elif given.lower() not in known:
        fix = "set [me] `email`, or [pagerduty] `email`, to the address that you have in PagerDuty"
        look.add("writes as", Level.FAULT, f"{given}, who isn't a user of this account", fix)
    elif me is not None and (me.email or "").lower() != given.lower():
        fix = "use a token of your own, or your own address"
        look.add("writes as", Level.WARNING, f"{given}, though the token is {_name(me)}'s", fix)
    else:
        look.add("writes as", Level.OK, given)
    for key, addresses in (("placeholders", settings.placeholders), ("tech_leads", settings.tech_leads)):
        strangers = sorted(address for address in addresses if address not in known)
        if strangers:
            words = f"[people] {key}: no user has {', '.join(strangers)}"
            look.add("people", Level.WARNING, words, "correct the address, or take it out")


async def _channel(look: Examination, client: PagerDuty, incidents: tuple[Incident, ...]) -> None:
    """Whether PagerDuty tells which Slack channel is an incident's; without that the name tells."""
    what, otherwise = "Slack channel", "the channel is found by its name instead"
    if not incidents:
        look.add(
            what, Level.NOTE, f"can't tell without an open incident whether PagerDuty knows it; if not, {otherwise}"
        )
        return
    try:
        await client.dedicated_channel(incidents[0].id)
    except Forbidden as error:
        look.add(what, Level.NOTE, f"PagerDuty won't tell which it is; {otherwise}. {error}")
    except ServiceError as error:
        look.add(what, Level.WARNING, str(error))
    else:
        look.add(what, Level.OK, "PagerDuty tells which it is")


# --- Slack -----------------------------------------------------------------------------------------------------------


async def _slack(look: Examination, client: Slack) -> None:
    me = await look.ask("credential", client.me())
    if me is None:
        look.skew(client.skew)
        return
    if me.bot_id is None:
        fix = "use the app's Bot User OAuth Token (xoxb-…): what a person's token posts isn't believed"
        look.add("credential", Level.WARNING, f"a person's token of the workspace {me.team}", fix)
    else:
        look.add("credential", Level.OK, f"a bot of the workspace {me.team}")
    _scopes(look, me)
    # A name that may well not be there: what is asked is whether the list can be read.
    fix = "" if "channels:read" in me.scopes else "add the scope channels:read"
    try:
        await client.find_channel("general")
    except ServiceError as error:
        look.add("channels", Level.FAULT, str(error), fix)
    else:
        look.add("channels", Level.OK, "the list can be read")
    look.skew(client.skew)


def _scopes(look: Examination, me: Identity) -> None:
    if not me.scopes:
        look.add("scopes", Level.NOTE, "Slack doesn't tell the token's scopes, so they can't be checked")
        return
    missing = [scope for scope in SCOPES if scope not in me.scopes]
    for scope in missing:
        fix = "add it under OAuth & Permissions of the Slack app, then reinstall the app"
        look.add("scopes", Level.FAULT, f"{scope} is missing: it is to {SCOPES[scope]}", fix)
    if not missing:
        look.add("scopes", Level.OK, f"all {len(SCOPES)} that are needed")


# --- Freshdesk -------------------------------------------------------------------------------------------------------


async def _freshdesk(look: Examination, client: Freshdesk, settings: Settings) -> None:
    me = await look.ask("credential", client.me())
    if me is not None:
        look.add("credential", Level.OK, f"{_name(me)}, an agent")
        tickets = await look.ask("tickets", client.recent_tickets(settings.now() - RECENT))
        if tickets is not None:
            look.add("tickets", Level.OK, f"{len(tickets)} changed in the last day")
    if client.budget.left is not None:
        left, total = client.budget.left
        level = Level.WARNING if total <= SMALL_BUDGET else Level.OK
        fix = "set [polls] freshdesk higher when several of you have a cockpit open" if level is not Level.OK else ""
        look.add("rate limit", level, f"{total} requests a minute for the whole account, {left} left", fix)
    look.skew(client.skew)
