"""A scenario: a TOML file with a cast and timed events. Reading it, and building the world that it begins with."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.sandbox.clock import Present, SandboxClock
from cockpit.sandbox.freshdesk import Freshdesk
from cockpit.sandbox.freshdesk_values import (
    Canned,
    CannedFolder,
    Company,
    Contact,
    FreshdeskAgent,
    Mailbox,
)
from cockpit.sandbox.ids import long_number, short_id
from cockpit.sandbox.pagerduty import PagerDuty
from cockpit.sandbox.pagerduty_values import Priority, Service, Shift, User
from cockpit.sandbox.slack import App, Slack, SlackUser
from cockpit.sandbox.world import Person, World

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAST = "cast.toml"
_TIME = re.compile(r"(?:([+-]\d+)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")


class ScenarioError(ValueError):
    """A scenario that can't be read; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a time of the scenario's day."""

    at: timedelta
    """Since midnight of the day on which the scenario begins; earlier days are negative."""
    kind: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as read."""

    name: str
    title: str
    begin: timedelta
    """The time of day at which the clock's origin falls."""
    first_responder: str
    """The key of the person whom the user plays unless they choose another."""
    events: tuple[Event, ...]
    """In order of time."""
    data: Mapping[str, Any]
    """The whole file over the shared cast."""


