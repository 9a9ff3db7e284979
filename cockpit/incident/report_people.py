"""Who was in the incident: every person under one name, and the roles they held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.incident.communities import places
from cockpit.incident.facts import LABELS, Conversation, LogKind, Message, Person
from cockpit.incident.history import said
from cockpit.incident.incident_history import is_placeholder
from cockpit.incident.process import LEAD
from cockpit.incident.report_values import Holder, Role
from cockpit.incident.sensors.registry import Context


@dataclass(slots=True)
class Known:
    """Somebody as all the services together know them: the names they go by, and their addresses."""

    names: list[str] = field(default_factory=list)
    emails: set[str] = field(default_factory=set)
    community: str | None = None
    """The community whom they represent; None: they are one of us."""

    @property
    def name(self) -> str:
        """The first name that was met."""
        return self.names[0] if self.names else ""


class Crowd:
    """Everybody in the incident. Somebody whom two services know is one person: by address, or else by name."""

    def __init__(self) -> None:
        self.people: list[Known] = []
        self._by: dict[str, Known] = {}

    def meet(self, person: Person, community: str | None = None) -> Known:
        """That person, known from now on."""
        keys = [(person.email or "").lower(), person.name.lower(), f"id {person.id}" if person.id else ""]
        keys = [key for key in keys if key.strip()]
        known = next((self._by[key] for key in keys if key in self._by), None)
        if known is None:
            known = Known(community=community)
            self.people.append(known)
        for key in keys:
            self._by.setdefault(key, known)
        if person.name.strip() and person.name not in known.names:
            known.names.append(person.name)
        if person.email:
            known.emails.add(person.email.lower())
        return known

    def named(self, name: str) -> Known:
        """Somebody of whom only a name (or an address) is told."""
        known = self._by.get(name.strip().lower())
        return known if known is not None else self.meet(Person("", name))


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, in the order in which an anonymous report numbers them, and their roles.

    `experts` are all who took part, whatever else they were. `communities` are the companies of the tickets, in order,
    each with its representatives' addresses. `hubs` are names of hubs and clusters out of the alerts.
    """

    crowd: Crowd
    leading: tuple[tuple[Known, datetime], ...]
    liaisons: tuple[Known, ...]
    leads: tuple[Known, ...]
    experts: tuple[Known, ...]
    placeholders: tuple[Known, ...]
    communities: Mapping[str, tuple[str, ...]]
    hubs: tuple[str, ...] = ()


def cast(ctx: Context) -> Cast:
    """Everybody in the incident, with their parts."""
    crowd = Crowd()
    communities: dict[str, list[str]] = {}
    representatives: list[Known] = []
    for facts in ctx.snapshot.tickets:
        ticket = facts.ticket
        community = ticket.company or ticket.requester.name
        addresses = communities.setdefault(community, [])
        wrote = [piece.author for piece in facts.conversations if piece.incoming]
        for person in (ticket.requester, *wrote):
            known = crowd.meet(person, community)
            if known.community is not None:
                representatives.append(known)
                addresses += [person.email] if person.email else []
    _meet_us(ctx, crowd)
    nobody = [k for k in crowd.people if k.emails & ctx.people.placeholders]
    for name in _placeholder_names(ctx):
        known = crowd.named(name)
        nobody += [] if any(known is one for one in nobody) else [known]
    leads = [k for k in crowd.people if k.emails & ctx.people.tech_leads]
    return Cast(
        crowd,
        tuple((k, at) for k, at in _leading(ctx, crowd) if not _among(k, nobody)),
        tuple(k for k in _once(_liaisons(ctx, crowd)) if not _among(k, nobody)),
        tuple(k for k in leads if _among(k, list(_active(ctx, crowd)))),
        tuple(k for k in _once(_experts(ctx, crowd)) if not _among(k, [*nobody, *representatives])),
        tuple(nobody),
        {name: tuple(dict.fromkeys(addresses)) for name, addresses in communities.items()},
        tuple(dict.fromkeys(_hubs(ctx))),
    )


def roles(ctx: Context, found: Cast) -> tuple[Role, ...]:
    """The roles that somebody held, titled as the process does; an expert is who has no other role."""
    leading = tuple(Holder(known.name, at) for known, at in found.leading)
    holding = [known for known, _ in found.leading] + [*found.liaisons, *found.leads]
    experts = [known for known in found.experts if not _among(known, holding)]
    parts = ctx.process.words.parts
    others = ((parts.liaison, found.liaisons), (parts.lead or LEAD, found.leads), (parts.expert, experts))
    held = [(parts.responder, leading), *((name, tuple(Holder(known.name) for known in who)) for name, who in others)]
    return tuple(Role(name.short, name.full, holders) for name, holders in held if holders)


def _hubs(ctx: Context) -> Iterator[str]:
    for place in places(ctx.snapshot):
        yield from (name for name in (place.cluster, place.hub) if name.strip())


def _among(known: Known, people: Iterable[Known]) -> bool:
    return any(known is one for one in people)


def _once(people: Iterable[Known]) -> list[Known]:
    kept: list[Known] = []
    for known in people:
        if not _among(known, kept):
            kept.append(known)
    return kept


