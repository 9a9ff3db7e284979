"""The kinds of action whose note in the channel is all of them: notes, attestations, links, lifted replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cockpit.engine.actions.kind import ActionKind, Already, Data, Held, Reach
from cockpit.incident.text import bounded, one_line

if TYPE_CHECKING:
    from cockpit.engine.journal import Action
    from cockpit.engine.view import Case, View


class Note(ActionKind):
    """A note in the timeline: what was looked at, tried, found."""

    name = "note"
    title = "write a note in the timeline"
    needs = frozenset({"text"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A note needs words, and fewer than Slack cuts at."""
        text = str(data.get("text", "x"))
        if not text.strip():
            return "A note needs some words."
        if len(text) > LONGEST_NOTE:
            return f"A note holds at most {LONGEST_NOTE:,} characters; this one has {len(text):,}."
        return None

    def words(self, action: Action) -> str:
        """The beginning of the note."""
        return f"note “{one_line(str(action.data['text']), 40)}”"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """The note itself, under a pencil."""
        return f"✎ {action.data['text']}"


LONGEST_NOTE = 2_800
"""Characters. Slack cuts a message at 40,000 and shows long ones folded; a note is meant to be read."""


class _OfStep(ActionKind):
    """A person's word on one step of the checklist."""

    sign: ClassVar[str]
    verb: ClassVar[str]
    word: ClassVar[str] = "note"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """The step must exist; a reason must be given where one is needed."""
        if step is None:
            return None
        if all(known.step.id != step for known in view.assessment.steps):
            return f"This process has no step “{step}”."
        if self.word in self.needs and self.word in data and not str(data[self.word]).strip():
            return "Please give a reason: the report's reader will ask for it."
        return None

    def words(self, action: Action) -> str:
        """The verb and the step."""
        return f"{self.verb.lower()}: {action.data.get('title') or action.step}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """Sign, verb, the step's title and the person's words."""
        title = action.data.get("title") or action.step
        said = one_line(str(action.data.get(self.word) or ""), 500)
        link = str(action.data.get("link") or "")
        return f"{self.sign} {self.verb}: {title}" + (f" — {said}" if said else "") + (f" {link}" if link else "")

    def public(self, action: Action, outcome: Data) -> Data:
        """All of it but the title, which the process knows."""
        return {name: value for name, value in action.data.items() if name != "title"}


class Attest(_OfStep):
    """A person says that a step is done."""

    name = "attest"
    title = "attest that the step is done"
    sign, verb = "●", "Attested"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A sensed step follows the world: it can be overridden, not attested."""
        reason = super().impossible(view, data, step)
        if reason is None and step is not None and view.assessment.step(step).step.kind == "sensed":
            return "This step is read from the service and can't be attested; override it with a reason if you must."
        return reason

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """A verdict is told as one."""
        verdict = action.data.get("verdict")
        if not verdict:
            return super().tell(case, action, outcome)
        kind = action.data.get("outage_kind")
        said = one_line(str(action.data.get("note") or ""), 500)
        return (
            f"● Verdict: {VERDICTS.get(str(verdict), str(verdict))}"
            + (f" ({kind})" if kind else "")
            + (f" — {said}" if said else "")
        )


VERDICTS = {"outage": "it is an outage", "not_outage": "not an outage", "asked_for_more": "asked for more"}
"""The verdicts of validation and how a note tells them."""


class Override(_OfStep):
    """A person moves on although the step isn't done, and says why."""

    name = "override"
    title = "override the step, with a reason"
    needs = frozenset({"reason"})
    sign, verb, word = "⊘", "Overridden", "reason"


class NotApplicable(_OfStep):
    """The step does not apply to this incident; a person says why."""

    name = "not_applicable"
    title = "mark the step as not applicable, with a reason"
    needs = frozenset({"reason"})
    sign, verb, word = "–", "Does not apply", "reason"


class Defer(_OfStep):
    """The step is put off; a person says why."""

    name = "defer"
    title = "put the step off, with a reason"
    needs = frozenset({"reason"})
    sign, verb, word = "◷", "Put off", "reason"


class Retract(_OfStep):
    """A person takes back what was said of a step."""

    name = "retract"
    title = "take back what was said of the step"
    sign, verb = "↶", "Taken back"


class LinkTicket(ActionKind):
    """A ticket of a community belongs to this incident."""

    name = "link_ticket"
    title = "link a ticket to the incident"
    needs = frozenset({"ticket"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A ticket is linked once."""
        ticket = data.get("ticket")
        if ticket is not None and view.snapshot.ticket(int(ticket)) is not None:
            return f"Ticket {ticket} is already linked."
        return None

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"link ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """Which ticket, and no customer's text."""
        return f"⚯ Linked ticket {action.data['ticket']}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The ticket's number."""
        return {"ticket": action.data["ticket"]}


class UnlinkTicket(LinkTicket):
    """A ticket turned out to belong elsewhere."""

    name = "unlink_ticket"
    title = "unlink a ticket from the incident"

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """Only a linked ticket can be unlinked."""
        ticket = data.get("ticket")
        if ticket is not None and view.snapshot.ticket(int(ticket)) is None:
            return f"Ticket {ticket} isn't linked."
        return None

    def words(self, action: Action) -> str:
        """Which ticket."""
        return f"unlink ticket {action.data['ticket']}"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """Which ticket."""
        return f"⚯ Unlinked ticket {action.data['ticket']}"


class Lift(ActionKind):
    """A reply from inside a thread, posted again at top level, where the report can import it."""

    name = "lift"
    title = "lift a thread's reply into the channel"
    needs = frozenset({"ts", "author", "at", "text"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A reply is lifted once, by whichever cockpit."""
        ts = data.get("ts")
        for record in view.snapshot.records:
            if ts is not None and record.kind == "lift" and record.data.get("ts") == ts:
                return f"{record.actor} has lifted this reply already."
        return None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Look in the channel whether another cockpit has lifted it since. Raises `Already` if so."""
        if reach.case.channel_id is None:
            raise Held("There is no channel yet.")
        reply = str(action.data["ts"])
        for message in await reach.slack.history(reach.case.channel_id, oldest=reply):
            record = message.record
            if record is not None and record.kind == self.name and record.data.get("ts") == reply:
                raise Already({"lifted": message.ts})
        return {}

    def words(self, action: Action) -> str:
        """Whose reply."""
        return f"lift {action.data['author']}'s reply"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """The reply with its author and time, quoted."""
        said = bounded(str(action.data["text"]), LONGEST_NOTE)
        return f"↑ From a thread, {action.data['author']} at {action.data['at']}: {said}"

    def public(self, action: Action, outcome: Data) -> Data:
        """The reply's timestamp, by which it counts as lifted."""
        return {"ts": action.data["ts"]}
