"""Deeds on the tickets: going through them, linking, unlinking, resolving; writing to a community first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import work

from cockpit.incident.guards import in_private_note
from cockpit.incident.outbound import letter
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.screens.letter import Draft, FirstLetter
from cockpit.tui.screens.link import LinkTicket
from cockpit.tui.screens.private_note import PrivateNote
from cockpit.tui.screens.prompts import Choice, Choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cockpit.incident.communities import Community
    from cockpit.incident.facts import Person
    from cockpit.incident.guards import Finding


class TicketDeeds(Deeds):
    """What is done with tickets."""

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
        chosen = await self.app.push_screen_wait(LinkTicket(self.desk.offer, self.session.outreach.check, linked))
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

    @work(group="prompt")
    async def action_private_note(self) -> None:
        """Write a note on the pane's ticket that only colleagues read."""
        if self.barred():
            return
        if (facts := self.reply.facts) is None:
            self.say("No ticket is linked to note anything on: l links one.")
            return
        # Bound here: what changes behind the screen can't change where the note goes.
        ticket = facts.ticket
        key = f"ticket note:{ticket.id}"
        draft = self.session.drafts.of(key)

        def found(text: str) -> tuple[Finding, ...]:
            return self.with_obstacle("ticket_note", in_private_note(text), ticket=ticket.id, body=text)

        written = await self.app.push_screen_wait(
            PrivateNote(
                ticket,
                draft.text if draft is not None else "",
                typed=lambda text: self.keep(key, text),
                findings=found,
                hold=self.session.settings.review_hold,
            )
        )
        if written is not None:
            text, passed = written
            self.perform("ticket_note", ticket=ticket.id, body=text, despite=passed)

    # --- writing first -------------------------------------------------------------------------------------------

    def action_write_first(self) -> None:
        """Write to a community that hasn't written."""
        self._write_first()

    @work(group="prompt")
    async def _write_first(self) -> None:
        from cockpit.services.errors import ServiceError

        if (reason := self.session.possible("open_ticket")) is not None:
            self.say(reason)
            return
        self.notify("Asking whom the alerts concern…", timeout=2)
        try:
            communities = await self.session.outreach.communities()
        except ServiceError as error:
            self.say(f"Freshdesk can't be asked whom the alerts concern. {error}")
            return
        if not communities:
            self.say("No alert names a cluster or hub, so it isn't known whom this concerns. l links a ticket.")
            return
        found = [(community, person) for community in communities for person in community.representatives]
        if not found:
            self.notify("\n".join(community.words for community in communities), timeout=15, markup=False)
            return
        choices = [
            Choice(str(index), f"{person.name}, {community.company or community.place}", str(community.place))
            for index, (community, person) in enumerate(found)
        ]
        missing = "\n".join(community.words for community in communities if not community.representatives)
        about = "\n".join(part for part in (f"Found {found[0][0].words}.", missing) if part)
        chosen = await self.app.push_screen_wait(Choose("Write to", choices, about))
        if chosen is None:
            return
        community, person = found[int(chosen)]
        place = str(community.place)
        key = f"letter:{place}"
        to = {"email": person.email or "", "name": person.name, "about": place, "company": community.company}
        screen = FirstLetter(
            person,
            community.company or place,
            self._begun(key, community, person),
            typed=lambda draft: self.keep(key, draft.body, subject=draft.subject, to=person.email, cc=list(draft.cc)),
            possible=lambda draft: self.session.possible("open_ticket", **to, **_written(draft)),
            findings=lambda draft: self._found_in(to | _written(draft)),
            hold=self.session.settings.review_hold,
        )
        written = await self.app.push_screen_wait(screen)
        if written is not None:
            step = self.step_of("reply:first_response")
            self.perform("open_ticket", step=step, **to, **_written(written), despite=screen.passed)

    def _begun(self, key: str, community: Community, person: Person) -> Draft:
        """The letter to go on with, or to start from; the next representative gets a copy."""
        draft = self.session.drafts.of(key)
        subject, body = letter(self.view.snapshot, self.view.assessment, community, person, self.session.now())
        others = [one.email for one in community.representatives if one.email and one.email != person.email]
        cc = tuple(others[:1])
        if draft is None or draft.data.get("to") != person.email:
            return Draft(subject, cc, body)
        return Draft(str(draft.data.get("subject", subject)), tuple(draft.data.get("cc", cc)), draft.text)

    def _found_in(self, data: Mapping[str, Any]) -> tuple[Finding, ...]:
        """What oughtn't to be in a first letter, and what else is in its way."""
        from cockpit.engine.actions.outbound import in_letter

        return self.with_obstacle("open_ticket", in_letter(self.view, data), **data)


def _written(draft: Draft) -> dict[str, Any]:
    """The letter as the action takes it."""
    return {"cc": list(draft.cc), "subject": draft.subject, "body": draft.body}
