"""A note on the PagerDuty incident, which has no idempotency key and is recognised by author and content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.engine.actions.kind import CantTell, Data, Found, Reach, Recognition
from cockpit.engine.actions.logged import OnIncident, is_us
from cockpit.incident.text import one_line, squash

if TYPE_CHECKING:
    from cockpit.engine.journal import Action, Entry
    from cockpit.engine.view import Case, View


class AddIncidentNote(OnIncident):
    """A note on the PagerDuty incident. PagerDuty keeps at most 2,000 of them."""

    name = "incident_note"
    title = "add a note to the PagerDuty incident"
    needs = frozenset({"text"})

    def impossible(self, view: View, data: Data, step: str | None) -> str | None:
        """A note needs words."""
        if reason := super().impossible(view, data, step):
            return reason
        return "A note needs some words." if not str(data.get("text", "x")).strip() else None

    async def prepare(self, reach: Reach, action: Action) -> Data:
        """Which notes are there already."""
        return {"notes": [note.id for note in await reach.pagerduty.notes(reach.incident_id)]}

    async def send(self, reach: Reach, action: Action, baseline: Data) -> Data:
        """One POST."""
        note = await reach.pagerduty.add_note(reach.incident_id, str(action.data["text"]))
        return {"id": note.id}

    async def recognise(self, reach: Reach, entry: Entry) -> Recognition:
        """By author and content among the notes that weren't there before, which no clock can get wrong.

        Absence is no proof: the request may still be on its way.
        """
        before = set(entry.baseline.get("notes", ())) | reach.claimed
        wanted = squash(str(entry.action.data["text"]))
        new = [note for note in await reach.pagerduty.notes(reach.incident_id) if note.id not in before]
        alike = [note for note in new if is_us(reach, note.author) is not False and squash(note.content) == wanted]
        rivals = sum(squash(str(rival.data["text"])) == wanted for rival in reach.rivals)
        if len(alike) > rivals:
            same = f"a note of the same words by {alike[0].author.name} at {alike[0].at:%H:%M} UTC"
            return Found({"id": alike[0].id}, same, certain=False)
        sent = f"You sent “{one_line(wanted, 160)}”."
        if alike:
            return CantTell(f"{sent} PagerDuty shows {len(alike)} such notes for {rivals + 1} that were sent.")
        shown = f"; newest: “{one_line(new[-1].content, 160)}” by {new[-1].author.name}" if new else ""
        return CantTell(f"{sent} PagerDuty shows no such note of yours{shown}.")

    def words(self, action: Action) -> str:
        """The note's beginning."""
        return f"PagerDuty note “{one_line(str(action.data['text']), 40)}”"

    def tell(self, case: Case, action: Action, outcome: Data) -> str:
        """✎ Noted in PagerDuty …"""
        return f"✎ Noted in PagerDuty: {one_line(str(action.data['text']), 1_000)}"
