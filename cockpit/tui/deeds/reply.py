"""Deeds on the reply: composing, templates, the review, what becomes of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from textual import work

from cockpit.engine.journal_file import NotSaved
from cockpit.engine.view import Delivery, DeliveryState, Part
from cockpit.incident import canned
from cockpit.incident.facts import Status
from cockpit.incident.guards import in_reply
from cockpit.incident.replies import Purpose, compose, readdressed, starting_fields, template
from cockpit.tui import moments
from cockpit.tui.deeds.draft import DraftDeeds
from cockpit.tui.panes.bound import UNDER_WAY, Bound, overtaken
from cockpit.tui.panes.reply_foot import PURPOSES
from cockpit.tui.screens.prompts import Choice, Choose
from cockpit.tui.screens.review import Letter, Review

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cockpit.engine.view import View
    from cockpit.incident.facts import Ticket, TicketFacts


CANNED = "canned:"
"""How the id of a choice begins that is one of Freshdesk's canned responses."""


class ReplyDeeds(DraftDeeds):
    """Writing to the communities."""

    def purpose_for(self, facts: TicketFacts) -> Purpose:
        """What a reply to this ticket would be for, by where the incident stands."""
        incident = self.view.snapshot.pagerduty
        began = self.view.assessment.official_start.at
        replies = [piece for piece in facts.conversations if piece.public_reply]
        if incident is not None:
            replies = [piece for piece in replies if piece.at >= incident.incident.created_at]
            if incident.incident.status is Status.RESOLVED:
                return Purpose.RESOLUTION
        elif self.view.assessment.verdict == "asked_for_more":
            return Purpose.NEED_MORE
        return Purpose.UPDATE if replies or began is not None else Purpose.FIRST_RESPONSE

    def action_compose(self) -> None:
        """Write to the community."""
        self.do_reply(None)

    def do_reply(self, purpose: Purpose | None) -> None:
        """Go to the text; a new one begins from the template for `purpose`, or for where the incident stands."""
        if self.barred():
            self.go_to(self.reply)
            return
        if purpose is not None and (due := self._most_urgent()) is not None and not self.reply.text.strip():
            self.reply.open_ticket(due)
        facts = self.reply.facts
        if facts is None:
            self.go_to(self.reply)
            self.say("No ticket is linked to write to: l links one.")
            return
        if purpose in UNDER_WAY and self.purpose_for(facts) is Purpose.RESOLUTION:
            purpose = Purpose.RESOLUTION  # it is over: nobody should read that we begin to look into it
        if not self.reply.text.strip():
            self._begin(facts, purpose or self.purpose_for(facts))
        elif purpose is not None and purpose is not self.reply.purpose:
            self.say(f"The draft that is there is a {PURPOSES[self.reply.purpose]}; ctrl+t begins another.")
        self.go_to(self.reply)
        self.reply.composer.focus()

    def _most_urgent(self) -> int | None:
        return next((due.ticket for due in self.view.assessment.deadlines if due.ticket is not None), None)

    def _begin(self, facts: TicketFacts, purpose: Purpose) -> None:
        self._start(facts, compose(template(purpose), self._fields(facts)), purpose)

    def _fields(self, facts: TicketFacts) -> Mapping[str, str]:
        return starting_fields(self.view.snapshot, self.view.assessment, facts.ticket.id, self.session.now())

    def _start(self, facts: TicketFacts, text: str, purpose: Purpose) -> None:
        self.reply.begin(text, purpose)
        if text:
            self._save(facts.ticket.id, text, purpose, self.reply.bound)
            self.reply.composer.next_blank()

    @work(group="prompt")
    async def action_template(self) -> None:
        """Begin from another text; what is written is replaced, and ctrl+z in the text brings it back."""
        if self.barred():
            return
        facts = self.reply.facts
        if facts is None:
            self.say("No ticket is linked to write to: l links one.")
            return
        expected = self.purpose_for(facts)
        choices = [
            Choice(purpose.value, words.capitalize(), "fits where the incident stands" if purpose is expected else "")
            for purpose, words in PURPOSES.items()
        ]
        about = f"to {facts.ticket.requester.name}"
        chosen = await self.app.push_screen_wait(Choose("Begin from", choices, about, more=self._canned))
        if chosen is None:
            return
        if chosen.startswith(CANNED):
            await self._begin_canned(facts, int(chosen.removeprefix(CANNED)))
        else:
            self._show_begun(facts, lambda: self._begin(facts, Purpose(chosen)))

    async def _canned(self) -> list[Choice]:
        """Freshdesk's prepared answers, as choices."""
        from cockpit.services.errors import ServiceError

        try:
            responses = await self.session.outreach.canned_responses()
        except ServiceError as error:
            return [Choice(CANNED, "Freshdesk's canned responses", reason=str(error))]
        return [Choice(f"{CANNED}{one.id}", one.title, f"Freshdesk, {one.folder}") for one in responses]

    async def _begin_canned(self, facts: TicketFacts, response_id: int) -> None:
        """Begin from a prepared answer as it is in Freshdesk now."""
        from cockpit.services.errors import ServiceError

        try:
            response = await self.session.outreach.canned_response(response_id)
        except ServiceError as error:
            self.say(f"The canned response can't be read. {error}")
            return
        if response is None:
            self.say("That canned response is gone: it was deleted in Freshdesk. ctrl+t shows those that are there.")
            return
        text = canned.fill(response.html, facts.ticket, self._fields(facts))
        purpose = canned.purpose_of(response.title) or self.purpose_for(facts)
        self._show_begun(facts, lambda: self._start(facts, text, purpose))

    def _show_begun(self, facts: TicketFacts, begin: Callable[[], None]) -> None:
        self.reply.open_ticket(facts.ticket.id)
        begin()
        self.go_to(self.reply)
        self.reply.composer.focus()

    # --- review and after ------------------------------------------------------------------------------------

    def action_review(self) -> None:
        """Show what would go to whom; from there it is sent."""
        if self.barred():
            return
        facts = self.reply.facts
        if facts is None:
            gone = f"Ticket {self.reply.ticket} is no longer linked" if self.reply.ticket else "No ticket is linked"
            self.say(f"{gone} to write to: l links one.")
            return
        if (reason := self._in_the_way(facts.ticket.id)) is not None:
            self.say(reason)
            return
        bound = self.reply.bound or Bound.to(facts)
        self._review(facts, self.reply.text, self.reply.purpose, bound, self._writable(facts.ticket.id))

    def _writable(self, but: int) -> tuple[Ticket, ...]:
        """The other tickets that are open and to which nothing is on its way."""
        return tuple(one for one in self.tickets_by_end()[0] if one.id != but and self._in_the_way(one.id) is None)

    def _review(
        self, facts: TicketFacts, text: str, purpose: Purpose, bound: Bound, others: tuple[Ticket, ...] = ()
    ) -> None:
        # Everything that will be sent is bound here: what changes behind the review can't change the letter.
        ticket = facts.ticket
        letter = self._letter(facts, text, purpose, bound, others)
        seen = Bound.to(facts).seen

        def decided(then: tuple[int, ...] | None) -> None:
            if then is not None and self._send(letter, ticket, seen):
                self.go_to(self.reply)  # out of the text: the next key would begin another letter in it
                self._review_next(ticket, text, purpose, then)

        self.app.push_screen(Review(letter, self.session.settings.review_hold), decided)

    def _review_next(self, sent: Ticket, text: str, purpose: Purpose, tickets: tuple[int, ...]) -> None:
        """Review the same letter to each of the tickets in turn; leaving one out goes on to the next."""
        if not tickets:
            return
        facts, rest = self.view.snapshot.ticket(tickets[0]), tickets[1:]
        if facts is None:
            self.say(f"Ticket {tickets[0]} is no longer linked.")
            self._review_next(sent, text, purpose, rest)
            return
        ticket = facts.ticket
        theirs = readdressed(text, sent.requester.name, ticket.requester.name)
        seen = Bound.to(facts).seen
        letter = self._letter(facts, theirs, purpose, Bound.to(facts))

        def decided(then: tuple[int, ...] | None) -> None:
            if then is not None:
                self._send(letter, ticket, seen)
            self._review_next(sent, text, purpose, rest)

        self.app.push_screen(Review(letter, self.session.settings.review_hold), decided)

    def _letter(
        self, facts: TicketFacts, text: str, purpose: Purpose, bound: Bound, others: tuple[Ticket, ...] = ()
    ) -> Letter:
        """The letter as it is reviewed: what was found in it, and what was said since its text was begun."""
        ticket = facts.ticket
        snapshot = self.view.snapshot
        found = (*bound.findings(facts), *overtaken(purpose, snapshot))
        found += in_reply(text, ticket.id, snapshot, self.view.guard)
        found = self.with_obstacle("reply", found, ticket=ticket.id, body=text)
        return Letter(
            to=ticket.requester, community=ticket.company, ticket=f"{ticket.id}  {ticket.subject}", purpose=purpose,
            text=text, findings=found, news=bound.news(facts), others=others,
        )  # fmt: skip

    def _send(self, letter: Letter, ticket: Ticket, seen: int) -> bool:
        sent = self.perform(
            "reply",
            ticket=ticket.id,
            purpose=letter.purpose.value,
            body=letter.text,
            to=ticket.requester.name,
            requester_id=ticket.requester.id,
            seen=seen,
            company=ticket.company,
            despite=letter.passed,
        )
        if sent is not None:
            # The new letter takes the place of one that was held back or refused.
            for delivery in self._deliveries(self.view, ticket.id):
                if delivery.state is DeliveryState.REFUSED and delivery.action_id != sent:
                    with suppress(NotSaved):
                        self.session.decisions.drop(delivery.seq)
        return sent is not None

    @staticmethod
    def _deliveries(view: View, ticket: int) -> list[Delivery]:
        """The replies to a ticket that haven't ended well, the newest last."""
        return [
            delivery
            for delivery in view.outbox.deliveries
            if delivery.kind == "reply" and delivery.part is Part.EFFECT and delivery.data.get("ticket") == ticket
        ]

    def _in_the_way(self, ticket: int) -> str | None:
        """Why another reply to a ticket has to wait."""
        states = {delivery.state for delivery in self._deliveries(self.view, ticket)}
        if DeliveryState.UNKNOWN in states:
            return "It isn't known whether the last reply to this ticket arrived: O shows it and asks."
        if states & {DeliveryState.QUEUED, DeliveryState.SENDING}:
            return "A reply to this ticket is on its way; O shows it."
        return None

    def follow_reply(self, view: View) -> None:
        """Say under the text what becomes of the reply; empty it when the session knows that it has arrived."""
        ticket = self.reply.ticket
        if ticket is None:
            return
        if deliveries := self._deliveries(view, ticket):
            delivery = deliveries[-1]
            words, ink = {
                DeliveryState.QUEUED: ("queued", "dim"),
                DeliveryState.SENDING: ("sending…", "dim"),
                DeliveryState.REFUSED: ("held back" if delivery.held else "refused", "alarm"),
                DeliveryState.UNKNOWN: ("it isn't known whether it arrived", "alarm"),
            }.get(delivery.state, ("", "dim"))
            self.reply.follow(delivery.action_id, delivery.error or words, ink)
        elif self.reply.following is not None:
            # It has left the outbox. The session drops its draft once it is known to have arrived.
            if self.session.drafts.of(f"reply:{ticket}") is None:
                self.reply.arrived(f"✓ sent {moments.clock(view.now)}")
            else:
                self.reply.follow(None, "")