def scenario_names() -> list[str]:
    """The scenarios that come with the sandbox."""
    folder = resources.files("cockpit.sandbox") / "scenarios"
    names = [entry.name for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return sorted(name.removesuffix(".toml") for name in names if name != _CAST)


def read_time(text: object, name: str = "at") -> timedelta:
    """`08:46`, `08:46:10` or, a day later, `+1 00:30`. Raises ScenarioError, which calls it by `name`."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ScenarioError(f"{name}: {text!r} is no time such as 08:46 or +1 00:30")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def load_scenario(scenario: str | Path) -> Scenario:
    """Read a scenario by the name of one that comes with the sandbox, or from a file. Raises ScenarioError."""
    folder = resources.files("cockpit.sandbox") / "scenarios"
    if isinstance(scenario, str) and scenario in scenario_names():
        name, content = scenario, (folder / f"{scenario}.toml").read_bytes()
    elif Path(scenario).is_file():
        name, content = Path(scenario).stem, Path(scenario).read_bytes()
    else:
        raise ScenarioError(f"no scenario {scenario}: it is none of {', '.join(scenario_names())}, and no file")
    try:
        own = tomllib.loads(content.decode())
        data = _over(tomllib.loads((folder / _CAST).read_text(encoding="utf-8")), own)
        return Scenario(
            name, str(data.get("title", name)), read_time(data.get("begin"), "begin"), _first(data), _events(data), data
        )
    except ValueError as error:
        raise ScenarioError(f"{scenario}: {error}") from error


def _first(data: Mapping[str, Any]) -> str:
    key = str(data["first_responder"])
    if key not in data["people"]:
        raise ScenarioError(f"first_responder: nobody is called {key}")
    return key


def _events(data: Mapping[str, Any]) -> tuple[Event, ...]:
    listed = data.get("events", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ScenarioError("events: has to be a list of tables")
    return tuple(sorted(map(read_event, listed), key=lambda one: one.at))


def read_event(details: Mapping[str, Any]) -> Event:
    """An event from its table. Raises ScenarioError."""
    if "kind" not in details:
        raise ScenarioError(f"an event without a kind: {dict(details)}")
    return Event(read_time(str(details.get("at", "00:00"))), str(details["kind"]), dict(details))


def _over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` laid over `base`: tables are merged, everything else is replaced."""
    merged = dict(base)
    for name, value in own.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def build_world(scenario: Scenario, clock: SandboxClock) -> World:
    """The world before the first event. Raises ScenarioError for a cast that lacks something."""
    data = scenario.data
    present = Present(clock)
    try:
        people = {key: _person(key, one) for key, one in data["people"].items()}
        return World(
            present, people, _pagerduty(data, people, present), _slack(data, people, present),
            _freshdesk(data, people, present),
        )  # fmt: skip
    except KeyError as error:
        raise ScenarioError(f"{scenario.name}.toml: nothing is called {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ScenarioError(f"{scenario.name}.toml: {error}") from error


def token_for(service: str, key: str) -> str:
    """A person's credential for a service: fiction, and the same in every run."""
    return {"pagerduty": f"u+sandbox-{key}", "freshdesk": f"fd-sandbox-{key}"}[service]


def _person(key: str, one: dict[str, Any]) -> Person:
    placeholder = bool(one.get("placeholder", False))
    email = one["email"]
    return Person(
        key, one["name"], email, short_id("P", "user", email),
        None if placeholder else short_id("U", "slack", email, length=11),
        None if placeholder else long_number("agent", email),
        placeholder, bool(one.get("tech_lead", False)),
    )  # fmt: skip


def _pagerduty(data: Mapping[str, Any], people: dict[str, Person], present: Present) -> PagerDuty:
    given = data["pagerduty"]
    users = {
        person.pagerduty_id: User(
            person.pagerduty_id, person.name, person.email, data["people"][key].get("role", "user"),
            data["people"][key].get("time_zone", "Etc/UTC"),
        )
        for key, person in people.items()
    }  # fmt: skip
    services = [
        Service(short_id("P", "service", one["name"]), one["name"], one.get("description", ""))
        for one in data["services"]
    ]
    priorities = [
        Priority(short_id("P", "priority", one["name"]), one["name"], one["description"], one["color"], rank)
        for rank, one in enumerate(data["priorities"])
    ]
    rota = [
        Shift(people[one["person"]].pagerduty_id, one["level"], one.get("from", "00:00"), one.get("to", "00:00"))
        for one in data["rota"]
    ]
    tokens = {token_for("pagerduty", key): person.pagerduty_id for key, person in people.items()}
    return PagerDuty(
        present, given["subdomain"], users, {one.id: one for one in services},
        {one.id: one for one in priorities}, rota, short_id("P", "policy", given["policy"]), given["policy"],
        list(given["abilities"]), bool(given["dedicated_channels"]), tokens | {given["account_key"]: ""},
        int(given["next_number"]),
    )  # fmt: skip


def _slack(data: Mapping[str, Any], people: dict[str, Person], present: Present) -> Slack:
    given = data["slack"]
    users: dict[str, SlackUser] = {}
    for key, person in people.items():
        if person.slack_id is not None:
            zone = data["people"][key].get("time_zone", "Etc/UTC")
            users[person.slack_id] = SlackUser(person.slack_id, key, person.name, person.email, zone)
    apps: dict[str, App] = {}
    for key, one in given["apps"].items():
        user_id = short_id("U", "bot", key, length=11)
        users[user_id] = SlackUser(user_id, key, one["name"], "", "Etc/UTC", is_bot=True)
        app_id, bot_id = short_id("A", "app", key, length=11), short_id("B", "bot", key, length=11)
        apps[key] = App(app_id, bot_id, user_id, one["name"], one["token"], list(one["scopes"]))
    slack = Slack(present, given["team_id"], given["team"], given["url"], users, apps)
    with present.at(present.clock.origin - timedelta(days=300)):
        for name in given["channels"]:
            channel = slack.create_channel(name, next(iter(users)))
            channel.is_general = name == "general"
            for user in users.values():
                if not user.is_bot:
                    slack.join(channel, user.id)
    return slack


def _freshdesk(data: Mapping[str, Any], people: dict[str, Person], present: Present) -> Freshdesk:
    given = data["freshdesk"]
    companies, contacts = {}, {}
    for one in data["communities"].values():
        company = Company(
            long_number("company", one["name"]), one["name"], (one["domain"],), one.get("description", "")
        )
        companies[company.id] = company
        for who in one["representatives"]:
            contact_id = long_number("contact", who["email"])
            contacts[contact_id] = Contact(contact_id, who["name"], who["email"], company.id)
    agents = {
        person.agent_id: FreshdeskAgent(
            person.agent_id, person.name, person.email, data["people"][key].get("time_zone", "Etc/UTC")
        )
        for key, person in people.items()
        if person.agent_id is not None
    }
    mailbox = Mailbox(long_number("mailbox", given["address"]), given["mailbox"], given["address"])
    folders, canned = {}, {}
    for one in data.get("canned", []):
        folder_id = long_number("folder", one["folder"])
        folders[folder_id] = CannedFolder(folder_id, one["folder"])
        canned_id = long_number("canned", one["title"])
        canned[canned_id] = Canned(canned_id, folder_id, one["title"], one["html"])
    statuses = {int(number): name for number, name in given["statuses"].items()}
    keys = {
        token_for("freshdesk", key): person.agent_id for key, person in people.items() if person.agent_id is not None
    }
    return Freshdesk(
        present, given["domain"], companies, contacts, agents, {mailbox.id: mailbox}, folders, canned, statuses,
        keys, int(given["limit_per_minute"]), int(given["list_limit_per_minute"]),
        float(given["search_lag_seconds"]), int(given["next_number"]),
    )  # fmt: skip
