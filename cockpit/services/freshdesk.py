"""Freshdesk: the communities' tickets, what was said in them, and answering there.

Every method raises the errors of `errors`; none sends anything twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from cockpit.incident.facts import Conversation, Person, Ticket, TicketStatus
from cockpit.services import freshdesk_wire as wire
from cockpit.services.address import Secret, sealed
from cockpit.services.call import TIMEOUT, Call, Unreadable
from cockpit.services.client import utc_now
from cockpit.services.errors import NotFound
from cockpit.services.freshdesk_line import freshdesk_call
from cockpit.services.freshdesk_people import FreshdeskPeople
from cockpit.services.wire import Json, items, line, number, obj, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cockpit.services.freshdesk_wire import CannedResponse


class Freshdesk(FreshdeskPeople):
    """A Freshdesk account, through one agent's key."""

    def __init__(
        self,
        url: str,
        api_key: str | Secret,
        *,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = utc_now,
        read_only: bool = False,
    ) -> None:
        """`url` is the helpdesk's own, `https://DOMAIN.freshdesk.com`.

        `ValueError` where it or the key is unusable.
        """
        api_key = sealed(api_key, "Freshdesk API key")
        super().__init__(url, api_key, timeout=timeout, now=now, read_only=read_only)
        self._descriptions: dict[int, Conversation] = {}
        self._primary_mailbox: int | None = None

    # --- reading --------------------------------------------------------------------------------------------

    async def ticket(self, ticket_id: int) -> Ticket:
        """The ticket.

        Its requester and company come with the first reading, which costs more; then from memory.
        """
        call = _reading(f"read Freshdesk ticket {ticket_id}")
        params = {} if ticket_id in self._descriptions else {"include": "requester,company"}
        body = obj(await self._ask(call, "GET", f"tickets/{ticket_id}", params=params))
        found = await self._ticket(call, body)
        self._descriptions[ticket_id] = wire.description(body, found)
        return found

    async def conversations(self, ticket_id: int) -> tuple[Conversation, ...]:
        """What was said, replies and notes, oldest first; before all the ticket's description, with id 0."""
        if ticket_id not in self._descriptions:
            await self.ticket(ticket_id)
        call = _reading(f"read the conversation of Freshdesk ticket {ticket_id}")
        listed = [obj(one) for one in await self._all(call, f"tickets/{ticket_id}/conversations")]
        for one in listed:
            user = number(one.get("user_id"))
            if user is not None and user not in self._people:
                await self._somebody(user, agent=not one.get("incoming"))
        found = readable(lambda one: wire.conversation(one, self._people), listed)
        return (self._descriptions[ticket_id], *sorted(found, key=lambda one: (one.at, one.id)))

    async def recent_tickets(self, since: datetime) -> tuple[Ticket, ...]:
        """The tickets that changed since then, the newest change first."""
        call = _reading("list the recent Freshdesk tickets")
        params = {
            "updated_since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "order_by": "updated_at",
            "order_type": "desc",
            "include": "requester",
        }
        found: list[Ticket] = []
        for one in await self._all(call, "tickets", params):
            try:
                found.append(await self._read(obj(one)))
            except Unreadable:
                continue
        return tuple(sorted(found, key=lambda one: (one.updated_at, one.id), reverse=True))

    async def canned_responses(self, folder: str | None = None) -> tuple[CannedResponse, ...]:
        """The canned responses with their content, of all folders or of the one with that name."""
        call = _reading("read the canned responses of Freshdesk")
        found: list[CannedResponse] = []
        for each in map(obj, items(await self._ask(call, "GET", "canned_response_folders"))):
            name, known = line(each.get("name")), number(each.get("id"))
            if known is None or (folder is not None and name != folder):
                continue
            contents: list[Json] = []
            try:
                listed = await self._all(call, f"canned_response_folders/{known}/responses")
            except NotFound:  # deleted since it was listed
                continue
            for one in map(obj, listed):
                response_id = number(one.get("id"))
                if not one.get("content_html") and response_id is not None:
                    with suppress(NotFound):  # deleted since it was listed
                        contents.append(obj(await self._ask(call, "GET", f"canned_responses/{response_id}")))
                else:
                    contents.append(one)
            found += readable(partial(wire.canned_response, folder=name), contents)
        return tuple(found)

    async def canned_response(self, response_id: int) -> CannedResponse:
        """That canned response as it is now; `NotFound` where it is gone. Freshdesk doesn't name its folder here."""
        call = _reading("read a canned response of Freshdesk")
        body = await self._ask(call, "GET", f"canned_responses/{response_id}")
        return call.read(lambda one: wire.canned_response(one, ""), body)

    # --- writing --------------------------------------------------------------------------------------------

    async def reply(self, ticket_id: int, html: str) -> Conversation:
        """Answer the community, publicly. Nothing in Freshdesk keeps the same answer from going twice."""
        call = _writing(f"reply to Freshdesk ticket {ticket_id}")
        body = await self._ask(call, "POST", f"tickets/{ticket_id}/reply", body={"body": html})
        # What Freshdesk answers to a reply doesn't say `private`; a reply isn't.
        return call.read(lambda one: wire.conversation(obj(one) | {"private": False}, self._people), body)

    async def private_note(self, ticket_id: int, html: str) -> Conversation:
        """Write a note that the community doesn't see."""
        call = _writing(f"add a private note to Freshdesk ticket {ticket_id}")
        note = {"body": html, "private": True}
        body = await self._ask(call, "POST", f"tickets/{ticket_id}/notes", body=note)
        return call.read(lambda one: wire.conversation(one, self._people), body)

    async def set_status(self, ticket_id: int, status: int) -> None:
        """Set the ticket's status, a number of `TicketStatus` or of the account's own."""
        call = _writing(f"set the status of Freshdesk ticket {ticket_id}")
        await self._ask(call, "PUT", f"tickets/{ticket_id}", body={"status": status})

    async def set_agent(self, ticket_id: int, agent_id: int) -> None:
        """Hand the ticket to that agent."""
        call = _writing(f"hand over Freshdesk ticket {ticket_id}")
        await self._ask(call, "PUT", f"tickets/{ticket_id}", body={"responder_id": agent_id})

    async def outbound_email(
        self,
        email: str,
        subject: str,
        html: str,
        *,
        name: str | None = None,
        cc: Sequence[str] = (),
        email_config_id: int | None = None,
    ) -> Ticket:
        """Write to somebody first; the ticket that this opens, its status open.

        `email_config_id` says from which of the account's addresses; without it, the primary one is looked up.
        """
        call = _writing(f"write to {email} through Freshdesk")
        if email_config_id is None and self._primary_mailbox is None:
            self._primary_mailbox = await self._mailbox(call)
        mailbox = email_config_id if email_config_id is not None else self._primary_mailbox
        content: Json = {
            "email": email,
            "subject": subject,
            "description": html,
            "email_config_id": mailbox,
            # Freshdesk would close it at once, with the community still waiting.
            "status": TicketStatus.OPEN,
            "priority": 1,
        }
        content |= {"name": name} if name else {}
        content |= {"cc_emails": list(cc)} if cc else {}
        body = obj(await self._ask(call, "POST", "tickets/outbound_email", body=content))
        requester = Person(str(number(body.get("requester_id")) or ""), name or email, email)
        return call.read(lambda one: wire.ticket(one, self._web, requester), body)

    # --- how ------------------------------------------------------------------------------------------------

    async def _mailbox(self, call: Call) -> int:
        """The account's primary address for mail, or its first that is active."""
        listed = await self._all(freshdesk_call("list the mailboxes of Freshdesk"), "email_configs")
        active = [one for one in map(obj, listed) if one.get("active") is not False]
        for one in sorted(active, key=lambda one: not one.get("primary_role")):
            if (known := number(one.get("id"))) is not None:
                return known
        raise call.refused("the account has no active address to write from", code="no_mailbox")

    async def _ticket(self, call: Call, body: Json) -> Ticket:
        try:
            return await self._read(body)
        except Unreadable as fault:
            raise call.unanswered(f"it answered {fault}") from None

    async def _read(self, body: Json) -> Ticket:
        """The ticket with its people: those that came along are remembered, the others asked for."""
        requester_id, company_id = number(body.get("requester_id")), number(body.get("company_id"))
        if requester_id is None:
            raise Unreadable("a ticket without a requester")
        if number(obj(body.get("requester")).get("id")) == requester_id:
            self._people[requester_id] = wire.person(body["requester"])
        if company_id is not None and (name := line(obj(body.get("company")).get("name"))):
            self._companies[company_id] = name
        responder_id = number(body.get("responder_id"))
        return wire.ticket(
            body,
            self._web,
            await self._somebody(requester_id, agent=False),
            await self.company(company_id) if company_id is not None else None,
            await self._somebody(responder_id, agent=True) if responder_id is not None else None,
        )


def _reading(doing: str) -> Call:
    return freshdesk_call(doing, needs="the right to see that ticket or list")


def _writing(doing: str) -> Call:
    return freshdesk_call(doing, write=True, needs="the right to work on that ticket")
