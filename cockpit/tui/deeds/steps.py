"""Deeds on the checklist: doing a step, attesting it, setting it aside, looking at its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from cockpit.incident.checklist import State, StepState, evidence_at
from cockpit.incident.facts import LABELS
from cockpit.incident.replies import Purpose
from cockpit.tui import moments, signs
from cockpit.tui.deeds.clocks import ClockDeeds
from cockpit.tui.deeds.incident import IncidentDeeds
from cockpit.tui.deeds.look import LookDeeds
from cockpit.tui.deeds.people import PeopleDeeds
from cockpit.tui.deeds.reply import ReplyDeeds
from cockpit.tui.deeds.report import ReportDeeds
from cockpit.tui.deeds.tickets import TicketDeeds
from cockpit.tui.screens.detail import Detail
from cockpit.tui.screens.prompts import Ask, Choice, Choose

if TYPE_CHECKING:
    from collections.abc import Callable

ASIDE = (
    Choice("override", "Override it", "it counts as settled although nothing proves it"),
    Choice("not_applicable", "Does not apply", "to this incident"),
    Choice("defer", "Put it off", "it comes later"),
)


class StepDeeds(IncidentDeeds, ReplyDeeds, TicketDeeds, PeopleDeeds, ClockDeeds, ReportDeeds, LookDeeds):
    """Do, attest, set aside, retract, evidence."""

    def action_do(self) -> None:
        """What the selected step asks for; or, in another pane, what enter means there."""
        if self.current is self.channel:
            self.do_note()
        elif self.current is self.reply:
            self.do_reply(None)
        elif self.current is self.pagerduty:
            self.action_evidence()
        elif not self.process.fold() and (state := self.process.selected) is not None:
            self.do_step(state)

    def do_step(self, state: StepState) -> None:
        """The step's own action."""
        step = state.step
        name, _, detail = (step.action or "attest").partition(":")
        deeds: dict[str, Callable[[], None]] = {
            "acknowledge": lambda: self.attempt("acknowledge", step=step.id),
            "set_priority": lambda: self.do_promote(step.id),
            "declare": self.do_declare,
            "open_channel": lambda: self.attempt("open_channel", step=step.id),
            "note": self.do_note,
            "link_ticket": self.do_link,
            "lift": lambda: self.do_lift(None, step.id),
            "resolve_incident": lambda: self.do_resolve(step.id),
            "resolve_ticket": lambda: self.do_resolve_ticket(None, step.id),
            "reopen": self.do_reopen,
            "handoff": self.do_hand_over,
            "people": lambda: self.do_pull_in(step.id),
            "assign_ticket": lambda: self.do_assign_ticket(step.id),
            "verdict": lambda: self._verdict(state),
            "false_alarm": lambda: self._false_alarm(step.id),
            "reply": lambda: self.do_reply(Purpose(detail)),
            "report": lambda: self.do_report(step.id),
            "open": lambda: self.do_open(detail),
        }
        deeds.get(name, lambda: self._attest(state))()

    def action_attest(self) -> None:
        """Say that the selected step is done."""
        if self.current is self.process and (state := self.process.selected) is not None:
            if state.step.action == "verdict":
                self._verdict(state)
            else:
                self._attest(state)

    def _attest(self, state: StepState) -> None:
        self._ask_attest(state)

    @work(group="prompt")
    async def _ask_attest(self, state: StepState) -> None:
        step = state.step
        if (reason := self.session.possible("attest", step=step.id)) is not None:
            self.say(reason)
            return
        if step.params.get("link"):
            link = await self.app.push_screen_wait(
                Ask(step.title, state.hint, placeholder="https://… the link that shows it")
            )
            if link:
                self.perform("attest", step=step.id, link=link)
            return
        note = await self.app.push_screen_wait(
            Ask(step.title, state.hint, placeholder="a note, if there is something to say", needed=False)
        )
        if note is not None:
            self.perform("attest", step=step.id, **({"note": note} if note else {}))

    def _verdict(self, state: StepState) -> None:
        if not self.barred():
            self._ask_verdict(state)

    @work(group="prompt")
    async def _ask_verdict(self, state: StepState) -> None:
        kinds = self.session.process.words.outage_kinds
        choices = [Choice(f"outage:{kind}", f"An outage: {kind}") for kind in kinds] or [Choice("outage:", "An outage")]
        choices += [
            Choice("not_outage", "Not an outage", "a false alarm, or something smaller"),
            Choice("asked_for_more", "Asked for more", "it couldn't be reproduced; the community is asked"),
        ]
        chosen = await self.app.push_screen_wait(Choose("What is it?", choices, state.hint))
        if chosen is None:
            return
        verdict, _, kind = chosen.partition(":")
        self.perform("attest", step=state.step.id, verdict=verdict, **({"outage_kind": kind} if kind else {}))
        if verdict == "asked_for_more" and self.view.snapshot.tickets:
            self.do_reply(Purpose.NEED_MORE)

    def _false_alarm(self, step: str) -> None:
        """Resolve first, then remove the priority: the other order leaves a phantom P1 on the public status page."""
        facts = self.view.snapshot.pagerduty
        if facts is not None and facts.incident.status == "resolved":
            self.attempt("set_priority", step=step, priority=None)
        else:
            self.do_resolve(step, "False alarm. When it is resolved, the same key removes the priority.")

    @work(group="prompt")
    async def action_set_aside(self) -> None:
        """Override, not applicable or put off, with the reason."""
        state = self.process.selected
        if self.current is not self.process or state is None or self.barred():
            return
        step = state.step
        kind = await self.app.push_screen_wait(Choose("Set aside", ASIDE, step.title))
        if kind is None:
            return
        words = next(choice.text for choice in ASIDE if choice.id == kind)
        reason = await self.app.push_screen_wait(Ask(words, step.title, placeholder="why"))
        if reason:
            self.perform(kind, step=step.id, reason=reason)

    def action_retract(self) -> None:
        """Take back what a person said of the selected step."""
        state = self.process.selected
        if self.current is not self.process or state is None:
            return
        by_person = state.state in {State.OVERRIDDEN, State.NOT_APPLICABLE, State.DEFERRED} or (
            state.state is State.DONE and not state.sensed
        )
        if not by_person:
            self.say("There is nothing to take back: what a service proves follows the service.")
            return
        self.attempt("retract", step=state.step.id)

    def action_next_step(self) -> None:
        """To the step that comes next."""
        self.go_to(self.process)
        self.process.go_to_next()

    def action_evidence(self) -> None:
        """Everything about what is selected."""
        now = self.session.now()
        zone = self.session.settings.local_zone
        if self.current is self.process and (state := self.process.selected) is not None:
            sign, when = signs.of_step(state), evidence_at(state, self.view.snapshot)
            facts = [
                ("state", f"{sign.sign} {sign.word}"),
                ("evidence", state.evidence),
                ("read from", LABELS[state.source] if state.source else ""),
                ("when" if state.at else "read", moments.exactly(when, zone) + f", {moments.ago(when, now)}" if when
                    else ""),
                ("by", state.by or ""),
                ("role", state.step.role),
                ("how", {"sensed": "a service proves it", "attested": "a person says so"}.get(
                    state.step.kind, "a service proves it, or a person says so")),
                ("what", state.hint),
                ("id", state.step.id),
            ]  # fmt: skip
            self.app.push_screen(Detail(state.step.title, facts, state.url))
        elif self.current is self.pagerduty and (entry := self.pagerduty.selected) is not None:
            incident = self.view.snapshot.pagerduty
            facts = [("what", entry.text), ("who", entry.who or ""), ("when", moments.exactly(entry.at, zone))]
            self.app.push_screen(Detail("PagerDuty", facts, incident.incident.url if incident else None))
        elif self.current is self.channel and (message := self.channel.selected) is not None:
            facts = [("who", message.author.name), ("when", moments.exactly(message.at, zone)), ("text", message.text)]
            if message.record is not None:
                facts += [
                    ("action", message.record.kind),
                    ("step", message.record.step or ""),
                    ("id", message.record.id),
                ]
            self.app.push_screen(Detail("Message", facts))
