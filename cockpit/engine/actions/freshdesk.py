"""The kinds of action that the community sees: replies to its tickets, and their statuses.

Freshdesk has no idempotency key for replies: one is recognised by its author's side, time and content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import (
    SEND_AGAIN,
    Absent,
    ActionKind,
    CantTell,
    Data,
    Found,
    Held,
    Reach,
    Recognition,
)
from cockpit.incident import guards
from cockpit.incident.facts import Source, TicketFacts, TicketStatus
from cockpit.incident.markup import markdown_plain, to_html
from cockpit.incident.text import one_line, squash
from cockpit.incident.tickets import merged_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View
    from cockpit.incident.facts import Conversation

PURPOSES = {
    "first_response": "first response",
    "update": "update",
    "resolution": "resolution",
    "need_more": "need more information",
    "report_link": "report",
    "plain": "reply",
}
"""How a note names a reply's purpose."""


class OnTicket(ActionKind):
    """An action on one linked ticket. Each ticket is a lane of its own."""

    service = Source.FRESHDESK
    needs = frozenset({"ticket"})

    def destination(self, data: Data) -> str:
        """The ticket's lane."""
        return f"{Source.FRESHDESK}:{data['ticket']}"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The ticket must be one of the incident's."""
        if not view.snapshot.tickets:
            return "No ticket is linked yet."
        ticket = data.get("ticket")
        if ticket is not None and view.snapshot.ticket(int(ticket)) is None:
            return f"Ticket {ticket} isn't linked to this incident."
        return None

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket's number."""
        return {"ticket": action.data["ticket"]}


