"""The judgement over a life: the world, the journal, and what the dead had said, held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.engine.auditor import check_journal
from cockpit.engine.desk import JOURNAL
from cockpit.engine.journal import Entry, Journal
from cockpit.engine.view import DeliveryState, Part
from cockpit.incident.facts import Anchor
from cockpit.incident.text import squash

if TYPE_CHECKING:
    from tests.crash.driver import Words

DONE, UNKNOWN = DeliveryState.DONE, DeliveryState.UNKNOWN
Json = Mapping[str, Any]

EFFECTS_IN_LOG = {
    "acknowledge": "acknowledge_log_entry",
    "set_priority": "priority_change_log_entry",
    "declare": "priority_change_log_entry",
    "resolve_incident": "resolve_log_entry",
    "reopen_incident": "reopen_log_entry",
}
"""The line that each of these actions leaves in PagerDuty's log when it changes something."""


@dataclass(slots=True)
class Verdict:
    """How each action ended (`once`, `asks`, `held`, `given up`), by id, and everything that broke a promise."""

    ended: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def judge(folder: Path, words: Words, state: Json) -> Verdict:
    """Compare. Every rule that is broken is a sentence in `violations`."""
    verdict = Verdict(violations=list(words.faults))
    if words.case_key is None:
        return verdict
    journal = Journal(folder / JOURNAL)
    try:
        if journal.notice is not None:
            verdict.violations.append(journal.notice)
        entries = journal.entries(words.case_key)
        case = journal.case(words.case_key)
        draft = journal.draft(words.case_key, "reply:1")
        checked = check_journal(journal, words.case_key, _anchors(state["slack"]["channels"]))
        verdict.violations += [f"audit: {fault}" for fault in checked.faults]
    finally:
        journal.close()
    tickets = {ticket["id"]: ticket for ticket in state["freshdesk"]["tickets"]}
    incidents = {one["id"]: one for one in state["pagerduty"]["incidents"]}
    incident = incidents.get(case.incident_id or "")
    trial = _Trial(entries, words.retried)
    verdict.violations += [
        *trial.lost(words.acted),
        *trial.unsettled(words.settled),
        *trial.notes(state["slack"]["channels"]),
        *trial.replies(tickets),
        *trial.declared(incidents.values()),
        *trial.channels(state["slack"]["channels"]),
        *(trial.incident_notes(incident) if incident else ()),
        *(trial.incident_log(incident) if incident else ()),
        *trial.ticket_statuses(tickets),
        *_draft(words, draft.text if draft else None),
    ]
    verdict.ended = trial.ended()
    return verdict


def _anchors(channels: Sequence[Json]) -> list[Anchor]:
    """What the notes in the channels prove of the audit."""
    payloads = [
        message["metadata"]["event_payload"]
        for channel in channels
        for message in channel["messages"]
        if (message.get("metadata") or {}).get("event_type") == "cockpit_action"
    ]
    return [Anchor(**payload["audit"]) for payload in payloads]


