"""Deeds on the incident and its channel: acknowledge, promote, declare, resolve, reopen; notes; lifting threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work

from cockpit.engine.threads import lift_data
from cockpit.incident.facts import Status
from cockpit.tui.deeds.base import Deeds
from cockpit.tui.panes.channel import ChannelPane, unlifted
from cockpit.tui.screens.declare import DeclareForm
from cockpit.tui.screens.prompts import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.incident.facts import Message


class IncidentDeeds(Deeds):
    """What is done in PagerDuty and in the channel."""

    def action_acknowledge(self) -> None:
        """Acknowledge the incident; reversible, so it asks nothing."""
        self.attempt("acknowledge", step=self.step_of("acknowledge"))

    def action_promote(self) -> None:
        """Make it an incident of the process."""
        self.do_promote(self.step_of("set_priority"))

    def do_promote(self, step: str | None) -> None:
        """Set the process's priority."""
        self.attempt("set_priority", step=step, priority=self.session.process.words.priority)

    def action_open_channel(self) -> None:
        """Create or adopt the channel."""
        self.attempt("open_channel", step=self.step_of("open_channel"))

    def action_resolve(self) -> None:
        """Resolve the incident, after a look at what that means."""
        self.do_resolve(self.step_of("resolve_incident"))

    def do_resolve(self, step: str | None, why: str = "") -> None:
        """Resolve; what it is about is bound now."""
        facts = [why] if why else []
        facts += [f"#{self.view.case.number} {self.view.case.title}", "will be resolved in PagerDuty."]
        still_open = [ticket.id for ticket in self.tickets_by_end()[0]]
        if still_open and not why:
            facts.append(f"Tickets that stay open: {', '.join(map(str, still_open))}.")
        resolution = "False alarm." if why else None
        self.attempt(
            "resolve_incident",
            step=step,
            title="Resolve the incident?",
            facts=facts,
            yes="Resolve",
            resolution=resolution,
        )

    def action_reopen(self) -> None:
        """Reopen the incident and its resolved tickets."""
        self.do_reopen()

    def do_reopen(self) -> None:
        """Reopen both with one answer."""
        tickets = [ticket.id for ticket in self.tickets_by_end()[1]]
        incident = self.view.snapshot.pagerduty
        resolved = incident is not None and incident.incident.status is Status.RESOLVED
        if not resolved and not tickets:
            self.say("Nothing is resolved: there is nothing to reopen.")
            return
        facts = []
        if resolved:
            title = f"#{self.view.case.number} {self.view.case.title}"
            facts += [title, "will be triggered again in PagerDuty, which pages."]
        if tickets:
            facts.append(f"Tickets that are opened again: {', '.join(map(str, tickets))}.")

        def reopen_tickets(numbers: Sequence[int]) -> None:
            for ticket in numbers:
                self.perform("reopen_ticket", ticket=ticket)

        if resolved:
            self.attempt(
                "reopen_incident", title="Reopen?", facts=facts, yes="Reopen", after=lambda: reopen_tickets(tickets)
            )
        else:
            self.attempt(
                "reopen_ticket", title="Reopen?", facts=facts, yes="Reopen", ticket=tickets[0],
                after=lambda: reopen_tickets(tickets[1:]),
            )  # fmt: skip

    def action_declare(self) -> None:
        """Create the incident."""
        self.do_declare()

    def do_declare(self) -> None:
        """The form, and then the action with what was filled in."""
        self._declare()

    @work(group="prompt")
    async def _declare(self) -> None:
        if (reason := self.session.possible("declare")) is not None:
            self.say(reason)
            return
        tickets = tuple(facts.ticket for facts in self.view.snapshot.tickets)
        form = DeclareForm(self.desk.pd_services, self.session.process, self.view.case.title, tickets)
        data = await self.app.push_screen_wait(form)
        if data is not None:
            self.perform("declare", step=self.step_of("declare") or self.step_of("set_priority"), **data)

    @work(group="prompt")
    async def action_incident_note(self) -> None:
        """A note on the PagerDuty incident; its draft survives."""
        if (reason := self.session.possible("incident_note")) is not None:
            self.say(reason)
            return
        draft = self.session.drafts.of("incident_note")
        text = await self.app.push_screen_wait(
            Ask("Note on the PagerDuty incident", f"#{self.view.case.number} {self.view.case.title}",
                placeholder="what was seen or done", value=draft.text if draft else "",
                typed=lambda text: self.keep("incident_note", text))
        )  # fmt: skip
        if text and self.perform("incident_note", text=text) is not None:
            self.forget("incident_note")

    # --- the channel ---------------------------------------------------------------------------------------------

    def action_note(self) -> None:
        """Write in the channel."""
        self.do_note()

    def do_note(self) -> None:
        """Go to the channel's line."""
        self.go_to(self.channel)
        if not self.barred():
            self.channel.input.focus()

    @on(ChannelPane.Typed)
    def _note_typed(self, event: ChannelPane.Typed) -> None:
        if event.text:
            self.keep("channel", event.text)
        else:
            self.forget("channel")

    @on(ChannelPane.Written)
    def _note_written(self, event: ChannelPane.Written) -> None:
        # The journal has it when this returns: only then may the line be emptied.
        if self.perform("note", text=event.text) is not None:
            self.channel.begin("")
            self.forget("channel")
            self.channel.listing.action_last()

    def action_lift(self) -> None:
        """Lift the thread under the cursor, or where there is none, all of them."""
        message = self.channel.selected if self.current is self.channel else None
        thread = message.ts if message is not None and message.ts in unlifted(self.view.snapshot) else None
        self.do_lift(thread, self.step_of("lift"))

    def do_lift(self, thread: str | None, step: str | None) -> None:
        """Re-post the replies of one thread or of all, oldest first."""
        threads = unlifted(self.view.snapshot)
        replies: list[Message] = [reply for ts, found in threads.items() if thread in {None, ts} for reply in found]
        if not replies:
            self.say("There is no thread to lift.")
            return
        for reply in sorted(replies, key=lambda reply: reply.ts):
            self.perform("lift", step=step, **lift_data(reply, self.session.now()))

    def action_lift_all(self) -> None:
        """Lift what is in any thread, wherever the cursor is."""
        from cockpit.engine.actions import Impossible

        try:
            lifted = len(self.session.lift_all(self.step_of("lift")))
        except Impossible as impossible:
            self.say(str(impossible))
            return
        if not lifted:
            self.say("There is no thread to lift.")
        else:
            self.say(f"Lifting {lifted} {'reply' if lifted == 1 else 'replies'}, oldest first.")