def _meet_us(ctx: Context, crowd: Crowd) -> None:
    pagerduty, slack = ctx.snapshot.pagerduty, ctx.snapshot.slack
    if pagerduty is not None:
        incident = pagerduty.incident
        for person in (*incident.assignees, *incident.acknowledgers):
            crowd.meet(person)
        for entry in pagerduty.log_entries:
            for person in (*((entry.agent,) if entry.agent and entry.by_person else ()), *entry.assignees):
                crowd.meet(person)
        for note in pagerduty.notes:
            crowd.meet(note.author)
        for responder in pagerduty.responders:
            crowd.meet(responder.person)
        for call in pagerduty.on_call:
            crowd.meet(call.person)
    for facts in ctx.snapshot.tickets:
        for person in (*((facts.ticket.agent,) if facts.ticket.agent else ()), *_writers(facts.conversations)):
            crowd.meet(person)
    if slack is not None:
        robots = {message.author.name for message in slack.messages if message.bot} | set(LABELS.values())
        addressed = any(person.email for person in slack.members)
        for person in slack.members:  # an app has no address; where nobody has one, only its posts tell
            if person.email or not (addressed or person.name in robots):
                crowd.meet(person)
        met: set[str] = set()
        for message in (*slack.messages, *slack.replies):
            if _spoken(message) and message.author.id not in met:
                met.add(message.author.id)
                crowd.meet(message.author)
    for actor in dict.fromkeys(record.actor for record in ctx.snapshot.records):
        crowd.named(actor)
    for record in ctx.snapshot.records:
        if record.kind in ("handoff", "assign") and isinstance(record.data.get("to"), str):
            crowd.named(record.data["to"])


def _writers(conversations: Iterable[Conversation]) -> Iterator[Person]:
    return (piece.author for piece in conversations if not piece.incoming)


def _spoken(message: Message) -> bool:
    """Whether a person wrote that, in the channel or in a thread."""
    return not message.bot and not message.deleted and (said(message) or message.thread_ts is not None)


def _placeholder_names(ctx: Context) -> Iterator[str]:
    """The users that hold the rota but are nobody, as PagerDuty names them."""
    pagerduty = ctx.snapshot.pagerduty
    for entry in pagerduty.log_entries if pagerduty else ():
        for person in entry.assignees:
            if is_placeholder(person, ctx.people.placeholders, {}):
                yield person.name


def _leading(ctx: Context, crowd: Crowd) -> Iterator[tuple[Known, datetime]]:
    """Who led from when on: each assignment that changed the person; without any, the first acknowledgement."""
    last: Known | None = None
    for entry in ctx.incident.assigned if ctx.incident else ():
        people = [
            crowd.meet(one)
            for one in entry.assignees
            if is_placeholder(one, ctx.people.placeholders, {}) is not True
            and not crowd.meet(one).emails & ctx.people.placeholders
        ]
        if people and not (last is not None and _among(last, people)):
            last = people[0]
            yield last, entry.at
    if last is None:
        for entry in ctx.incident.acknowledged[:1] if ctx.incident else ():
            if entry.agent is not None:
                yield crowd.meet(entry.agent), entry.at


def _liaisons(ctx: Context, crowd: Crowd) -> Iterator[Known]:
    """Each ticket's agent, then whoever else replied in public while the incident was there."""
    for facts in ctx.snapshot.tickets:
        if facts.ticket.agent is not None:
            yield crowd.meet(facts.ticket.agent)
    for facts in ctx.snapshot.tickets:
        for piece in facts.conversations:
            if piece.public_reply and piece.id and (ctx.opened_at is None or piece.at >= ctx.opened_at):
                yield crowd.meet(piece.author)


def _experts(ctx: Context, crowd: Crowd) -> Iterator[Known]:
    """Whoever was asked and didn't decline, wrote in the channel, or did something."""
    pagerduty = ctx.snapshot.pagerduty
    for responder in pagerduty.responders if pagerduty else ():
        if responder.state != "declined":
            yield crowd.meet(responder.person)
    yield from _active(ctx, crowd)


def _active(ctx: Context, crowd: Crowd) -> Iterator[Known]:
    """Whoever led, wrote in the channel, joined as a responder or did something from a cockpit; once each."""
    for known, _ in _leading(ctx, crowd):
        yield known
    slack, pagerduty = ctx.snapshot.slack, ctx.snapshot.pagerduty
    yield from (crowd.meet(one.person) for one in (pagerduty.responders if pagerduty else ()) if one.state == "joined")
    authors: dict[str, Person] = {}
    for message in (*slack.messages, *slack.replies) if slack else ():
        if _spoken(message):
            authors.setdefault(message.author.id or message.author.name, message.author)
    yield from (crowd.meet(author) for author in authors.values())
    yield from (crowd.named(actor) for actor in dict.fromkeys(record.actor for record in ctx.snapshot.records))
    acting = (LogKind.ACKNOWLEDGED, LogKind.PRIORITY, LogKind.RESOLVED, LogKind.REOPENED, LogKind.NOTE)
    for entry in pagerduty.log_entries if pagerduty else ():
        if entry.by_person and entry.agent is not None and entry.kind in acting:
            yield crowd.meet(entry.agent)