class _Trial:
    """The rules. `retried` are the deliveries that a person sent again: those may be out of order."""

    def __init__(self, entries: Sequence[Entry], retried: set[int]) -> None:
        self._entries = entries
        self._retried = retried

    def _part(self, part: Part, kind: str | None = None) -> list[Entry]:
        return [e for e in self._entries if e.part is part and (kind is None or e.action.kind == kind)]

    def ended(self) -> dict[str, str]:
        """How each action ended: its worst delivery counts."""
        endings: dict[str, str] = {}
        for entry in self._entries:
            ending = "once" if entry.state is DONE else "asks" if entry.asks else "held" if entry.held else "given up"
            if endings.get(entry.action.id, "once") == "once":
                endings[entry.action.id] = ending
        return endings

    def lost(self, acted: Sequence[str]) -> Iterator[str]:
        """What `act` returned is in the journal."""
        known = {entry.action.id for entry in self._entries}
        for action_id in acted:
            if action_id not in known:
                yield f"lost: action {action_id} was journalled and isn't there any more"

    def unsettled(self, settled: object) -> Iterator[str]:
        """Everything ends, or waits for a person."""
        if settled is None:
            yield "the last process didn't end what was open"
        for entry in self._entries:
            waits = entry.asks if entry.state is UNKNOWN else entry.state in (DONE, DeliveryState.REFUSED)
            if not waits:
                yield f"unsettled: {_name(entry)} is {entry.state} ({entry.error})"

    def notes(self, channels: Sequence[Json]) -> Iterator[str]:
        """One message to a note that is done, none to one that isn't, at most one while it asks; in order."""
        posted = [
            message
            for channel in channels
            for message in sorted(channel["messages"], key=lambda one: float(one["ts"]))
            if (message.get("metadata") or {}).get("event_type") == "cockpit_action"
        ]
        ids = [message["metadata"]["event_payload"]["id"] for message in posted]
        counted = Counter(ids)
        notes = self._part(Part.NOTE)
        for entry in notes:
            yield from _count(entry, counted.pop(entry.action.id, 0))
        for action_id, count in counted.items():
            yield f"{count} notes in the channel of action {action_id}, of which the journal knows no note"
        effects = {entry.action.id for entry in self._part(Part.EFFECT) if entry.state is DONE}
        for action_id in effects - {entry.action.id for entry in notes}:
            yield f"the effect of action {action_id} is done and has no note"
        yield from self._in_order(notes, {action_id: place for place, action_id in enumerate(ids)}, "notes")

    def _in_order(self, entries: Sequence[Entry], places: Mapping[str, int], what: str) -> Iterator[str]:
        straight = [
            entry for entry in entries
            if entry.state is DONE and entry.seq not in self._retried and entry.action.id in places
        ]  # fmt: skip
        for earlier, later in zip(straight, straight[1:], strict=False):
            if places[earlier.action.id] > places[later.action.id]:
                yield f"out of order ({what}): {_name(later)} before {_name(earlier)}"

    def replies(self, tickets: Mapping[int, Json]) -> Iterator[str]:
        """As many replies of the same words as were meant; fewer only while one of them asks."""
        places: dict[str, int] = {}
        for number, ticket in tickets.items():
            said = [one for one in ticket["conversations"] if not one["incoming"] and not one["private"]]
            texts = Counter(squash(one["body_text"]) for one in said)
            ours = [e for e in self._part(Part.EFFECT, "reply") if e.action.data["ticket"] == number]
            for text in texts.keys() | {squash(str(e.action.data["body"])) for e in ours}:
                same = [e for e in ours if squash(str(e.action.data["body"])) == text]
                yield from _counts(same, texts[text], f"reply “{text}” on ticket {number}")
            ids = {str(one["id"]): place for place, one in enumerate(said)}
            places |= {e.action.id: ids[c] for e in ours if (c := str(e.outcome.get("conversation"))) in ids}
            claimed = [str(e.outcome["conversation"]) for e in ours if "conversation" in e.outcome]
            if len(claimed) != len(set(claimed)):
                yield f"two actions claim the same reply on ticket {number}"
        yield from self._in_order(self._part(Part.EFFECT, "reply"), places, "replies")

    def incident_notes(self, incident: Json) -> Iterator[str]:
        """As many PagerDuty notes of the same words as were meant."""
        texts = Counter(squash(note["content"]) for note in incident["notes"])
        for text in {squash(str(e.action.data["text"])) for e in self._part(Part.EFFECT, "incident_note")}:
            same = [e for e in self._part(Part.EFFECT, "incident_note") if squash(str(e.action.data["text"])) == text]
            yield from _counts(same, texts[text], f"PagerDuty note “{text}”")

    def incident_log(self, incident: Json) -> Iterator[str]:
        """What we changed, in PagerDuty's own order, is explained by our actions in theirs, each used once."""
        ours = [e for e in self._part(Part.EFFECT) if e.action.kind in EFFECTS_IN_LOG and e.state in (DONE, UNKNOWN)]
        meant = [EFFECTS_IN_LOG[e.action.kind] for e in ours if e.seq not in self._retried]
        retried = sorted(EFFECTS_IN_LOG[e.action.kind] for e in ours if e.seq in self._retried)
        types = [line["type"] for line in incident["log_entries"]]
        first = types.index("assign_log_entry") if "assign_log_entry" in types else 0  # what made it isn't ours
        shown = [kind for kind in types[first + 1 :] if kind in EFFECTS_IN_LOG.values()]
        if not _explained(tuple(shown), tuple(meant), tuple(retried)):
            yield f"PagerDuty's log has {shown}, which {meant} and, sent again, {retried} don't explain"
            return
        changes = [e for e in ours if e.action.kind == "set_priority"]
        if changes and not self._retried & {e.seq for e in ours} and all(e.state is DONE for e in changes):
            wanted, priority = changes[-1].action.data["priority"], (incident["priority"] or {}).get("summary")
            if wanted != priority:
                yield f"the priority is {priority} and was last set to {wanted}"

    def declared(self, incidents: Any) -> Iterator[str]:
        """One incident to a declaration."""
        keys = Counter(one.get("incident_key") for one in incidents)
        for entry in self._part(Part.EFFECT, "declare"):
            yield from _count(entry, keys[f"cockpit-{entry.action.id}"])

    def channels(self, channels: Sequence[Json]) -> Iterator[str]:
        """One channel, if one was opened."""
        made = [channel for channel in channels if "_inc_" in channel["name"]]
        opened = [entry for entry in self._part(Part.EFFECT, "open_channel") if entry.state is DONE]
        if len(made) > 1 or (opened and not made):
            yield f"{len(made)} channels for {len(opened)} openings"

    def ticket_statuses(self, tickets: Mapping[int, Json]) -> Iterator[str]:
        """The ticket is as our last word on it left it."""
        wanted = {"resolve_ticket": 4, "reopen_ticket": 2}
        ours = [e for e in self._part(Part.EFFECT) if e.action.kind in wanted]
        if ours and all(e.state is DONE and e.seq not in self._retried for e in ours):
            shown = tickets[int(ours[-1].action.data["ticket"])]["status"]
            if shown != wanted[ours[-1].action.kind]:
                yield f"the ticket's status is {shown} after {_name(ours[-1])}"


