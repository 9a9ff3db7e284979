"""A process as values: its phases, its steps, its clocks, its words. `load` reads one from TOML.

Nothing here knows any team's process; the built-in one is `processes/2i2c.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

ACTIONS: frozenset[str] = frozenset(
    {
        *("acknowledge", "set_priority", "declare", "open_channel", "note", "link_ticket", "lift", "verdict"),
        *("false_alarm", "resolve_incident", "resolve_ticket", "reopen", "attest", "handoff", "report"),
        *("people", "assign_ticket"),
        *("reply:first_response", "reply:update", "reply:resolution", "reply:need_more", "reply:report_link"),
        "reply:plain",
    }
)
"""What a step's `action` may name, beside `open:…`."""

OPENS: frozenset[str] = frozenset({"incident", "channel", "ticket", "postmortem"})
"""Pages of the incident that `open:…` may name; an https address does as well."""


class ProcessError(Exception):
    """A process file that can't be used. The message names the file, the place, what was expected, the nearest name."""


class StepKind(StrEnum):
    """How a step gets done: an API proves it, a person says so, or either."""

    SENSED = "sensed"
    ATTESTED = "attested"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Phase:
    """A group of steps. `quiet`: noise until the phase before it is done. `optional`: there only while one applies."""

    number: int
    title: str
    quiet: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the process.

    `sensor` and `applies` name entries of the registries in `sensors` and `applicability`; None: never sensed, always
    applies. `params` go to the sensor; three of them mean something for every step: `clock` (its deadline, and how
    long an attestation of a recurring step lasts), `link` (an attestation must bring a link) and `lapses` (what makes
    earlier words of people about the step void: "reopened" or "handoff").

    `hint` says what or why in a sentence, `hint_ticket` the same where the incident began with a ticket, and `public`
    how the step reads in a sentence of ours to a community ("next, we will …").
    """

    id: str
    phase: int
    title: str
    role: str
    kind: StepKind
    sensor: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    action: str | None = None
    recurring: bool = False
    applies: str | None = None
    hint: str = ""
    hint_ticket: str = ""
    public: str = ""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long each thing may take. A deadline is *soon* once `soon_fraction` of its time has passed."""

    acknowledge: timedelta = timedelta(minutes=15)
    inform: timedelta = timedelta(minutes=30)
    update: timedelta = timedelta(hours=2)
    soon_fraction: float = 0.75
    narrate: timedelta = timedelta(minutes=20)
    relief: timedelta = timedelta(hours=4)
    draft: timedelta = timedelta(days=3)
    review: timedelta = timedelta(days=7)
    publish: timedelta = timedelta(days=14)

    def interval(self, name: str) -> timedelta:
        """The clock with that name. Raises KeyError."""
        value = getattr(self, name) if name in CLOCKS else None
        if not isinstance(value, timedelta):
            raise KeyError(name)
        return value


CLOCKS: tuple[str, ...] = (
    "acknowledge",
    "inform",
    "update",
    "narrate",
    "relief",
    "draft",
    "review",
    "publish",
)
"""The clocks' names."""


@dataclass(frozen=True, slots=True)
class ChannelNaming:
    """How PagerDuty names an incident's channel: slug of the service, `infix`, number; `length` characters at most."""

    infix: str = "_inc_"
    length: int = 21


@dataclass(frozen=True, slots=True)
class RoleName:
    """What a team calls a role: `short` in a line of several ("IR"), `full` in a sentence ("Incident Responder")."""

    short: str
    full: str


LEAD = RoleName("lead", "Technical lead")
"""What a technical lead is called where the process has no such role and somebody is one all the same."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a team calls the parts in which the services show people; plain words where its process is silent.

    `responder` has the incident in PagerDuty, `liaison` has its tickets, `lead` is whom the config's `tech_leads` names
    (None: the process has no such role, so nobody is missed in it), `expert` is whoever else takes part.
    """

    responder: RoleName = RoleName("responder", "Responder")
    liaison: RoleName = RoleName("liaison", "Liaison")
    lead: RoleName | None = None
    expert: RoleName = RoleName("expert", "Expert")


PARTS: tuple[str, ...] = ("responder", "liaison", "lead", "expert")
"""The parts' names."""


@dataclass(frozen=True, slots=True)
class Words:
    """A team's words.

    `priority` makes an alert an incident; `outage_tag` in an alert proves an outage; `tags` maps each severity tag to
    its priority; `other_tags` only look like one. `relapse` and `handoff` are phrases to look for in messages. `roles`
    maps the roles' short names to their full ones; `parts` says which of them are whose in the services.
    """

    priority: str
    outage_tag: str
    tags: Mapping[str, str] = field(default_factory=dict)
    other_tags: tuple[str, ...] = ()
    catch_all_service: str = ""
    outage_kinds: tuple[str, ...] = ()
    relapse: tuple[str, ...] = ()
    handoff: tuple[str, ...] = ()
    hub_labels: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    parts: Parts = Parts()
    channel: ChannelNaming = ChannelNaming()


@dataclass(frozen=True, slots=True)
class Process:
    """A team's process. `source` is the file it was read from."""

    id: str
    title: str
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    clocks: Clocks
    words: Words
    source: str

    def step(self, step_id: str) -> Step:
        """The step with that id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def phase(self, number: int) -> Phase:
        """The phase with that number. Raises KeyError."""
        for phase in self.phases:
            if phase.number == number:
                return phase
        raise KeyError(number)


def channel_name(words: Words, service_name: str, number: int) -> str:
    """The name that PagerDuty gives to the incident's Slack channel, e.g. `managed_jupyte_inc_36`."""
    plain = unicodedata.normalize("NFKD", service_name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "incident"
    tail = f"{words.channel.infix}{number}"
    return slug[: max(words.channel.length - len(tail), 1)] + tail


def load(path: Path | None = None) -> Process:
    """Read a process; None: the built-in one. Raises ProcessError."""
    # It checks names against the sensors, which know this module.
    from cockpit.incident.process_file import read

    return read(path)
