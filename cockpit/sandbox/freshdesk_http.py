"""Freshdesk's REST API, version 2: who may ask, and what can be read. The writes are in `freshdesk_writes`."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from cockpit.sandbox import freshdesk_shapes as shapes
from cockpit.sandbox.clock import parse_stamp
from cockpit.sandbox.exchange import Answer, Call, find_route, route
from cockpit.sandbox.freshdesk_refusals import FreshdeskRefusal, invalid, not_found
from cockpit.sandbox.freshdesk_search import QueryError, search
from cockpit.sandbox.freshdesk_writes import FreshdeskWrites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cockpit.sandbox.freshdesk_values import Ticket
    from cockpit.sandbox.world import World

MOST_PER_PAGE = 100
_TICKET_INCLUDES = {"conversations", "requester", "company", "stats"}
_LIST_INCLUDES = {"requester", "stats", "company", "description"}
_Thing = TypeVar("_Thing")


def key_of(call: Call) -> str:
    """The API key in the Basic authorization, whatever it is worth."""
    scheme, _, encoded = call.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


class FreshdeskApi:
    """Answers what is asked under Freshdesk's base URL, all of it below `/api/v2`."""

    def __init__(self, world: World) -> None:
        self.desk = world.freshdesk
        self.present = world.present
        writes = FreshdeskWrites(world.freshdesk)
        self._routes = [
            route("GET", "/tickets", self._list_tickets),
            route("GET", "/tickets/{id}", self._get_ticket),
            route("PUT", "/tickets/{id}", writes.update),
            route("GET", "/tickets/{id}/conversations", self._list_conversations),
            route("POST", "/tickets/{id}/reply", writes.reply),
            route("POST", "/tickets/{id}/notes", writes.note),
            route("POST", "/tickets/outbound_email", writes.outbound_email),
            route("GET", "/search/tickets", self._search),
            route("GET", "/canned_response_folders", self._list_folders),
            route("GET", "/canned_response_folders/{id}", self._get_folder),
            route("GET", "/canned_response_folders/{id}/responses", self._list_responses),
            route("GET", "/canned_responses/{id}", self._get_canned),
            route("GET", "/agents", self._list_agents),
            route("GET", "/agents/me", self._get_me),
            route("GET", "/agents/{id}", self._get_agent),
            route("GET", "/contacts", self._list_contacts),
            route("GET", "/contacts/{id}", self._get_contact),
            route("GET", "/companies", self._list_companies),
            route("GET", "/companies/{id}", self._get_company),
            route("GET", "/email_configs", self._list_mailboxes),
            route("GET", "/ticket_fields", self._list_fields),
            route("GET", "/settings/helpdesk", self._settings),
        ]

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return self._answer(call)
        except FreshdeskRefusal as refusal:
            return refusal.answer

    def _answer(self, call: Call) -> Answer:
        if not call.path.startswith("/api/v2/"):
            raise not_found()
        if key_of(call) not in self.desk.keys:
            body = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
            raise FreshdeskRefusal(Answer(401, body))
        accepted = call.header("Accept")
        if accepted and not any(kind in accepted for kind in ("application/json", "application/*", "*/*")):
            raise FreshdeskRefusal(Answer(406))
        path = call.path.removeprefix("/api/v2")
        found, arguments, known = find_route(self._routes, call.method, path)
        if found is None:
            if known:
                allowed = [one.method for one in self._routes if one.pattern.match(path)]
                body = {"message": f"{call.method} method is not allowed. It should be one of these method(s): "
                        + ", ".join(allowed)}  # fmt: skip
                raise FreshdeskRefusal(Answer(405, body, {"Allow": ", ".join(allowed)}))
            raise not_found()
        return found.handler(
            Call(call.service, call.method, path, call.base, call.query, call.headers, call.body, arguments)
        )

    def _page(self, call: Call, things: Sequence[_Thing], shape: Callable[[_Thing], dict[str, Any]]) -> Answer:
        """One page by `page` and `per_page`; a `Link` leads to the next while there is one."""
        number, size = self._natural(call, "page", 1), self._natural(call, "per_page", 30)
        if size > MOST_PER_PAGE:
            raise invalid("per_page", f"It should be a Positive Integer less than or equal to {MOST_PER_PAGE}")
        start = (number - 1) * size
        headers = {}
        if start + size < len(things):
            others = [(name, value) for name, value in call.query if name != "page"]
            query = urlencode([*others, ("page", str(number + 1))])
            headers["Link"] = f'<{call.base}/api/v2{call.path}?{query}>; rel="next"'
        return Answer(200, [shape(thing) for thing in things[start : start + size]], headers)

    def _natural(self, call: Call, name: str, default: int) -> int:
        text = call.first(name)
        if not text:
            return default
        if not text.isdecimal() or int(text) < 1:
            raise invalid(name, "It should be a Positive Integer")
        return int(text)

    def _include(self, call: Call, allowed: set[str]) -> set[str]:
        names = {name for name in call.first("include").split(",") if name}
        if not names <= allowed:
            raise invalid("include", f"It should be one of these values: '{', '.join(sorted(allowed))}'")
        return names

    def _ticket(self, call: Call) -> Ticket:
        text = call.arguments["id"]
        if not text.isdecimal() or int(text) not in self.desk.tickets:
            raise not_found()
        return self.desk.tickets[int(text)]

    def _list_tickets(self, call: Call) -> Answer:
        allowed = {
            "filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since", "order_by",
            "order_type", "include", "page", "per_page",
        }  # fmt: skip
        for name, _ in call.query:
            if name not in allowed:
                raise invalid(name, "Unexpected/invalid field in request", "invalid_field")
        include = self._include(call, _LIST_INCLUDES)
        tickets = [one for one in self.desk.tickets.values() if not one.spam and not one.deleted]
        chosen = call.first("filter")
        me = self.desk.keys[key_of(call)]
        if chosen == "new_and_my_open":
            tickets = [one for one in tickets if one.status == 2 and one.responder_id in (None, me)]
        elif chosen in ("spam", "deleted"):
            tickets = [one for one in self.desk.tickets.values() if getattr(one, chosen)]
        elif chosen not in ("", "watching"):
            raise invalid("filter", "It should be one of these values: 'new_and_my_open,watching,spam,deleted'")
        if number := self._natural(call, "requester_id", 0):
            tickets = [one for one in tickets if one.requester_id == number]
        if number := self._natural(call, "company_id", 0):
            tickets = [one for one in tickets if one.company_id == number]
        if email := call.first("email"):
            tickets = [one for one in tickets if self.desk.contacts[one.requester_id].email == email]
        if since := call.first("updated_since"):
            try:
                moment = parse_stamp(since)
            except ValueError:
                raise invalid("updated_since", "It should be in the 'valid ISO date' format") from None
            tickets = [one for one in tickets if one.updated_at >= moment]
        else:
            # Without updated_since only the last thirty days are listed.
            recent = self.present.now() - timedelta(days=30)
            tickets = [one for one in tickets if one.created_at >= recent]
        order = call.first("order_by", "created_at")
        if order not in ("created_at", "updated_at", "due_by", "status"):
            raise invalid("order_by", "It should be one of these values: 'created_at,due_by,updated_at,status'")
        name = "created_at" if order == "due_by" else order
        tickets.sort(key=lambda one: (getattr(one, name), one.id), reverse=call.first("order_type") != "asc")
        return self._page(call, tickets, lambda one: shapes.ticket_shape(self.desk, one, include))

    def _get_ticket(self, call: Call) -> Answer:
        ticket = self._ticket(call)
        include = self._include(call, _TICKET_INCLUDES)
        shape = shapes.ticket_shape(self.desk, ticket, include | {"description"}) | {"attachments": []}
        if "conversations" in include:
            first = ticket.conversations[:10]
            shape["conversations"] = [shapes.conversation_shape(self.desk, one) for one in first]
        return Answer(200, shape)

    def _list_conversations(self, call: Call) -> Answer:
        conversations = self._ticket(call).conversations
        return self._page(call, conversations, lambda one: shapes.conversation_shape(self.desk, one))

    def _search(self, call: Call) -> Answer:
        query = call.first("query")
        if len(query) < 2 or query[0] != '"' or query[-1] != '"' or len(query) > 514:
            raise invalid("query", "The query should be inside double quotes and at most 512 characters")
        number = self._natural(call, "page", 1)
        if number > 10:
            raise invalid("page", "It should be a Positive Integer less than or equal to 10")
        try:
            found = search(self.desk, query[1:-1])
        except QueryError as error:
            raise invalid("query", f"The query is invalid near '{error}'") from None
        part = found[(number - 1) * 30 : number * 30]
        shaped = [shapes.ticket_shape(self.desk, one, {"description"}) for one in part]
        return Answer(200, {"total": len(found), "results": shaped})

    def _one(self, call: Call, things: dict[int, _Thing], shape: Callable[[_Thing], dict[str, Any]]) -> Answer:
        text = call.arguments["id"]
        if not text.isdecimal() or int(text) not in things:
            raise not_found()
        return Answer(200, shape(things[int(text)]))

    def _list_folders(self, call: Call) -> Answer:
        folders = list(self.desk.folders.values())
        return self._page(call, folders, lambda one: shapes.folder_shape(self.desk, one))

    def _get_folder(self, call: Call) -> Answer:
        answer = self._one(call, self.desk.folders, lambda one: shapes.folder_shape(self.desk, one))
        responses = [one for one in self.desk.canned.values() if one.folder_id == answer.body["id"]]
        answer.body["canned_responses"] = [{"id": one.id, "title": one.title} for one in responses]
        return answer

    def _list_responses(self, call: Call) -> Answer:
        folder = self._one(call, self.desk.folders, lambda one: {"id": one.id}).body["id"]
        responses = [one for one in self.desk.canned.values() if one.folder_id == folder]
        return self._page(call, responses, shapes.canned_shape)

    def _get_canned(self, call: Call) -> Answer:
        return self._one(call, self.desk.canned, shapes.canned_shape)

    def _list_agents(self, call: Call) -> Answer:
        email = call.first("email")
        agents = [one for one in self.desk.agents.values() if not email or one.email == email]
        return self._page(call, agents, shapes.agent_shape)

    def _get_me(self, call: Call) -> Answer:
        return Answer(200, shapes.agent_shape(self.desk.agents[self.desk.keys[key_of(call)]]))

    def _get_agent(self, call: Call) -> Answer:
        return self._one(call, self.desk.agents, shapes.agent_shape)

    def _list_contacts(self, call: Call) -> Answer:
        email, company = call.first("email"), self._natural(call, "company_id", 0)
        contacts = [
            one
            for one in self.desk.contacts.values()
            if (not email or one.email == email) and (not company or one.company_id == company)
        ]
        return self._page(call, contacts, shapes.contact_shape)

    def _get_contact(self, call: Call) -> Answer:
        return self._one(call, self.desk.contacts, shapes.contact_shape)

    def _list_companies(self, call: Call) -> Answer:
        return self._page(call, list(self.desk.companies.values()), shapes.company_shape)

    def _get_company(self, call: Call) -> Answer:
        return self._one(call, self.desk.companies, shapes.company_shape)

    def _list_mailboxes(self, call: Call) -> Answer:
        boxes = list(self.desk.mailboxes.values())
        return self._page(
            call,
            boxes,
            lambda one: {
                "id": one.id, "name": one.name, "product_id": None, "to_email": one.address,
                "reply_email": one.address, "group_id": None, "primary_role": True, "active": True,
            },
        )  # fmt: skip

    def _list_fields(self, call: Call) -> Answer:
        choices = {str(number): [name, name] for number, name in self.desk.statuses.items()}
        field = {"id": 1, "name": "status", "label": "Status", "type": "default_status", "choices": choices}
        wanted = call.first("type")
        return Answer(200, [field] if wanted in ("", "default_status") else [])

    def _settings(self, _call: Call) -> Answer:
        return Answer(200, {"primary_language": "en", "supported_languages": [], "portal_languages": []})
