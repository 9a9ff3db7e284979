"""The prose that the facts can write: a start for the person who edits it. What they can't tell is left to the person.

Every sentence says what was read, and blames nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from cockpit.incident.facts import Status
from cockpit.incident.moments import moment, span
from cockpit.incident.report_people import Cast
from cockpit.incident.report_timeline import last_fix, telling_line
from cockpit.incident.report_times import false_alarm, reopenings
from cockpit.incident.report_values import (
    PROSE,
    Cadence,
    Detection,
    Entry,
    EntryKind,
    Impact,
    Line,
    Link,
    Measure,
    Section,
)
from cockpit.incident.sensors.comms import ticket_name
from cockpit.incident.sensors.registry import Context
from cockpit.incident.standing import NOT_OUTAGE, link_of, standing, verdict
from cockpit.incident.text import one_line

_FIXES_TOLD = 8
"""How many fixes the prose tells; the timeline has them all."""


def _quoted(text: str, limit: int) -> str:
    """A text in quotation marks, without the stop at its end."""
    return f"“{one_line(text, limit).rstrip('. ')}”"


class Teller:
    """Writes the prose of one incident out of what was worked out of it."""

    def __init__(
        self,
        ctx: Context,
        *,
        impact: Impact,
        sign: Detection | None,
        measures: tuple[Measure, ...],
        cadence: Cadence | None,
        entries: tuple[Entry, ...],
        people: Cast,
        title: str,
        anonymous: bool,
    ) -> None:
        self.ctx = ctx
        self.impact = impact
        self.sign = sign
        self.measures = {one.name: one for one in measures}
        self.cadence = cadence
        self.entries = list(entries)
        self.people = people
        self.title = title
        self.anonymous = anonymous

    def sections(self) -> tuple[Section, ...]:
        """The prose sections that have something to say, in order."""
        written = {
            "overview": [Line(" ".join(self._overview()))],
            "what_happened": [Line(words) for _, words in sorted(self._what_happened(), key=lambda told: told[0])],
            "resolution": [Line(words) for words in self._resolution()],
            "well": [Line(words) for words in self._well()],
            "badly": [Line(words) for words in self._badly()],
            "actions": list(self._actions()),
        }
        return tuple(
            Section(key, title, tuple(lines), items=key != "overview")
            for key, title in PROSE
            if (lines := [line for line in written.get(key, []) if line.text.strip()])
        )

    def _on(self, at: datetime) -> str:
        """A moment, with its day where that isn't the day on which the impact started."""
        return moment(at, self.impact.start or at)

    def _overview(self) -> Iterator[str]:
        start, end = self.impact.start, self.impact.end
        found = verdict(self.ctx)
        yield f"{self.title.rstrip('.')}."
        if found is not None and found.value == NOT_OUTAGE:
            yield f"It was a false alarm: {found.by} tested it at {self._on(found.at)} and found no outage."
        elif false_alarm(self.ctx):
            priority = self.ctx.process.words.priority
            yield f"It was a false alarm: it was resolved, and its {priority} was taken off afterwards."
        elif start is not None:
            day = f"{start.day} {start:%B %Y}"
            if end is not None:
                yield (
                    f"Users were affected from about {start:%H:%M} UTC on {day} until {self._on(end)}, "
                    f"{span(end - start)} in all."
                )
            else:
                yield f"Users have been affected since about {start:%H:%M} UTC on {day}."
        if found is not None and found.kind:
            yield f"What they saw: {one_line(found.kind, 120)}."
        if len(self.people.communities) > 0:
            names = list(self.people.communities)
            yield f"{'Community' if len(names) == 1 else 'Communities'} affected: {', '.join(names)}."
        if self.sign is not None:
            yield f"We learned of it through {self.sign.words}, at {self._on(self.sign.at)}."

    def _what_happened(self) -> Iterator[tuple[datetime, str]]:
        facts, history = self.ctx.snapshot.pagerduty, self.ctx.incident
        if facts is None or history is None:
            return
        opened = facts.incident.created_at
        yield opened, f"PagerDuty opened incident #{facts.incident.number} at {self._on(opened)}."
        if history.acknowledged:
            first = history.acknowledged[0]
            who = first.agent.name if first.agent else "Somebody"
            yield first.at, f"{who} acknowledged it at {self._on(first.at)}."
        raised = self.measures.get("priority")
        if raised is not None and raised.at is not None:
            yield raised.at, f"It became a {self.ctx.process.words.priority} at {self._on(raised.at)}."
        informed = self.measures.get("inform")
        if informed is not None and informed.at is not None:
            yield informed.at, f"Every community that was known then had heard from us by {self._on(informed.at)}."
        fixes = [entry for entry in self.entries if entry.kind is EntryKind.FIX]
        for entry in fixes[:_FIXES_TOLD]:
            outcome = f" ({entry.outcome})" if entry.outcome else ""
            yield entry.at, f"{self._on(entry.at)}, {entry.who}: {_quoted(entry.what, 200)}{outcome}."
        if len(fixes) > _FIXES_TOLD:
            more = len(fixes) - _FIXES_TOLD
            yield fixes[_FIXES_TOLD].at, f"{more} more {'change is' if more == 1 else 'changes are'} in the timeline."
        for known, at in self.people.leading[1:]:
            yield at, f"{known.name} took over the lead at {self._on(at)}."
        for resolved, again in reopenings(self.ctx):
            yield again, f"Resolved at {self._on(resolved)}, it was opened again at {self._on(again)}."

    def _resolution(self) -> Iterator[str]:
        facts, end = self.ctx.snapshot.pagerduty, self.impact.end
        if facts is None or facts.incident.status is not Status.RESOLVED or end is None:
            return
        history = self.ctx.incident
        resolved = history.resolution if history else None
        if resolved is not None:
            who = resolved.agent.name if resolved.agent else "PagerDuty"
            yield f"{who} resolved it in PagerDuty at {self._on(resolved.at)}."
        place = last_fix(self.entries, resolved.at if resolved else end)
        if place is not None:
            fix = self.entries[place]
            yield f"The last change noted before was at {self._on(fix.at)}, {fix.who}: {_quoted(fix.what, 300)}."
        for entry in self.entries:
            if entry.kind is EntryKind.VERIFIED and not self._undone(entry.at):
                yield f"{entry.who} validated it at {self._on(entry.at)}: {one_line(entry.what, 200).rstrip('.')}."
        fixed = self.entries[place].at if place is not None else end
        for number, ticket in self.ctx.tickets.items():
            last = ticket.incoming[-1] if ticket.incoming else None
            if last is not None and last.at >= fixed:
                quote = "" if self.anonymous else f": {_quoted(telling_line(last.text), 200)}"
                yield f"The last word of {ticket_name(self.ctx, number)} was at {self._on(last.at)}{quote}."

    def _undone(self, at: datetime) -> bool:
        again = self.ctx.reopened_at
        return again is not None and at <= again

    def _goal(self, name: str, did: str) -> tuple[bool | None, str]:
        found = self.measures.get(name)
        if found is None or found.kept is None or found.took is None or found.goal is None:
            return None, ""
        return found.kept, f"{did} took {span(found.took)} (goal {span(found.goal)})."

    def _goals(self, kept: bool) -> Iterator[str]:
        for name, did in (("acknowledge", "Acknowledging"), ("inform", "Telling the communities")):
            held, words = self._goal(name, did)
            if held is kept:
                yield words
        found = self.cadence
        if found is None or not found.due or (found.kept == found.due) is not kept:
            return
        if kept:
            times = "the one" if found.due == 1 else f"all {found.due}"
            within = span(found.interval)
            yield f"The communities heard from us in time: {times} of the updates that were due within {within}."
        elif found.longest is not None:
            updates = f"{found.due - found.kept} of {found.due} update{'s' if found.due > 1 else ''}"
            yield (
                f"{updates} came late: once a community waited {span(found.longest)} "
                f"({found.longest_about}; goal {span(found.interval)})."
            )

    def _well(self) -> Iterator[str]:
        yield from self._goals(True)
        if len(self.people.leading) > 1:
            yield "The lead was handed over while it lasted, so that nobody had to carry it alone."

    def _badly(self) -> Iterator[str]:
        yield from self._goals(False)
        for number in self.ctx.linked if self.impact.end is not None else ():
            told, opened = self.ctx.tickets.get(number), self.ctx.opened_at
            if told is not None and opened is not None and told.told_since(opened) is None:
                yield f"Nothing was written to {ticket_name(self.ctx, number)} while it lasted."
        yield from self._on_nobody()
        for resolved, again in reopenings(self.ctx):
            yield f"It was resolved at {self._on(resolved)} and had to be opened again at {self._on(again)}."
        threaded = self.ctx.channel.threaded if self.ctx.channel else ()
        if threaded:
            lifted = sum(reply.ts in self.ctx.records.lifted for reply in threaded)
            if len(threaded) == 1:
                lifting = "it was lifted into the channel" if lifted else "nobody lifted it into the channel"
                yield f"A message was in a thread, where it is easily missed; {lifting}."
            else:
                yield (
                    f"{len(threaded)} messages were in threads, where they are easily missed; "
                    f"{lifted or 'none'} of them {'was' if lifted == 1 else 'were'} lifted into the channel."
                )

    def _on_nobody(self) -> Iterator[str]:
        """How long it lay with a user who is nobody."""
        facts = self.ctx.snapshot.pagerduty
        if facts is None or not self.people.placeholders:
            return
        names = {name for known in self.people.placeholders for name in known.names}
        log = self.ctx.incident.assigned if self.ctx.incident else ()
        if log and all(person.name in names for person in log[0].assignees):
            moments = [at for _, at in self.people.leading]
            if moments and min(moments) > log[0].at:
                yield f"It lay {span(min(moments) - log[0].at)} with a user of the rota behind whom there is no person."

    def _actions(self) -> Iterator[Line]:
        """What was filed: the links of the steps that need one, but for the report's and the postmortem's."""
        published = {s.params.get("step") for s in self.ctx.process.steps if s.action == "reply:report_link"}
        for step in self.ctx.process.steps:
            if step.action != "attest" or not step.params.get("link") or step.id in published:
                continue
            record = standing(self.ctx, step)
            if record is None or record.kind != "attest" or link_of(record) is None:
                continue
            words = " ".join(str(record.data.get(key) or "") for key in ("link", "note"))
            found = dict.fromkeys(url.rstrip(".,;:!?)]") for url in re.findall(r"https?://[^\s<>\"'|]+", words))
            note = one_line(re.sub(r"https?://\S+", "", str(record.data.get("note") or "")), 300).strip(" :,;–-")
            yield Line(note or step.title, tuple(Link(one_line(url, 100), url) for url in found))
