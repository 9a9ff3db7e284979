"""Opening a ticket by writing to a community that hasn't written: its first public reply.

Freshdesk has no idempotency key for this either: the ticket is recognised by requester and subject among those that are
newer, by their numbers, which no clock can get wrong.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import LOOK_BACK, ActionKind, CantTell, Data, Found, Held, Reach, Recognition
from cockpit.incident import guards
from cockpit.incident.communities import Place
from cockpit.incident.facts import Person, Source, Ticket
from cockpit.incident.markup import to_html
from cockpit.incident.replies import problems
from cockpit.incident.text import one_line, squash

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")

TWINS = timedelta(hours=2)
"""How far back another outbound ticket of the same words to the same person counts as a colleague's."""


class OpenTicket(ActionKind):
    """Write to a community's representative first, reviewed word by word; the ticket is then linked.

    `body` is light Markdown, `email` and `name` are the requester's, `cc` further representatives' addresses, `about`
    is the hub as the note names it, `company` is theirs in Freshdesk, `despite` is as a reply's. The text itself never
    goes into the channel.
    """

    name = "open_ticket"
    title = "write to a community first"
    friction = "review"
    service = Source.FRESHDESK
    needs = frozenset({"email", "name", "subject", "body"})

    def destination(self, data: Data) -> str:
        """A lane of its own."""
        return f"{Source.FRESHDESK}:outbound"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """There is somebody to write to, and a text that can be sent."""
        if "email" in data and not str(data["email"]).strip():
            return "Nobody is chosen to write to."
        for address in data.get("cc") or ():
            if not _ADDRESS.fullmatch(str(address)):
                return f"“{one_line(str(address), 60)}” isn't an address that can get a copy."
            if str(address).casefold() == str(data.get("email", "")).strip().casefold():
                return f"{one_line(str(address), 60)} gets the letter itself: it needs no copy."
        if "subject" in data and not str(data["subject"]).strip():
            return "The letter needs a subject."
        if "subject" in data and (found := problems(str(data["subject"]))):
            return f"The subject: {found[0]}"
        if "body" in data and (reason := guards.refusal(in_letter(view, data), data.get("despite") or ())) is not None:
            return reason
        for waiting in view.outbox.deliveries:
            if waiting.kind == self.name and not waiting.held and waiting.data.get("email") == data.get("email", ""):
                return f"A letter to {waiting.data['name']} is on its way already; see the outbox."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Hold it back if a colleague has just written the same to the same person."""
        recent = await reach.freshdesk.recent_tickets(action.at - LOOK_BACK)
        for ticket in recent:
            if _same(ticket, action) and str(ticket.id) not in reach.claimed and ticket.created_at >= action.at - TWINS:
                raise Held(
                    f"Held back: ticket {ticket.id} was opened at {ticket.created_at:%H:%M} UTC, to the same person "
                    f"about the same. Link ticket {ticket.id} instead, or change the subject."
                )
        return {"newest": max((ticket.id for ticket in recent), default=0)}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        data = action.data
        ticket = await reach.freshdesk.outbound_email(
            str(data["email"]),
            str(data["subject"]),
            to_html(str(data["body"])),
            name=str(data["name"]),
            cc=[str(address) for address in data.get("cc") or ()],
        )
        return {"id": ticket.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By requester and subject among what is newer than the baseline and isn't another action's."""
        alike = [
            ticket
            for ticket in await reach.freshdesk.recent_tickets(entry.action.at - LOOK_BACK)
            if ticket.id > int(entry.baseline.get("newest", 0))
            and str(ticket.id) not in reach.claimed
            and _same(ticket, entry.action)
        ]
        rivals = sum(_same(ticket, rival) for rival in reach.rivals for ticket in alike[:1])
        if len(alike) > rivals:
            first = min(alike, key=lambda ticket: ticket.id)
            same = f"a new ticket to the same person about the same at {first.created_at:%H:%M} UTC"
            return Found({"id": first.id}, same, certain=False)
        to, subject = entry.action.data["name"], one_line(str(entry.action.data["subject"]), 80)
        return CantTell(f"You wrote to {to}: “{subject}”. Freshdesk shows no new ticket of it for certain.")

    def draft(self, action: Action) -> tuple[str, str] | None:
        """The letter's draft, by the hub that it is about."""
        about = action.data.get("about")
        return (f"letter:{about}", str(action.data["body"])) if about else None

    def words(self, action: Action) -> str:
        """To whom."""
        return f"write to {action.data['name']} ({one_line(str(action.data['subject']), 40)})"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✉ Wrote to …, and none of the text itself."""
        about = f" about {action.data['about']}" if action.data.get("about") else ""
        ticket = f"ticket {outcome['id']}" if "id" in outcome else "its ticket is still to be linked"
        copies = len(action.data.get("cc") or ())
        to = str(action.data["name"]) + (f", with {copies} in copy" if copies else "")
        return f"✉ Wrote to the community first{about} ({ticket}, first response, to {to})"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket, by which it is linked, and the purpose."""
        return {"purpose": "first_response", **({"ticket": outcome["id"]} if "id" in outcome else {})}


def in_letter(view: View, data: Data) -> tuple[guards.Finding, ...]:
    """What oughtn't to be in the letter: its subject is read with the text."""
    cluster, _, hub = str(data.get("about") or "").rpartition("/")
    to = guards.Addressee(
        Person("", str(data.get("name", "")), str(data.get("email", "")) or None),
        data.get("company"),
        Place(cluster, hub) if cluster or hub else None,
    )
    subject = str(data.get("subject", ""))
    found = guards.in_letter(str(data["body"]), to, view.snapshot, view.guard)
    if not subject.strip():
        return found
    known = {one.key for one in found}
    headed = guards.in_letter(subject, to, view.snapshot, view.guard)
    return (*found, *(replace(one, words=f"The subject: {one.words}") for one in headed if one.key not in known))


def _same(ticket: Ticket, action: Action) -> bool:
    """Whether the ticket is one that we opened to that person under that subject."""
    same_person = (ticket.requester.email or "").casefold() == str(action.data["email"]).strip().casefold()
    return ticket.outbound and same_person and squash(ticket.subject) == squash(str(action.data["subject"]))
