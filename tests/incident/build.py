"""Facts in few words, for tests: a `World` is a day's outage that tests put together act by act.

Moments are written "13:12" on the day of the tests (Monday 23 Nov 2026), or "+1 09:00" for the day after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.incident.checklist import Assessment, Assessor
from cockpit.incident.facts import (
    Alert,
    Channel,
    Conversation,
    Freshness,
    Health,
    Incident,
    LogEntry,
    LogKind,
    Message,
    OnCall,
    PagerDutyFacts,
    Person,
    Record,
    Responder,
    SlackFacts,
    Snapshot,
    Source,
    Status,
    Ticket,
    TicketFacts,
)
from cockpit.incident.process import Process, load
from cockpit.incident.sensors import People

DAY = datetime(2026, 11, 23, tzinfo=UTC)
PROCESS: Process = load()
FRESHDESK = "https://desk.example.com"

ANA = Person("PANA", "Ana Ruiz", "ana@example.com")
BEN = Person("PBEN", "Ben Okafor", "ben@example.com")
KIM = Person("PKIM", "Kim Tan", "kim@example.com")
LOU = Person("PLOU", "Lou Marsh", "lou@example.com")
ROTA = Person("PROT", "Out of Hours", "rota@example.com")
OSEI = Person("77", "R. Osei", "osei@mordor.example.edu")
PEOPLE = People(frozenset({"rota@example.com"}), frozenset({"kim@example.com"}), "Ana Ruiz", "ana@example.com")


def at(words: str | datetime) -> datetime:
    """The moment that "13:12", "13:12:30" or "+1 09:00" means."""
    if isinstance(words, datetime):
        return words
    day, _, clock = words.rpartition(" ")
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return DAY + timedelta(days=int(day or 0), hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


@dataclass
class World:
    """An outage in the making. Each method is an act, and returns the world so that acts can be chained."""

    incident: Incident | None = None
    alerts: list[Alert] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    on_call: list[OnCall] = field(default_factory=list)
    channel: Channel | None = None
    messages: list[Message] = field(default_factory=list)
    threads: list[Message] = field(default_factory=list)
    members: list[Person] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    talk: dict[int, list[Conversation]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    health: dict[Source, Health] = field(
        default_factory=lambda: {source: Health(Freshness.OK, DAY + timedelta(hours=23)) for source in Source}
    )
    count: int = 0

    def _id(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count:05}"

    # --- PagerDuty

    def opened(self, when: str, title: str = "Hub unreachable: mordor/prod", **changes: Any) -> World:
        """PagerDuty opened the incident."""
        values: dict[str, Any] = {
            "id": "PINC1",
            "number": 1924,
            "title": title,
            "status": Status.TRIGGERED,
            "priority": None,
            "url": "https://pd.example.com/incidents/PINC1",
            "created_at": at(when),
            "service_id": "PSVC",
            "service_name": "JupyterHub URL",
        }
        self.incident = Incident(**(values | changes))
        return self.entry(LogKind.TRIGGERED, when, None)

    def alert(self, when: str, title: str, body: str = "", **labels: str) -> World:
        """An alert was grouped under it."""
        self.alerts.append(Alert(self._id("A"), title, "triggered", at(when), body, labels))
        return self

    def entry(self, kind: LogKind, when: str, agent: Person | None, **changes: Any) -> World:
        """A line in PagerDuty's log."""
        who = agent.name if agent else "PagerDuty"
        values = {"summary": f"{kind.value} by {who}", "agent": agent, "by_person": agent is not None}
        self.log.append(LogEntry(self._id("L"), kind, at(when), **(values | changes)))
        return self

    def _now(self, **changes: Any) -> None:
        assert self.incident is not None
        self.incident = replace(self.incident, **changes)

    def priority(self, when: str, name: str | None, agent: Person = ANA) -> World:
        """Somebody set the priority, or removed it."""
        self._now(priority=name, changed_at=at(when))
        return self.entry(LogKind.PRIORITY, when, agent, priority=name)

    def acknowledged(self, when: str, agent: Person = ANA) -> World:
        """Somebody acknowledged it."""
        self._now(status=Status.ACKNOWLEDGED, acknowledgers=(agent,), changed_at=at(when))
        return self.entry(LogKind.ACKNOWLEDGED, when, agent)

    def assigned(self, when: str, to: Person, agent: Person | None = None) -> World:
        """It was assigned to somebody."""
        self._now(assignees=(to,), changed_at=at(when))
        return self.entry(LogKind.ASSIGNED, when, agent, assignees=(to,))

    def resolved(self, when: str, agent: Person | None = ANA) -> World:
        """It was resolved, by a person or (None) from outside; PagerDuty empties what it empties."""
        self._now(status=Status.RESOLVED, acknowledgers=(), assignees=(), changed_at=at(when))
        return self.entry(LogKind.RESOLVED, when, agent)

    def reopened(self, when: str, agent: Person = ANA) -> World:
        """It was opened again."""
        self._now(status=Status.TRIGGERED, changed_at=at(when))
        return self.entry(LogKind.REOPENED, when, agent)

    def responder(self, person: Person, state: str, when: str) -> World:
        """Somebody was asked to respond."""
        self.responders.append(Responder(person, state, at(when)))
        return self

    # --- Slack

    def channel_opened(self, when: str, **changes: Any) -> World:
        """The channel was created."""
        values: dict[str, Any] = {
            "id": "C1",
            "name": "jupyterhub_u_inc_1924",
            "url": "https://chat.example.com/archives/C1",
            "created_at": at(when),
        }
        self.channel = Channel(**(values | changes))
        return self

    def _ts(self, when: str) -> str:
        second = f"{at(when).timestamp():.0f}."
        already = sum(message.ts.startswith(second) for message in (*self.messages, *self.threads))
        return f"{second}{already:06}"

    def said(self, when: str, text: str, author: Person = ANA, **changes: Any) -> World:
        """Somebody wrote at top level."""
        self.messages.append(Message(self._ts(when), author, text, **changes))
        return self

    def threaded(self, when: str, text: str, author: Person = KIM) -> World:
        """Somebody answered the last message in a thread."""
        parent = self.messages[-1]
        self.messages[-1] = replace(parent, reply_count=parent.reply_count + 1)
        self.threads.append(Message(self._ts(when), author, text, thread_ts=parent.ts))
        return self

    # --- Freshdesk

    def ticket(self, number: int, when: str, text: str = "The hub is down", **changes: Any) -> World:
        """A community opened a ticket (or we did, with `outbound=True`)."""
        values: dict[str, Any] = {
            "id": number,
            "subject": "Hub is down",
            "status": 2,
            "url": f"{FRESHDESK}/a/tickets/{number}",
            "created_at": at(when),
            "updated_at": at(when),
            "requester": OSEI,
            "company": "mordor",
        }
        ticket = Ticket(**(values | changes))
        self.tickets[number] = ticket
        author = ticket.agent or BEN if ticket.outbound else ticket.requester
        self.talk[number] = [Conversation(0, at(when), author, text, incoming=not ticket.outbound)]
        return self

    def ticket_now(self, number: int, **changes: Any) -> World:
        """The ticket changed."""
        self.tickets[number] = replace(self.tickets[number], **changes)
        return self

    def told(self, number: int, when: str, text: str = "We are on it", purpose: str | None = None) -> World:
        """We replied in public; with a purpose, from a cockpit, which recorded it."""
        self.count += 1
        self.talk[number].append(Conversation(self.count, at(when), BEN, text, incoming=False))
        if purpose is not None:
            data = {"ticket": number, "purpose": purpose, "conversation_id": self.count}
            self.record("reply", when, actor="Ben Okafor", data=data)
        return self

    def heard(self, number: int, when: str, text: str = "Any news?") -> World:
        """The community wrote."""
        self.count += 1
        self.talk[number].append(Conversation(self.count, at(when), OSEI, text, incoming=True))
        return self

    # --- the shared log

    def record(
        self, kind: str, when: str, step: str | None = None, actor: str = "Ana Ruiz", data: dict[str, Any] | None = None
    ) -> World:
        """A cockpit recorded an act."""
        self.records.append(Record(self._id("R"), kind, step, actor, at(when), data or {}, ts="1.0"))
        return self

    def link(self, number: int, when: str) -> World:
        """A ticket was linked."""
        return self.record("link_ticket", when, "start.ticket", data={"ticket": number})

    def attest(self, step: str, when: str, **data: Any) -> World:
        """A person said that a step is done."""
        return self.record("attest", when, step, data=data)

    # --- what comes of it

    def down(self, source: Source, read: str | None, error: str | None = "timed out") -> World:
        """A service can't be reached; it was last read then."""
        self.health[source] = Health(Freshness.DOWN, at(read) if read else None, error)
        return self

    def snapshot(self) -> Snapshot:
        """All of it, as the engine would hand it on."""
        pagerduty = None
        if self.incident is not None:
            pagerduty = PagerDutyFacts(
                self.incident,
                tuple(self.alerts),
                tuple(self.log),
                responders=tuple(self.responders),
                on_call=tuple(self.on_call),
            )
        slack = None
        if self.channel is not None:
            slack = SlackFacts(self.channel, tuple(self.messages), tuple(self.threads), tuple(self.members))
        return Snapshot(
            pagerduty=pagerduty,
            slack=slack,
            tickets=tuple(TicketFacts(ticket, tuple(self.talk[n])) for n, ticket in self.tickets.items()),
            records=tuple(sorted(self.records, key=lambda record: (record.at, record.id))),
            health=dict(self.health),
        )

    def assess(self, now: str, people: People = PEOPLE, process: Process = PROCESS) -> Assessment:
        """Where it stands."""
        return Assessor(process, people, FRESHDESK).assess(self.snapshot(), at(now))


def outage() -> World:
    """An outage that officially started at 16:20: the ticket at 16:05, the alert at 16:10, all four by 16:20."""
    return (
        World()
        .ticket(4038, "16:05")
        .opened("16:10")
        .alert("16:10", "[take immediate action] hub check failed", hub="mordor")
        .assigned("16:10", ANA)
        .acknowledged("16:12")
        .priority("16:14", "P1")
        .channel_opened("16:16")
        .link(4038, "16:17")
        .told(4038, "16:20", purpose="first_response")
        .said("16:21", "looking at the proxy")
    )


def resolved() -> World:
    """The same outage, resolved at 18:00, its community told, its ticket resolved."""
    return (
        outage()
        .attest("resolve.validated", "17:58")
        .resolved("18:00")
        .told(4038, "18:02", "It works again", purpose="resolution")
        .ticket_now(4038, status=4, updated_at=at("18:03"))
    )


def false_alarm_started() -> World:
    """The same outage, which turned out to be none."""
    return outage().attest("validate.test", "16:30", verdict="not_outage")
