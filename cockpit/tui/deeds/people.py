"""Deeds on people: handing over, pulling somebody in, saying who answers a ticket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from cockpit.incident.brief import as_note
from cockpit.incident.facts import Status
from cockpit.incident.timeline import act_words
from cockpit.tui import moments
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.screens.handover import BriefScreen, HandoverReview
from cockpit.tui.screens.person import PickPerson
from cockpit.tui.screens.prompts import Ask, Choice, Choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.engine.directory import Colleague
    from cockpit.engine.view import View
    from cockpit.incident.facts import Record


class PeopleDeeds(Deeds):
    """Who does what."""

    # --- the hand-off --------------------------------------------------------------------------------------------

    def action_hand_over(self) -> None:
        """Hand the incident over."""
        self.do_hand_over()

    def do_hand_over(self) -> None:
        """Choose who, look at the brief, hand over."""
        self._hand_over()

    @work(group="prompt")
    async def _hand_over(self) -> None:
        from cockpit.engine.actions import Impossible
        from cockpit.engine.directory import Colleague

        if (reason := self.session.possible("handoff")) is not None:
            self.say(reason)
            return
        search = self.session.directory.search
        title = f"#{self.view.case.number} {self.view.case.title}"
        to = await self.app.push_screen_wait(PickPerson("Who takes over?", search, self._cannot_lead, about=title))
        if not isinstance(to, Colleague):
            return
        liaison, parts = None, self.session.process.words.parts
        if self.view.snapshot.tickets:
            chosen = await self.app.push_screen_wait(
                PickPerson(
                    "Who tells the communities?", search, self._cannot_answer,
                    about=f"{to.name} takes over as {parts.responder.full}.",
                    nobody=f"{parts.liaison.full}: no change",
                )
            )  # fmt: skip
            if chosen is None:
                return
            liaison = chosen if isinstance(chosen, Colleague) else None
        # What is shown is what is posted: the brief isn't written anew behind the question.
        words = as_note(self.session.brief())
        facts = [("incident", title), (parts.responder.short, _named(to))]
        facts += [(parts.liaison.short, _named(liaison))] if liaison else []
        agreed = await self.app.push_screen_wait(HandoverReview(facts, words))
        if agreed is None:
            return
        try:
            self.session.hand_over(to, liaison, agreed, words)
        except Impossible as impossible:
            self.say(str(impossible))

    def _cannot_lead(self, one: Colleague) -> str | None:
        from cockpit.engine.actions.handoff import stranger

        if one.pagerduty is None:
            return stranger(one.name)
        return self.session.possible("handoff", to=one.name, to_email=one.email or "")

    @staticmethod
    def _cannot_answer(one: Colleague) -> str | None:
        if one.freshdesk is not None:
            return None
        return f"{one.name} isn't an agent in Freshdesk, so the tickets can't be theirs: add them there first."

    # --- the brief -----------------------------------------------------------------------------------------------

    _welcomed: str | None = None

    def welcome(self, view: View) -> None:
        """Tell who has just been handed the incident that its brief is there; once, when all was read."""
        record = _last_handoff(view)
        incident = view.snapshot.pagerduty
        if record is None or record.id == self._welcomed or view.remembered_at is not None or incident is None:
            return
        self._welcomed = record.id
        if record.data.get("to") == view.me and incident.incident.status is not Status.RESOLVED:
            when = moments.stamp(record.at, view.now)
            self.notify(
                f"{record.actor} handed this to you at {when} UTC. B shows the brief.", timeout=12, markup=False
            )

    def action_brief(self) -> None:
        """The brief as it was handed over, if it was, and as of now."""
        view, parts = self.view, []
        if (record := _last_handoff(view)) is not None and view.snapshot.slack is not None:
            carried = (one for one in view.snapshot.slack.messages if one.record is not None)
            message = next((one for one in carried if one.record is not None and one.record.id == record.id), None)
            if message is not None:
                when = moments.stamp(record.at, view.now)
                words = act_words(message).strip().partition("\n")[2]
                parts = [(f"Handed over by {record.actor} to {record.data.get('to')}, {when} UTC", words)]
        parts.insert(0, ("As of now", as_note(self.session.brief())))
        number = f"#{view.case.number} " if view.case.number is not None else ""
        self.app.push_screen(BriefScreen(f"Brief · {number}{view.case.title}", parts))

    # --- pulling in ----------------------------------------------------------------------------------------------

    def action_pull_in(self) -> None:
        """Pull somebody in."""
        self.do_pull_in(None)

    def do_pull_in(self, step: str | None) -> None:
        """Search somebody by name and say what they are needed for."""
        self._pull_in(step)

    @work(group="prompt")
    async def _pull_in(self, step: str | None) -> None:
        from cockpit.engine.directory import Colleague

        if self.barred():
            return
        one = await self.app.push_screen_wait(PickPerson("Pull in", self.session.directory.search))
        if not isinstance(one, Colleague):
            return
        how = await self.app.push_screen_wait(Choose(f"Pull in {one.name}", self._ways(one), one.email or ""))
        kind, _, ticket = (how or "").partition(":")
        invite = partial(self.perform, "invite", step=step, users=[one.slack], names=[one.name])
        if kind == "invite":
            invite()
        elif kind == "ask":
            await self._ask_to_respond(one, step, lambda: None)
        elif kind == "both":
            await self._ask_to_respond(one, step, invite)
        elif kind == "lead":
            self.attempt(
                "assign", step=step, title=f"Reassign to {one.name}?", yes="Reassign",
                facts=[f"#{self.view.case.number} {self.view.case.title}", "PagerDuty notifies them. For a hand-off "
                       "with its brief, press H instead."],
                user=one.pagerduty, name=one.name,
            )  # fmt: skip
        elif kind == "ticket":
            self._hand_ticket(int(ticket), one, step)

    def _ways(self, one: Colleague) -> list[Choice]:
        """What somebody can be pulled in for, each with the reason where it can't be."""
        possible, leader = self.session.possible, self.session.process.words.parts.responder.full
        stranger = f"{one.name} isn't in"
        ask = possible("request_responders", users=[one.pagerduty]) if one.pagerduty else f"{stranger} PagerDuty"
        invite = possible("invite", users=[one.slack]) if one.slack else f"{stranger} Slack"
        lead = possible("assign", user=one.pagerduty, name=one.name) if one.pagerduty else f"{stranger} PagerDuty"
        ways = [
            Choice("both", "Ask them in PagerDuty, and invite them", "it notifies them", reason=ask or invite),
            Choice("ask", "Ask them in PagerDuty only", "it notifies them", reason=ask),
            Choice("invite", "Invite them into the channel only", reason=invite),
            Choice("lead", f"Make them {leader}", "PagerDuty's assignee", reason=lead),
        ]
        for facts in self.view.snapshot.tickets:
            ticket = facts.ticket
            hand = possible("assign_ticket", ticket=ticket.id, agent=one.freshdesk, name=one.name)
            words = f"Hand them ticket {ticket.id}"
            ways.append(Choice(f"ticket:{ticket.id}", words, ticket.company or "", reason=hand))
        # What can be done stands first: the cursor begins there.
        return sorted(ways, key=lambda way: way.reason is not None)

    async def _ask_to_respond(self, one: Colleague, step: str | None, after: Callable[[], object]) -> None:
        what = f"#{self.view.case.number} {self.view.case.title}"
        message = await self.app.push_screen_wait(
            Ask(f"Ask {one.name} to respond", "PagerDuty notifies them with these words, whatever the hour.",
                value=f"Please help with {what}", placeholder="what you need them for")
        )  # fmt: skip
        if message:
            self.attempt(
                "request_responders", step=step, title=f"Ask {one.name} to respond?", facts=[what, message], yes="Ask",
                users=[one.pagerduty], names=[one.name], message=message, after=after,
            )  # fmt: skip

    # --- tickets -------------------------------------------------------------------------------------------------

    def action_assign_ticket(self) -> None:
        """Say who answers the pane's ticket."""
        self.do_assign_ticket(None)

    def do_assign_ticket(self, step: str | None) -> None:
        """Choose an agent for the ticket in the reply pane."""
        self._assign_ticket(step)

    @work(group="prompt")
    async def _assign_ticket(self, step: str | None) -> None:
        from cockpit.engine.directory import Colleague

        if (facts := self.reply.facts) is None:
            self.say("No ticket is linked.")
            return
        ticket = facts.ticket
        if (reason := self.session.possible("assign_ticket", ticket=ticket.id)) is not None:
            self.say(reason)
            return
        one = await self.app.push_screen_wait(
            PickPerson(f"Who answers ticket {ticket.id}?", self.session.directory.search, self._cannot_answer,
                       about=ticket.subject)
        )  # fmt: skip
        if isinstance(one, Colleague):
            self._hand_ticket(ticket.id, one, step)

    def _hand_ticket(self, number: int, one: Colleague, step: str | None) -> None:
        facts = self.view.snapshot.ticket(number)
        subject = f"Ticket {number}: {facts.ticket.subject}" if facts else f"Ticket {number}"
        now = facts.ticket.agent.name if facts and facts.ticket.agent else "nobody"
        self.attempt(
            "assign_ticket", step=step, title=f"Hand it to {one.name}?", yes="Hand over",
            facts=[subject, f"It is {now}'s now." if now != "nobody" else "Nobody has it yet."],
            ticket=number, agent=one.freshdesk, name=one.name,
        )  # fmt: skip


def _last_handoff(view: View) -> Record | None:
    return next((one for one in reversed(view.snapshot.records) if one.kind == "handoff"), None)


def _named(one: Colleague) -> str:
    return f"{one.name} <{one.email}>" if one.email else one.name
