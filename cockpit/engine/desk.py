"""The way in: which incident? Finds one by what a person typed, offers those that are open, opens its session."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from cockpit.engine.actions.kind import NOTES, Impossible
from cockpit.engine.connection import Connection
from cockpit.engine.directory import Directory
from cockpit.engine.journal import Action, Journal
from cockpit.engine.ledger import delivery_of
from cockpit.engine.session import Session
from cockpit.engine.view import Case, Delivery, Part
from cockpit.engine.writing import Writing
from cockpit.incident.facts import Incident, Source, Status, Ticket, TicketStatus
from cockpit.incident.process import Clocks, Process, load
from cockpit.incident.sensors import People
from cockpit.incident.tickets import LINKING
from cockpit.services.call import TIMEOUT
from cockpit.services.errors import NotFound, ServiceError

if TYPE_CHECKING:
    from cockpit.services.pagerduty_wire import ServiceRef
    from cockpit.settings import Settings

T = TypeVar("T")

RECENT = timedelta(days=3)
"""How far back tickets are offered."""

JOURNAL = "journal.sqlite3"
"""The journal's name in the state folder."""

RUNS = "runs"
"""Its folder for the commands of `cockpit run`."""


class UnknownReference(Exception):
    """What was typed can't be an incident of this account; the message says what can."""


class NoSuchIncident(Exception):
    """It could be an incident, but the service knows none like it."""