@cache
def _explained(shown: tuple[str, ...], meant: tuple[str, ...], retried: tuple[str, ...]) -> bool:
    """Whether each line is one of those that were meant, in their order, or one that a person sent again, whenever."""
    if not shown:
        return True
    line, rest = shown[0], shown[1:]
    if line in meant and _explained(rest, meant[meant.index(line) + 1 :], retried):
        return True
    if line not in retried:
        return False
    place = retried.index(line)
    return _explained(rest, meant, retried[:place] + retried[place + 1 :])


def _draft(words: Words, kept: str | None) -> Iterator[str]:
    """The draft is the last one that was reported as saved, or the one that was being saved."""
    if words.typed is not None and kept not in (words.typed, words.typing):
        yield f"the draft is {kept!r} and was {words.typed!r}"


def _count(entry: Entry, count: int) -> Iterator[str]:
    yield from _counts([entry], count, _name(entry))


def _counts(entries: Sequence[Entry], count: int, what: str) -> Iterator[str]:
    done = sum(entry.state is DONE for entry in entries)
    most = done + sum(entry.state is UNKNOWN for entry in entries)
    if count > most:
        yield f"doubled: {what} is there {count} times and was meant {most} times"
    if count < done:
        yield f"missing: {what} is there {count} times and {done} are told as done"


def _name(entry: Entry) -> str:
    return f"{entry.part} of {entry.action.kind} {entry.action.id[:8]} (seq {entry.seq})"