class Reply(OnTicket):
    """A public reply to a ticket's requester, reviewed by a person word by word.

    `body` is light Markdown. `requester_id` and `seen` (the id of the newest conversation that was on the screen)
    bind it to what its writer looked at: if the requester changed or somebody wrote since, it is held back; so it is
    where `company` is given and the ticket is another's now. `despite` names the findings of the guard (their keys)
    that its writer read and passed.
    """

    name = "reply"
    title = "reply to the community"
    friction = "review"
    needs = frozenset({"ticket", "purpose", "body", "to", "requester_id", "seen"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The ticket is linked and the text can be sent."""
        if reason := super().impossible(view, data, step):
            return reason
        if "body" in data and "ticket" in data:
            found = guards.in_reply(str(data["body"]), int(data["ticket"]), view.snapshot, view.guard)
            return guards.refusal(found, data.get("despite") or ())
        return None

    def seen(self, view: View, data: Data) -> Data:
        """The newest words on the ticket that were on the screen."""
        return newest_seen(view, data)

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Hold it back if the ticket isn't what it was on the screen: the community or a colleague wrote since."""
        data = action.data
        number = int(data["ticket"])
        ticket = await reach.freshdesk.ticket(number)
        if ticket.deleted:
            raise Held(f"Not sent: ticket {number} was deleted.")
        if ticket.requester.id != data["requester_id"]:
            raise Held(f"Not sent: ticket {number} now belongs to {ticket.requester.name}, not to {data['to']}.")
        if "company" in data and ticket.company != data["company"]:
            theirs, was = ticket.company or "nobody known", data["company"] or "nobody known"
            raise Held(f"Not sent: ticket {number} is now {theirs}'s, not {was}'s. Review it again.")
        conversations = await reach.freshdesk.conversations(number)
        if (into := merged_into(TicketFacts(ticket, conversations))) is not None:
            raise Held(f"Not sent: ticket {number} was merged into ticket {into}: link {into}, and write there.")
        for said in conversations:
            if said.id > int(data["seen"]) and not said.private and str(said.id) not in reach.claimed:
                raise Held(f"Held back: {after(said)}. Read it, then send again or rewrite.")
        return {"newest": max((said.id for said in conversations), default=0)}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        said = await reach.freshdesk.reply(int(action.data["ticket"]), to_html(str(action.data["body"])))
        return {"conversation": said.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By content among our side's public replies."""
        return await recognised(reach, entry, "reply", lambda said: said.public_reply)

    def draft(self, action: Action) -> tuple[str, str]:
        """The ticket's draft."""
        return f"reply:{action.data['ticket']}", str(action.data["body"])

    def words(self, action: Action) -> str:
        """What and to which ticket."""
        purpose = PURPOSES.get(str(action.data["purpose"]), "reply")
        return f"{purpose} to ticket {action.data['ticket']} ({action.data['to']})"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✉ Told the community …, and none of the text itself."""
        purpose = PURPOSES.get(str(action.data["purpose"]), "reply")
        return f"✉ Told the community (ticket {action.data['ticket']}, {purpose}, to {action.data['to']})"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket, the purpose and Freshdesk's id of the reply."""
        return {
            "ticket": action.data["ticket"],
            "purpose": action.data["purpose"],
            **({"conversation": outcome["conversation"]} if "conversation" in outcome else {}),
        }


def newest_seen(view: View, data: Data) -> Data:
    """The newest words on the action's ticket that were on the screen, by Freshdesk's number of them."""
    facts = view.snapshot.ticket(int(data["ticket"]))
    return {} if facts is None else {"seen": max((said.id for said in facts.conversations), default=0)}


def after(said: Conversation) -> str:
    """What somebody said on a ticket after a person looked, and when."""
    verb = "wrote" if said.incoming else "replied"
    return f"{said.author.name} {verb} at {said.at:%H:%M} UTC, after you looked: “{one_line(said.text, 160)}”"


async def recognised(reach: Reach, entry: Entry, what: str, ours: Callable[[Conversation], bool]) -> Recognition:
    """Look for what was written on a ticket, by content, among those of our writings that are newer than the baseline.

    Those of other actions aside. Freshdesk numbers them in order, which no clock can get wrong. Where another action
    with the same words is open as well, one of them may be either's.
    """
    number = int(entry.action.data["ticket"])
    wanted = _plain(entry.action)
    new = [
        said
        for said in await reach.freshdesk.conversations(number)
        if said.id > int(entry.baseline.get("newest", 0)) and str(said.id) not in reach.claimed and ours(said)
    ]
    alike = [said for said in new if squash(said.text) == wanted]
    rivals = sum(_plain(rival) == wanted for rival in reach.rivals)
    if len(alike) > rivals:
        same = f"a {what} of the same words by {alike[0].author.name} at {alike[0].at:%H:%M} UTC"
        return Found({"conversation": alike[0].id}, same, certain=False)
    sent = f"You sent “{one_line(wanted, 160)}”."
    if alike:
        return CantTell(f"{sent} Ticket {number} shows it {len(alike)} times for {rivals + 1} that were sent.")
    if not new:
        return CantTell(f"{sent} Ticket {number} shows no new {what} since.")
    last = new[-1]
    return CantTell(
        f"{sent} Ticket {number} shows no {what} of these words; its newest is “{one_line(last.text, 160)}” by "
        f"{last.author.name} at {last.at:%H:%M} UTC."
    )


def _plain(action: Action) -> str:
    """What was written, as the ticket shows it."""
    return squash(markdown_plain(str(action.data["body"])))


class _SetTicketStatus(OnTicket):
    """Set a ticket's status."""

    status: int

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look what it is now. Freshdesk doesn't tell who set it."""
        ticket = await reach.freshdesk.ticket(int(action.data["ticket"]))
        if ticket.deleted:
            raise Held(f"Ticket {ticket.id} was deleted.")
        if ticket.status == self.status:
            status, at = TicketStatus.NAMES[self.status], ticket.updated_at
            raise Held(f"Nothing was changed: ticket {ticket.id} is {status} already (last changed at {at:%H:%M} UTC).")
        return {"before": ticket.status, "updated": ticket.updated_at.isoformat()}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By the status; that it isn't so proves something only if nothing at all changed on the ticket since."""
        ticket = await reach.freshdesk.ticket(int(entry.action.data["ticket"]))
        if ticket.status == self.status:
            return Found({}, "the ticket's status")
        if ticket.updated_at.isoformat() == entry.baseline.get("updated"):
            return Absent()
        return CantTell(
            f"You wanted to {self.title} ({ticket.id}). Its status is another, but the ticket changed since: it "
            "may have been as you wanted for a moment."
        )

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One PUT."""
        await reach.freshdesk.set_status(int(action.data["ticket"]), self.status)
        return {}


class ResolveTicket(_SetTicketStatus):
    """Resolve a ticket: status 4, which sends the satisfaction survey; *closed* doesn't."""

    name = "resolve_ticket"
    title = "resolve the ticket"
    friction = "confirm"
    status = TicketStatus.RESOLVED

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Once is enough."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.ticket(int(data["ticket"])) if "ticket" in data else None
        if facts is not None and facts.ticket.status == TicketStatus.RESOLVED:
            return f"Ticket {facts.ticket.id} is resolved already."
        return None

    def seen(self, view: View, data: Data) -> Data:
        """The newest words on the ticket that were on the screen."""
        return newest_seen(view, data)

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Hold it back if the community wrote since: it may still be broken."""
        baseline = await super().prepare(reach, action)
        for said in await reach.freshdesk.conversations(int(action.data["ticket"])):
            if said.incoming and "seen" in action.data and said.id > int(action.data["seen"]):
                raise Held(f"Not resolved yet: {after(said)}. {SEND_AGAIN}")
        return baseline

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"resolve ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✔ Resolved ticket …"""
        return f"✔ Resolved ticket {action.data['ticket']}"


class ReopenTicket(_SetTicketStatus):
    """Open a resolved ticket again."""

    name = "reopen_ticket"
    title = "reopen the ticket"
    friction = "confirm"
    status = TicketStatus.OPEN

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Only a resolved or closed ticket is reopened."""
        if reason := super().impossible(view, data, step):
            return reason
        facts = view.snapshot.ticket(int(data["ticket"])) if "ticket" in data else None
        if facts is not None and facts.ticket.status not in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            return f"Ticket {facts.ticket.id} is open."
        return None

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"reopen ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """↺ Reopened ticket …"""
        return f"↺ Reopened ticket {action.data['ticket']}"
