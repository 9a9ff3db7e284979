"""Deeds on the tickets and the reply: composing, templates, the editor, the review, linking."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import SuspendNotSupported

from cockpit.engine.view import Delivery, DeliveryState, Part
from cockpit.incident.facts import Status
from cockpit.incident.replies import Purpose, compose, problems, starting_fields, template
from cockpit.tui import moments
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.panes.reply import PURPOSES, ReplyPane
from cockpit.tui.screens.link import LinkTicket
from cockpit.tui.screens.prompts import Choice, Choose
from cockpit.tui.screens.review import Letter, Review

if TYPE_CHECKING:
    from cockpit.engine.view import View
    from cockpit.incident.facts import TicketFacts


class ReplyDeeds(Deeds):
    """What is done with tickets."""

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
        if purpose is not None and (due := self._most_urgent()) is not None and not self.reply.text.strip():
            self.reply.open_ticket(due)
        facts = self.reply.facts
        if facts is None:
            self.go_to(self.reply)
            self.say("No ticket is linked to write to: l links one.")
            return
        if not self.reply.text.strip():
            self._begin(facts, purpose or self.purpose_for(facts))
        elif purpose is not None and purpose is not self.reply.purpose:
            self.say(f"The draft that is there is a {PURPOSES[self.reply.purpose]}; ctrl+t begins another.")
        self.go_to(self.reply)
        self.reply.composer.focus()

    def _most_urgent(self) -> int | None:
        return next((due.ticket for due in self.view.assessment.deadlines if due.ticket is not None), None)

    def _begin(self, facts: TicketFacts, purpose: Purpose) -> None:
        now = self.session.now()
        fields = starting_fields(self.view.snapshot, self.view.assessment, facts.ticket.id, now)
        text = compose(template(purpose), fields)
        self.reply.begin(text, purpose)
        if text:
            self._save(facts.ticket.id, text, purpose)
            self.reply.composer.next_blank()

    @work(group="prompt")
    async def action_template(self) -> None:
        """Begin from another text; what is written is replaced, and ctrl+z in the text brings it back."""
        facts = self.reply.facts
        if facts is None:
            self.say("No ticket is linked to write to: l links one.")
            return
        expected = self.purpose_for(facts)
        choices = [
            Choice(purpose.value, words.capitalize(), "fits where the incident stands" if purpose is expected else "")
            for purpose, words in PURPOSES.items()
        ]
        chosen = await self.app.push_screen_wait(Choose("Begin from", choices, f"to {facts.ticket.requester.name}"))
        if chosen is not None:
            self.reply.open_ticket(facts.ticket.id)
            self._begin(facts, Purpose(chosen))
            self.go_to(self.reply)
            self.reply.composer.focus()

    @on(ReplyPane.Typed)
    def _reply_typed(self, event: ReplyPane.Typed) -> None:
        self._save(event.ticket, event.text, event.purpose)

    def _save(self, ticket: int, text: str, purpose: Purpose) -> None:
        saved = self.session.save_draft(f"reply:{ticket}", text, purpose=purpose.value)
        if ticket == self.reply.ticket:
            self.reply.saved(saved)

    @on(ReplyPane.Opened)
    def _reply_opened(self, event: ReplyPane.Opened) -> None:
        draft = self.session.draft(f"reply:{event.ticket}")
        if draft is not None and event.ticket == self.reply.ticket:
            purpose = Purpose(draft.data.get("purpose", Purpose.PLAIN.value))
            self.reply.begin(draft.text, purpose, draft.saved_at)

    # --- review and after ------------------------------------------------------------------------------------

    def action_review(self) -> None:
        """Show what would go to whom; from there it is sent."""
        facts = self.reply.facts
        if facts is None:
            self.say("No ticket is linked to write to: l links one.")
            return
        if (reason := self._in_the_way(facts.ticket.id)) is not None:
            self.say(reason)
            return
        text = self.reply.text
        # Everything that will be sent is bound here: what changes behind the review can't change the letter.
        letter = Letter(
            ticket=facts.ticket,
            purpose=self.reply.purpose,
            text=text,
            seen=max((piece.id for piece in facts.conversations), default=0),
            problems=self._problems(text, facts),
        )

        def decided(send: bool | None) -> None:
            if send:
                self._send(letter)

        self.app.push_screen(Review(letter, self.session.settings.review_hold), decided)

    def _problems(self, text: str, facts: TicketFacts) -> tuple[str, ...]:
        found = problems(text)
        if not found and (reason := self.session.possible("reply", ticket=facts.ticket.id, body=text)) is not None:
            return (reason,)
        return found

    def _send(self, letter: Letter) -> None:
        ticket = letter.ticket
        sent = self.perform(
            "reply",
            ticket=ticket.id,
            purpose=letter.purpose.value,
            body=letter.text,
            to=ticket.requester.name,
            requester_id=ticket.requester.id,
            seen=letter.seen,
        )
        if sent is not None:
            # The new letter takes the place of one that was held back or refused.
            for delivery in self._deliveries(self.view, ticket.id):
                if delivery.state is DeliveryState.REFUSED and delivery.action_id != sent:
                    self.session.drop(delivery.seq)

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
            if self.session.draft(f"reply:{ticket}") is None:
                self.reply.arrived(f"✓ sent {moments.clock(view.now)}")
            else:
                self.reply.follow(None, "")

    # --- the text and the tickets --------------------------------------------------------------------------------

    def action_edit_elsewhere(self) -> None:
        """Hand the text to the editor, and take back what it leaves."""
        facts = self.reply.facts
        if facts is None:
            return
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not editor:
            self.say("Neither $VISUAL nor $EDITOR is set.")
            return
        with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:
            path = Path(folder) / f"ticket-{facts.ticket.id}.md"
            path.write_text(self.reply.text, encoding="utf-8")
            try:
                with self.app.suspend():
                    subprocess.run([*shlex.split(editor), str(path)], check=True)
            except SuspendNotSupported:
                self.say("This terminal can't be lent to an editor.")
                return
            except (OSError, subprocess.CalledProcessError) as error:
                self.say(f"{editor}: {error}. The text is as it was.")
                return
            text = path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
        self.reply.begin(text, self.reply.purpose)
        self._save(facts.ticket.id, text, self.reply.purpose)

    def action_next_ticket(self) -> None:
        """The next ticket."""
        self.reply.step_ticket(1)

    def action_previous_ticket(self) -> None:
        """The previous ticket."""
        self.reply.step_ticket(-1)

    def action_link_ticket(self) -> None:
        """Link a ticket."""
        self.do_link()

    def do_link(self) -> None:
        """Choose among the recent tickets, or type a number."""
        self._link_ticket()

    @work(group="prompt")
    async def _link_ticket(self) -> None:
        if (reason := self.session.possible("link_ticket")) is not None:
            self.say(reason)
            return
        linked = frozenset(facts.ticket.id for facts in self.view.snapshot.tickets)
        chosen = await self.app.push_screen_wait(LinkTicket(self.desk.offer, linked))
        if chosen is not None:
            ticket, subject = chosen
            self.perform("link_ticket", step=self.step_of("link_ticket"), ticket=ticket, subject=subject)

    def action_unlink_ticket(self) -> None:
        """Take the pane's ticket off the incident."""
        if (facts := self.reply.facts) is None:
            self.say("No ticket is linked.")
            return
        self.attempt(
            "unlink_ticket", title="Unlink the ticket?", yes="Unlink", ticket=facts.ticket.id,
            facts=[f"Ticket {facts.ticket.id}: {facts.ticket.subject}", "It stays as it is in Freshdesk."],
        )  # fmt: skip

    def action_resolve_ticket(self) -> None:
        """Resolve the pane's ticket."""
        self.do_resolve_ticket(self.reply.ticket, self.step_of("resolve_ticket"))

    def do_resolve_ticket(self, ticket: int | None, step: str | None) -> None:
        """Set a ticket, or the first that is still open, to Resolved."""
        target = next((t for t in self.tickets_by_end()[0] if ticket in {None, t.id}), None)
        if target is None:
            self.say("No linked ticket is open." if self.view.snapshot.tickets else "No ticket is linked.")
            return
        who = target.requester.name + (f", {target.company}" if target.company else "")
        facts = [f"Ticket {target.id}: {target.subject}", f"{who} gets the satisfaction survey."]
        self.attempt(
            "resolve_ticket", step=step, title="Resolve the ticket?", facts=facts, yes="Resolve it", ticket=target.id
        )