LOOKED_AT = 10
"""How many of the newest cases are looked at for one that is open in another process."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to open. `p1`: the open incidents of the process's priority; `errors`: the services that failed."""

    incidents: tuple[Incident, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    p1: tuple[Incident, ...] = ()
    errors: Mapping[Source, str] = field(default_factory=dict)


class Desk:
    """Owns the journal, the connection and the process; hands out sessions.

    Raises `ProcessError` for a process file that can't be used, `OSError` if the state folder can't be written.
    """

    def __init__(self, settings: Settings, *, timeout: float = TIMEOUT) -> None:
        """`timeout`: the most seconds that one request to a service may take."""
        self.settings = settings
        self.process = configured_process(settings)
        self.people = People(
            placeholders=settings.placeholders,
            tech_leads=settings.tech_leads,
            me=settings.me,
            my_email=settings.email or "",
        )
        # Who only reads leaves nothing behind that another process would deliver.
        self.journal = Journal(settings.state_dir / JOURNAL, kept=not settings.read_only)
        self.writing = Writing()
        self.connection = Connection(settings, timeout)
        self.directory = Directory(self.connection, settings.placeholders)

    def remembered(self) -> Case | None:
        """The case that was open last, unless it was resolved then: it is painted before anything is asked."""
        for case in self.journal.cases()[:1]:
            saved = self.journal.snapshot(case.key)
            facts = saved[0].pagerduty if saved else None
            if saved is None or (facts is not None and facts.incident.status is Status.RESOLVED):
                return None
            return case
        return None

    async def learn_secrets(self) -> None:
        """Ask the commands that print secrets before anything that a person typed is kept."""
        await self.connection.learn_secrets()

    def session(self, case: Case) -> Session:
        """The case's session, not yet started."""
        session = Session(
            case, settings=self.settings, journal=self.journal, writing=self.writing, connection=self.connection,
            process=self.process, people=self.people, directory=self.directory,
        )  # fmt: skip
        session.memory.keep(
            lambda: self.journal.touch_case(case.key, self.settings.now()), "that it was opened", "opened"
        )
        session.memory.keep(lambda: self._book_runs(case, session), "the commands that were run", "runs")
        return session

    def _book_runs(self, case: Case, session: Session) -> None:
        """Journal the commands of `cockpit run` that belong to the case and that nothing has noted yet."""
        folder = self.settings.state_dir / RUNS
        if folder.is_dir() and not self.settings.read_only:
            from cockpit.engine.runs import Runs  # on systems without file locks there is no such folder

            Runs(folder).book_for(case, self.journal, self.settings.now())
            session.look()

    async def begin(self, title: str) -> Case:
        """A new case of which nothing is there but a title.

        Raises `Impossible` for one that mustn't be kept, `NotSaved` if it can't be.
        """
        if (reason := self.settings.betrayed_by(title) or self.settings.awaits(title)) is not None:
            raise Impossible(reason)
        return await self.writing.patiently(lambda: self.journal.new_case(title, self.settings.now()))

    async def case_of(self, incident: Incident) -> Case:
        """The case of that PagerDuty incident, begun if there is none. Raises `NotSaved`."""
        now = self.settings.now()
        return await self.writing.patiently(
            lambda: self.journal.new_case(incident.title, now, incident.id, incident.number)
        )

    async def case_of_ticket(self, ticket: Ticket) -> Case:
        """The case that the ticket belongs to, begun with it if there is none. Raises `NotSaved`."""
        for case in self.journal.cases():
            told = [
                entry.action.kind
                for entry in self.journal.entries(case.key)
                if entry.action.kind in (*LINKING, "unlink_ticket")
                and ticket.id in (entry.action.data.get("ticket"), entry.outcome.get("id"))
            ]
            if told and told[-1] in LINKING and not self._over(case):
                return case
        now = self.settings.now()
        case = await self.writing.patiently(lambda: self.journal.new_case(ticket.subject, now))
        action = Action(
            uuid.uuid4().hex, case.key, "link_ticket", None, self.settings.me, now,
            {"ticket": ticket.id, "subject": ticket.subject},
        )  # fmt: skip
        await self.writing.patiently(lambda: self.journal.add(action, Part.NOTE, NOTES))
        return case

    def history(self, case: Case) -> tuple[Delivery, ...]:
        """All that was done from this machine in the case, in order, and how each delivery ended."""
        now = self.settings.now()
        return tuple(delivery_of(entry, now) for entry in self.journal.entries(case.key))

    def _over(self, case: Case) -> bool:
        saved = self.journal.snapshot(case.key)
        return bool(saved and saved[0].pagerduty and saved[0].pagerduty.incident.status is Status.RESOLVED)

    async def find(self, reference: str) -> Case:
        """The case that a person means by a number, an id, a URL, or `ticket:ID`.

        Raises `UnknownReference`, `NoSuchIncident`, or the `ServiceError` of a service that can't be asked, unless the
        journal knows the case.
        """
        text = reference.strip()
        if match := re.fullmatch(r"ticket:#?(\d{1,18})", text):
            return await self._ticket(int(match[1]))
        if "://" in text:
            return await self._url(text)
        if match := re.fullmatch(r"#?(\d{1,12})", text):
            return await self._incident(match[1], None)
        if re.fullmatch(r"[A-Z0-9]{6,32}", text):
            return await self._incident(text, None)
        raise UnknownReference(
            f"“{text[:80]}” isn't an incident: give its number (1924), its id, its URL, or ticket:ID for a ticket."
        )

    async def _url(self, text: str) -> Case:
        parts = urlsplit(text)
        if match := re.fullmatch(
            r"/(?:api/v2/)?(?:a/|helpdesk/)?tickets/(\d{1,18})/?", _below(parts.path, "freshdesk")
        ):
            ours = urlsplit(self.settings.freshdesk.url).netloc if self.settings.freshdesk else ""
            if parts.netloc.lower() != ours.lower():
                raise UnknownReference(
                    f"{parts.netloc} isn't the Freshdesk of this config" + (f" ({ours})." if ours else ": it has none.")
                )
            return await self._ticket(int(match[1]))
        if match := re.fullmatch(r"/incidents/([A-Z0-9]{6,32})/?", _below(parts.path, "pagerduty")):
            return await self._incident(match[1], parts.netloc)
        raise UnknownReference(f"{text[:120]} is neither a PagerDuty incident's address nor a Freshdesk ticket's.")

    async def _incident(self, key: str, host: str | None) -> Case:
        try:
            await self.connection.ensure(Source.PAGERDUTY)
            service = self.connection.pagerduty
            assert service is not None
            incident = await (service.find(int(key)) if key.isdigit() else service.incident(key))
        except NotFound:
            incident = None
        except ServiceError:
            known = self._known(key)
            if known is None:
                raise
            return known
        if incident is None:
            name = f"number {key}" if key.isdigit() else f"id {key}"
            raise NoSuchIncident(f"PagerDuty has no incident with the {name}, or hides it from this token.")
        if host is not None and incident.url and urlsplit(incident.url).netloc.lower() != host.lower():
            raise UnknownReference(
                f"{host} isn't the PagerDuty account of this config ({urlsplit(incident.url).netloc})."
            )
        return await self.case_of(incident)

    def known(self, reference: str) -> Case | None:
        """The case with that number or id, if this machine has worked on it; no service is asked."""
        return self._known(reference.strip().removeprefix("#"))

    def at_work(self) -> Case | None:
        """The case that another process delivers for now, as an open cockpit does; None where none or several are."""
        from cockpit.engine.delivery_lock import DeliveryLock

        held = []
        for case in self.journal.cases()[:LOOKED_AT]:
            lock = DeliveryLock(self.settings.state_dir / "locks" / f"{case.key}.lock")
            if lock.take():
                lock.free()
            else:
                held.append(case)
        return held[0] if len(held) == 1 else None

    def _known(self, key: str) -> Case | None:
        return next((case for case in self.journal.cases() if key in (case.incident_id, str(case.number or ""))), None)

    async def _ticket(self, number: int) -> Case:
        await self.connection.ensure(Source.FRESHDESK)
        service = self.connection.freshdesk
        assert service is not None
        try:
            ticket = await service.ticket(number)
        except NotFound:
            raise NoSuchIncident(f"Freshdesk has no ticket {number}, or hides it from this key.") from None
        return await self.case_of_ticket(ticket)

    async def offer(self) -> Offer:
        """What there is to open. A service that fails is told in `errors`; the other is offered all the same."""
        errors: dict[Source, str] = {}

        async def attempt(source: Source, ask: Awaitable[tuple[T, ...]]) -> tuple[T, ...]:
            try:
                return await ask
            except ServiceError as error:
                errors[source] = str(error)
                return ()

        incidents, tickets = await asyncio.gather(
            attempt(Source.PAGERDUTY, self._open_incidents()), attempt(Source.FRESHDESK, self._open_tickets())
        )
        wanted = self.process.words.priority
        p1 = tuple(incident for incident in incidents if incident.priority == wanted)
        return Offer(incidents, tickets, p1, errors)

    async def _open_incidents(self) -> tuple[Incident, ...]:
        await self.connection.ensure(Source.PAGERDUTY)
        assert self.connection.pagerduty is not None
        return await self.connection.pagerduty.open_incidents()

    async def _open_tickets(self) -> tuple[Ticket, ...]:
        await self.connection.ensure(Source.FRESHDESK)
        assert self.connection.freshdesk is not None
        tickets = await self.connection.freshdesk.recent_tickets(self.settings.now() - RECENT)
        closed = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        return tuple(ticket for ticket in tickets if ticket.status not in closed and not ticket.deleted)

    async def pd_services(self) -> tuple[ServiceRef, ...]:
        """PagerDuty's services, for the declaration. Raises a `ServiceError`."""
        await self.connection.ensure(Source.PAGERDUTY)
        assert self.connection.pagerduty is not None
        return await self.connection.pagerduty.services()

    def hurry(self) -> None:
        """A screen is drawn from now on: wait for no other process that writes the journal (see `writing`)."""
        self.journal.hurry()

    def last_try(self) -> tuple[str, ...]:
        """The program is about to end: keep what still waits for the journal; what can't be kept, in words."""
        return self.writing.last_try()

    async def close(self) -> None:
        """Close the connection and the journal; within a second."""
        await self.connection.close()
        self.last_try()
        self.journal.close()


def _below(path: str, prefix: str) -> str:
    """The path below a server's own prefix, where there is one (`/freshdesk/a/tickets/1`)."""
    return path.removeprefix(f"/{prefix}")


def configured_process(settings: Settings) -> Process:
    """The process of the settings, with the clocks that the config sets. Raises `ProcessError`."""
    process = load(settings.process)
    changes: dict[str, timedelta | float] = dict(settings.clocks)
    if settings.soon_fraction is not None:
        changes["soon_fraction"] = settings.soon_fraction
    clocks: Clocks = replace(process.clocks, **changes)  # type: ignore[arg-type]
    return replace(process, clocks=clocks)
